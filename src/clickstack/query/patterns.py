"""Event patterns: what kinds of texts a search found, how many of each, and when (reference/query-engine.md §6.5).

Mined from a sample, so counts are estimates as soon as there are more events than it holds. Each severity is mined by
itself: what failed and what went well are told apart even when their texts differ in one word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from clickstack.core.errors import BadRequest
from clickstack.core.limits import PATTERN_SAMPLE_ROWS, PATTERN_TEXT_CHARS_MAX, PATTERNS_MAX
from clickstack.core.result import Statistics
from clickstack.core.sql import Sql, literal
from clickstack.core.timerange import TimeRange
from clickstack.store import Store

from .alike import alike
from .draft import select, subquery, table
from .drain import COLOURS, Drain
from .events import Events, Scope, added
from .expression import Expression
from .reader import Reader
from .row_identity import KEY_NAMES
from .run import readable_sql

TREND_BUCKETS = 24
EXAMPLES = 3
NOISE_SHARE = 0.1  # of the events; patterns above it hide the others, as in the reference
NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Example:
    row_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """`count` and `trend` are estimates; `sampled` are the events seen. `where` finds them, as SQL.

    Compared with a baseline, `before` is the estimate there, and `change` the share now ÷ the share then: None for a
    pattern that was not there, 0 for one that is there no more.
    """

    template: str
    severity: str
    where: str
    sampled: int
    count: int
    trend: list[int]
    examples: list[Example]
    before: int | None = None
    change: float | None = None


@dataclass(frozen=True, slots=True)
class Patterns:
    """Most frequent first. Each event of the sample stands for `weight` events; `truncated`: not all are listed."""

    patterns: list[Pattern]
    expression: str
    total: int
    sampled: int
    weight: float
    truncated: bool
    statistics: Statistics
    warnings: tuple[str, ...]


def find_patterns(
    store: Store | Reader,
    scope: Scope,
    limit: int,
    expression: str | None = None,
    baseline: TimeRange | None = None,
    query_id: str | None = None,
) -> Patterns:
    """Patterns of a text, by default the source's; with `baseline`, compared with that time.

    Raises BadRequest when the source has no text, and what Events raises.
    """
    source = scope.source
    text = (expression or source.body_expression or source.implicit_column_expression or "").strip()
    if not text:
        raise BadRequest("expression: this source has no text of its own; name a column")
    events = Events(store, scope, query_id)
    expression_read = events.expression(text, "expression")
    asked = expression_read.sql
    severity_text = source.severity_text_expression or source.status_code_expression
    severity = events.expression(severity_text, "severity").sql if severity_text else None
    now, before = _sample(events, asked, severity), None
    statistics = events.statistics
    if baseline is not None:
        earlier = Events(store, replace(scope, time_range=baseline), query_id)
        before = _sample(earlier, asked, severity)
        statistics = added(statistics, earlier.statistics)
    patterns = _mined(now, before, events, _as_text(expression_read, now, before), severity)
    return Patterns(
        patterns=patterns[:limit],
        expression=text,
        total=now.total,
        sampled=now.size,
        weight=now.weight,
        truncated=len(patterns) > limit,
        statistics=statistics,
        warnings=events.warnings,
    )


@dataclass(frozen=True, slots=True)
class Noise:
    """Patterns that make up much of what was found. `without` leaves each out, as an SQL filter."""

    patterns: list[tuple[Pattern, float]]
    without: list[str]
    statistics: Statistics
    warnings: tuple[str, ...]


def find_noise(
    store: Store | Reader, scope: Scope, expression: str | None = None, query_id: str | None = None
) -> Noise:
    """The patterns with more than NOISE_SHARE of the events, each with its share. Raises what find_patterns raises."""
    found = find_patterns(store, scope, PATTERNS_MAX, expression, None, query_id)
    shares = [(pattern, pattern.sampled / found.sampled) for pattern in found.patterns if found.sampled]
    noisy = [(pattern, share) for pattern, share in shares if share > NOISE_SHARE]
    without = [f"NOT ifNull({pattern.where}, 0)" for pattern, _ in noisy]
    return Noise(noisy, without, found.statistics, found.warnings)


@dataclass(frozen=True, slots=True)
class _Sample:
    """Events in order of time, column by column: a list for each event would keep the garbage collector busy for longer
    than the mining takes. `keys` are the columns of the identity, the time in ns first."""

    texts: list[str]
    severities: list[str]
    keys: list[list[int]]
    total: int

    @property
    def size(self) -> int:
        return len(self.texts)

    @property
    def weight(self) -> float:
        return self.total / self.size if self.size else 1.0

    def share(self, events: int) -> float:
        return events / self.size if self.size else 0.0

    def row_id(self, events: Events, at: int) -> str:
        return events.identity.key([column[at] for column in self.keys]).encode()


def _sample(events: Events, text: Sql, severity: Sql | None) -> _Sample:
    total = 0 if events.scope.time_range.empty else events.count()
    if not total:
        return _Sample([], [], [[]], 0)
    columns = [
        Sql.of("substringUTF8(ifNull(toString(", text, f"), ''), 1, {PATTERN_TEXT_CHARS_MAX}) AS __text"),
        Sql.of("ifNull(toString(", severity or Sql.of("''"), "), '') AS __severity"),
        *events.identity.selected,
    ]
    sample, _ = events.sampled(total, PATTERN_SAMPLE_ROWS)
    keys = KEY_NAMES[: 1 + len(events.identity.columns)]
    tail = [
        f"ORDER BY {', '.join(keys)}",  # so that the same data gives the same patterns
        f"LIMIT {2 * PATTERN_SAMPLE_ROWS}",  # a hash keeps about as many as asked for
    ]
    each = select(columns, table(events.fields), [*events.where(), *sample], tail)
    arrays = [Sql.of(f"groupArray({name})") for name in ("__text", "__severity", *keys)]
    ((texts, severities, *key_columns),) = events.ask(select(arrays, subquery(each), [], [])).rows
    return _Sample(texts, severities, key_columns, total)


def _as_text(of: Expression, *samples: _Sample | None) -> str:
    """What a pattern's filter compares: the text as it was looked at, which is without colours."""
    written = readable_sql(of.sql)
    if of.type is None or of.type.family != "text":
        written = f"toString({written})"
    coloured = any("\x1b" in text for sample in samples if sample for text in sample.texts)
    return f"replaceRegexpAll({written}, {literal(COLOURS)}, '')" if coloured else written


