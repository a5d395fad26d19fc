"""Event patterns: what kinds of texts a search found, how many of each, and when (reference/query-engine.md §6.5).

Mined from a sample, so counts are estimates as soon as there are more events than it holds. Each severity is mined by
itself: what failed and what went well are told apart even when their texts differ in one word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clickstack.core.errors import BadRequest
from clickstack.core.limits import PATTERN_SAMPLE_ROWS, PATTERN_TEXT_CHARS_MAX, PATTERNS_MAX
from clickstack.core.result import Statistics
from clickstack.core.sql import Sql, literal
from clickstack.core.timerange import TimeRange
from clickstack.store import Store

from .draft import select, table
from .drain import Drain
from .events import Events, Scope, added
from .expression import read_expression
from .reader import Reader
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
    asked = read_expression(text, events.fields, "expression").sql
    severity_text = source.severity_text_expression or source.status_code_expression
    severity = read_expression(severity_text, events.fields, "severity").sql if severity_text else None
    now, before = _sample(events, asked, severity), None
    statistics = events.statistics
    if baseline is not None:
        earlier = Events(store, replace(scope, time_range=baseline), query_id)
        before = _sample(earlier, asked, severity)
        statistics = added(statistics, earlier.statistics)
    patterns = _mined(now, before, scope.time_range, asked, severity)
    return Patterns(
        patterns=patterns[:limit],
        expression=text,
        total=now.total,
        sampled=len(now.rows),
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
class _Row:
    text: str
    severity: str
    row_id: str
    time_ns: int


@dataclass(frozen=True, slots=True)
class _Sample:
    rows: list[_Row]
    total: int

    @property
    def weight(self) -> float:
        return self.total / len(self.rows) if self.rows else 1.0

    def share(self, events: int) -> float:
        return events / len(self.rows) if self.rows else 0.0


def _sample(events: Events, text: Sql, severity: Sql | None) -> _Sample:
    total = 0 if events.scope.time_range.empty else events.count()
    if not total:
        return _Sample([], 0)
    columns = [
        Sql.of("substringUTF8(ifNull(toString(", text, f"), ''), 1, {PATTERN_TEXT_CHARS_MAX}) AS __text"),
        Sql.of("ifNull(toString(", severity or Sql.of("''"), "), '') AS __severity"),
        *events.identity.selected,
    ]
    sample, _ = events.sampled(total, PATTERN_SAMPLE_ROWS)
    limit = f"LIMIT {2 * PATTERN_SAMPLE_ROWS}"  # a hash keeps about as many as asked for
    rows = events.ask(select(columns, table(events.fields), [*events.where(), *sample], [limit])).rows
    keys = [events.identity.key(row) for row in rows]
    found = [_Row(row[0], row[1], key.encode(), key.time_ns) for row, key in zip(rows, keys, strict=True)]
    found.sort(key=lambda row: (row.time_ns, row.row_id))  # so that the same data gives the same patterns
    return _Sample(found, total)


def _mined(
    now: _Sample, before: _Sample | None, time_range: TimeRange, text: Sql, severity: Sql | None
) -> list[Pattern]:
    """Both samples go through the same trees, so that a pattern means the same in both."""
    drains: dict[str, Drain] = {}
    earlier: Counter[tuple[str, int]] = Counter()
    members: dict[tuple[str, int], list[_Row]] = {}
    for row in before.rows if before else []:
        earlier[row.severity, id(drains.setdefault(row.severity, Drain()).add(row.text))] += 1
    for row in now.rows:
        cluster = drains.setdefault(row.severity, Drain()).add(row.text)
        members.setdefault((row.severity, id(cluster)), []).append(row)
    patterns = []
    for of, cluster in ((of, cluster) for of, drain in drains.items() for cluster in drain.clusters):
        rows, then = members.get((of, id(cluster)), []), earlier[of, id(cluster)]
        where = cluster.sql(readable_sql(text))
        patterns.append(
            Pattern(
                template=cluster.template,
                severity=of,
                where=f"{where} AND {readable_sql(severity)} = {literal(of)}" if severity else where,
                sampled=len(rows),
                count=_estimate(len(rows), now.weight),
                trend=_trend(rows, time_range, now.weight),
                examples=[Example(row.row_id, row.text) for row in _spread(rows, EXAMPLES)],
                before=_estimate(then, before.weight) if before else None,
                change=now.share(len(rows)) / before.share(then) if before and then else None,
            )
        )
    return sorted(patterns, key=lambda pattern: (-pattern.sampled, pattern.template, pattern.severity))


def _estimate(sampled: int, weight: float) -> int:
    return max(1, round(sampled * weight)) if sampled else 0


def _trend(rows: Sequence[_Row], time_range: TimeRange, weight: float) -> list[int]:
    """Events in equal parts of the range."""
    counts = [0] * TREND_BUCKETS
    start_ns, width_ns = time_range.start_ms * NS_PER_MS, (time_range.end_ms - time_range.start_ms) * NS_PER_MS
    for row in rows:
        counts[min(max((row.time_ns - start_ns) * TREND_BUCKETS // width_ns, 0), TREND_BUCKETS - 1)] += 1
    return [round(count * weight) for count in counts]


def _spread(rows: Sequence[_Row], wanted: int) -> list[_Row]:
    """A few rows from the whole length of a list."""
    step = max(1, len(rows) // wanted)
    return list(rows[::step][:wanted])
