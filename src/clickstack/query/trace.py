"""One trace: its spans as a tree, and the logs that belong to it (reference/ui.md §6.4).

A table of trace ids and their times, when the span table has one beside it (`…_trace_id_ts`), tells where to look; else
the id's index has to do. What is over the limits is cut, the latest first, and the cut is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clickstack.core.errors import BadQuery, BadRequest, NotFound
from clickstack.core.limits import TRACE_EVENTS_MAX, TRACE_LOG_CHARS_MAX, TRACE_LOGS_MAX, TRACE_SPANS_MAX
from clickstack.core.result import Statistics
from clickstack.core.source import Source
from clickstack.core.sql import Param, Sql, ident
from clickstack.core.timerange import TimeRange
from clickstack.store import Store

from .draft import select, table
from .events import Events, Scope, added
from .reader import Reader, reader_of
from .tree import Node, Span, SpanEvent, tree

EVERYWHEN = TimeRange(0, 4_102_444_800_000)  # to the year 2100, before any 32-bit time ends
LOGS_MARGIN_MS = 60_000  # logs may be written before the first span begins and after the last ends
NS_PER_MS = 1_000_000
_TIME_COLUMNS = {"TraceId", "Start", "End"}


@dataclass(frozen=True, slots=True)
class TraceLog:
    """A log of the trace; `text` is cut, the whole is in its row."""

    row_id: str
    span_id: str
    service: str
    severity: str
    text: str
    time_ns: int


@dataclass(frozen=True, slots=True)
class Trace:
    """Spans in the order of the tree, logs in the order of time. `…_cut`: there are more than these."""

    trace_id: str
    start_ns: int
    end_ns: int
    nodes: list[Node]
    logs: list[TraceLog]
    spans_cut: bool
    logs_cut: bool
    statistics: Statistics


def find_trace(
    store: Store | Reader,
    source: Source,
    trace_id: str,
    log_source: Source | None = None,
    around: TimeRange | None = None,
    query_id: str | None = None,
) -> Trace:
    """`around` bounds the search where no table of trace times does. Raises NotFound, BadRequest."""
    if source.kind != "trace":
        raise BadRequest(f"{source.name} is not a trace source")
    when = _when(store, source, trace_id, query_id) or around or EVERYWHEN
    spans, events = _spans(store, source, trace_id, when, query_id)
    statistics, logs = events.statistics, list[TraceLog]()
    if log_source is not None:
        near = _near(spans[:TRACE_SPANS_MAX]) if spans else when
        logs, log_events = _logs(store, log_source, trace_id, near, query_id)
        statistics = added(statistics, log_events.statistics)
    if not spans and not logs:
        raise NotFound("There is no span and no log with this trace id.")
    kept, kept_logs = spans[:TRACE_SPANS_MAX], logs[:TRACE_LOGS_MAX]
    begins = [span.start_ns for span in kept] or [log.time_ns for log in kept_logs]
    ends = [span.end_ns for span in kept] or [log.time_ns for log in kept_logs]
    return Trace(
        trace_id=trace_id,
        start_ns=min(begins),
        end_ns=max(ends),
        nodes=tree(kept),
        logs=kept_logs,
        spans_cut=len(spans) > TRACE_SPANS_MAX,
        logs_cut=len(logs) > TRACE_LOGS_MAX,
        statistics=statistics,
    )


def _when(store: Store | Reader, source: Source, trace_id: str, query_id: str | None) -> TimeRange | None:
    """When the trace's spans began, whole seconds; None when nobody noted it."""
    name = f"{source.table_name}_trace_id_ts"
    try:
        schema = store.catalog.table(source.database_name, name)
    except BadQuery:  # most foreign tables have none
        return None
    if not {column.name for column in schema.columns} >= _TIME_COLUMNS:
        return None
    columns = [Sql.of(f"toUnixTimestamp({edge})") for edge in ("min(Start)", "max(End)")]
    where = [Sql.of("TraceId = ", Param(trace_id, "String"))]
    sql = select([*columns, Sql.of("count()")], Sql.of(f"{ident(schema.database)}.{ident(schema.table)}"), where, [])
    ((start_s, end_s, rows),) = reader_of(store).query(sql, source, query_id).rows
    return TimeRange(start_s * 1000, (end_s + 1) * 1000) if rows else None


