"""Event patterns: what kinds of texts a search found, how many of each, and when (reference/query-engine.md §6.5).

Mined from a sample, so counts are estimates as soon as there are more events than it holds. Each severity is mined by
itself: what failed and what went well are told apart even when their texts differ in one word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..core.errors import BadRequest
from ..core.limits import PATTERN_SAMPLE_ROWS, PATTERN_TEXT_CHARS_MAX
from ..core.result import Statistics
from ..core.sql import Sql, literal
from ..core.timerange import TimeRange
from ..store import Store
from .draft import select, table
from .drain import Drain
from .events import Events, Scope
from .expression import read_expression
from .run import readable_sql

TREND_BUCKETS = 24
EXAMPLES = 3
NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Example:
    row_id: str
    text: str


@dataclass(slots=True)
class Pattern:
    """`count` and `trend` are estimates; `sampled` are the events seen. `where` finds them, as SQL."""

    template: str
    severity: str
    where: str
    sampled: int
    count: int = 0
    trend: list[int] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Patterns:
    """Most frequent first. Each event of the sample stands for `weight` events; `truncated`: there are more patterns."""

    patterns: list[Pattern]
    expression: str
    total: int
    sampled: int
    weight: float
    truncated: bool
    statistics: Statistics
    warnings: tuple[str, ...]


def find_patterns(
    store: Store, scope: Scope, limit: int, expression: str | None = None, query_id: str | None = None
) -> Patterns:
    """Patterns of a text, by default the source's. Raises BadRequest when it has none, and what Events raises."""
    source = scope.source
    text = (expression or source.body_expression or source.implicit_column_expression or "").strip()
    if not text:
        raise BadRequest("expression: this source has no text of its own; name a column")
    events = Events(store, scope, query_id)
    asked = read_expression(text, events.fields, "expression").sql
    severity_text = source.severity_text_expression or source.status_code_expression
    severity = read_expression(severity_text, events.fields, "severity").sql if severity_text else None
    total = 0 if scope.time_range.empty else events.count()
    rows = _sample(events, asked, severity, total) if total else []
    weight = total / len(rows) if rows else 1.0
    patterns = _mined(events, rows, asked, severity, weight)
    return Patterns(
        patterns=patterns[:limit],
        expression=text,
        total=total,
        sampled=len(rows),
        weight=weight,
        truncated=len(patterns) > limit,
        statistics=events.statistics,
        warnings=events.warnings,
    )


@dataclass(frozen=True, slots=True)
class _Row:
    text: str
    severity: str
    row_id: str
    time_ns: int


def _sample(events: Events, text: Sql, severity: Sql | None, total: int) -> list[_Row]:
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
    return sorted(found, key=lambda row: (row.time_ns, row.row_id))  # so that the same data gives the same patterns


def _mined(events: Events, rows: Sequence[_Row], text: Sql, severity: Sql | None, weight: float) -> list[Pattern]:
    drains: dict[str, Drain] = {}
    members: dict[tuple[str, int], list[_Row]] = {}
    for row in rows:
        cluster = drains.setdefault(row.severity, Drain()).add(row.text)
        members.setdefault((row.severity, id(cluster)), []).append(row)
    clusters = [(of, cluster) for of, drain in drains.items() for cluster in drain.clusters]
    patterns = []
    for of, cluster in sorted(clusters, key=lambda each: (-each[1].size, each[1].template, each[0])):
        of_cluster = members[of, id(cluster)]
        where = cluster.sql(readable_sql(text))
        patterns.append(
            Pattern(
                template=cluster.template,
                severity=of,
                where=f"{where} AND {readable_sql(severity)} = {literal(of)}" if severity else where,
                sampled=cluster.size,
                count=_estimate(cluster.size, weight),
                trend=_trend(of_cluster, events.scope.time_range, weight),
                examples=[Example(row.row_id, row.text) for row in _spread(of_cluster, EXAMPLES)],
            )
        )
    return patterns


def _estimate(sampled: int, weight: float) -> int:
    return max(1, round(sampled * weight))


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