def _mined(now: _Sample, before: _Sample | None, events: Events, text: str, severity: Sql | None) -> list[Pattern]:
    """Both samples go through the same trees, so that a pattern means the same in both."""
    drains: dict[str, Drain] = {}
    earlier: Counter[tuple[str, int]] = Counter()
    members: dict[tuple[str, int], list[int]] = {}
    for cluster, places in _joined(before, drains) if before else ():
        earlier[cluster] += len(places)
    for cluster, places in _joined(now, drains):
        members.setdefault(cluster, []).extend(places)
    patterns = []
    for of, mined in ((of, mined) for of, drain in drains.items() for mined in drain.clusters):
        found = sorted(members.get((of, id(mined)), []))
        then = earlier[of, id(mined)]
        where = mined.sql(text)
        patterns.append(
            Pattern(
                template=mined.template,
                severity=of,
                where=f"{where} AND {readable_sql(severity)} = {literal(of)}" if severity else where,
                sampled=len(found),
                count=_estimate(len(found), now.weight),
                trend=_trend([now.keys[0][at] for at in found], events.scope.time_range, now.weight),
                examples=[Example(now.row_id(events, at), now.texts[at]) for at in _spread(found, EXAMPLES)],
                before=_estimate(then, before.weight) if before else None,
                change=now.share(len(found)) / before.share(then) if before and then else None,
            )
        )
    return sorted(patterns, key=lambda pattern: (-pattern.sampled, pattern.template, pattern.severity))


def _joined(sample: _Sample, drains: dict[str, Drain]) -> Iterator[tuple[tuple[str, int], list[int]]]:
    """The clusters that events joined, with their places in the sample. Drain sees texts that are alike once."""
    by_severity: dict[str, list[int]] = {}
    for at, severity in enumerate(sample.severities):
        by_severity.setdefault(severity, []).append(at)
    for severity, places in by_severity.items():
        drain = drains.setdefault(severity, Drain())
        for each in alike([sample.texts[at] for at in places]):
            cluster = drain.join(each.shape, len(each.members))
            yield (severity, id(cluster)), [places[at] for at in each.members]


def _estimate(sampled: int, weight: float) -> int:
    return max(1, round(sampled * weight)) if sampled else 0


def _trend(times_ns: Sequence[int], time_range: TimeRange, weight: float) -> list[int]:
    """Events in equal parts of the range."""
    start_ns, width_ns = time_range.start_ms * NS_PER_MS, (time_range.end_ms - time_range.start_ms) * NS_PER_MS
    counts = [0] * TREND_BUCKETS
    for time_ns in times_ns:
        counts[min(max((time_ns - start_ns) * TREND_BUCKETS // width_ns, 0), TREND_BUCKETS - 1)] += 1
    return [round(count * weight) for count in counts]


def _spread(places: Sequence[int], wanted: int) -> Sequence[int]:
    """A few from the whole length of a list."""
    step = max(1, len(places) // wanted)
    return places[::step][:wanted]