def _spans(
    store: Store | Reader, source: Source, trace_id: str, when: TimeRange, query_id: str | None
) -> tuple[list[Span], Events]:
    events = Events(store, Scope(source, when), query_id)
    texts = [
        source.span_id_expression,
        source.parent_span_id_expression,
        source.span_name_expression,
        source.service_name_expression,
        source.span_kind_expression,
        source.status_code_expression,
        source.status_message_expression,
    ]
    names, times = _span_events(events, source)
    columns = [*(_text(events, text) for text in texts), _duration_ns(events, source), names, times]
    rows = _of_trace(events, source, trace_id, columns, TRACE_SPANS_MAX)
    spans = []
    for row in rows:
        span_id, parent_id, name, service, kind, status, message, duration_ns, event_names, event_times = row[:10]
        key = events.identity.key(row)
        of_span = tuple(map(SpanEvent, event_names, event_times))
        spans.append(
            Span(
                key.encode(),
                span_id,
                parent_id,
                name,
                service,
                kind,
                status,
                message,
                key.time_ns,
                duration_ns,
                of_span,
            )
        )
    return spans, events


def _logs(
    store: Store | Reader, source: Source, trace_id: str, when: TimeRange, query_id: str | None
) -> tuple[list[TraceLog], Events]:
    events = Events(store, Scope(source, when), query_id)
    body = _text(events, source.body_expression or source.implicit_column_expression)
    texts = [source.span_id_expression, source.service_name_expression, source.severity_text_expression]
    columns = [*(_text(events, text) for text in texts), Sql.of("substringUTF8(", body, f", 1, {TRACE_LOG_CHARS_MAX})")]
    logs = []
    for row in _of_trace(events, source, trace_id, columns, TRACE_LOGS_MAX):
        span_id, service, severity, text = row[:4]
        key = events.identity.key(row)
        logs.append(TraceLog(key.encode(), span_id, service, severity, text, key.time_ns))
    return logs, events


def _of_trace(events: Events, source: Source, trace_id: str, columns: list[Sql], rows_max: int) -> list[list[Any]]:
    """The rows of a trace in order of time, one more than `rows_max` when there are more."""
    if not source.trace_id_expression:
        raise BadRequest(f"{source.name} has no traceIdExpression: set it in the source")
    trace = events.expression(source.trace_id_expression, "traceIdExpression").sql
    named = [Sql.of(column, f" AS __{at}") for at, column in enumerate(columns)]
    sql = select(
        [*named, *events.identity.selected],
        table(events.fields),
        [Sql.of(trace, " = ", Param(trace_id, "String")), *events.where()],
        [Sql.of("ORDER BY ", events.times.finest.sql), f"LIMIT {rows_max + 1}"],
    )
    return events.ask(sql).rows


def _text(events: Events, expression: str | None) -> Sql:
    if not expression or not expression.strip():
        return Sql.of("''")
    return Sql.of("ifNull(toString(", events.expression(expression, "source").sql, "), '')")


def _duration_ns(events: Events, source: Source) -> Sql:
    if not source.duration_expression:
        return Sql.of("toInt64(0)")
    duration = events.expression(source.duration_expression, "durationExpression").sql
    factor = 10 ** (9 - (source.duration_precision if source.duration_precision is not None else 9))
    return Sql.of("greatest(toInt64(ifNull(", duration, f", 0) * {factor}), 0)")


def _span_events(events: Events, source: Source) -> tuple[Sql, Sql]:
    """The names and times of a span's events, when the source keeps them as nested columns."""
    nested = source.span_events_value_expression or ""
    names, times = (events.fields.schema.column(f"{nested}.{part}") for part in ("Name", "Timestamp"))
    if names is None or times is None:
        return Sql.of("emptyArrayString()"), Sql.of("emptyArrayInt64()")
    return (
        Sql.of(f"arraySlice(arrayMap(x -> toString(x), {ident(names.name)}), 1, {TRACE_EVENTS_MAX})"),
        Sql.of(
            f"arraySlice(arrayMap(x -> toUnixTimestamp64Nano(toDateTime64(x, 9)), {ident(times.name)}), "
            f"1, {TRACE_EVENTS_MAX})"
        ),
    )


def _near(spans: list[Span]) -> TimeRange:
    start_ns, end_ns = min(span.start_ns for span in spans), max(span.end_ns for span in spans)
    return TimeRange(max(0, start_ns // NS_PER_MS - LOGS_MARGIN_MS), end_ns // NS_PER_MS + 1 + LOGS_MARGIN_MS)
