"""How requests become rows: for each table, the structure of the messages to read and the SELECT over them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

from .signals import EXPONENTIAL_HISTOGRAM, GAUGE, HISTOGRAM, LOG, SESSION, SPAN, SUM, SUMMARY, SignalName
from .structures import LOGS, METRICS, SPANS


@dataclass(frozen=True, slots=True)
class Projection:
    """One table's rows out of a segment. `kind` is the bit of `signals` a segment must have for it."""

    kind: int
    table: str
    columns: tuple[str, ...]
    select: str
    structure: str
    proto: str


def _projection(proto: str, kind: int, table: str, file: str, structure: str, columns: str) -> Projection:
    messages = _read("common.proto") + _read(proto)
    return Projection(kind, table, tuple(columns.split()), _sql(file), structure, messages)


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(f"sql/{name}").read_text()


_INCLUDE = re.compile(r"\{(\w+)\}")


def _sql(name: str) -> str:
    """The text of `sql/<name>.sql` with the files named in braces in their places; `{input}` is left for the store."""
    text = _read(f"{name}.sql").strip()
    return _INCLUDE.sub(lambda match: match[0] if match[1] == "input" else _sql(match[1]), text)


_RECORD = (
    "Timestamp TraceId SpanId TraceFlags SeverityText SeverityNumber ServiceName Body ResourceSchemaUrl "
    "ResourceAttributes ScopeSchemaUrl ScopeName ScopeVersion ScopeAttributes LogAttributes"
)
_SPAN = (
    "Timestamp TraceId SpanId ParentSpanId TraceState SpanName SpanKind ServiceName ResourceSchemaUrl "
    "ResourceAttributes ScopeSchemaUrl ScopeName ScopeVersion ScopeAttributes SpanAttributes Duration StatusCode "
    "StatusMessage Flags DroppedAttributesCount DroppedEventsCount DroppedLinksCount Events.Timestamp Events.Name "
    "Events.Attributes Links.TraceId Links.SpanId Links.TraceState Links.Attributes"
)
_POINT = (
    "ResourceAttributes ResourceSchemaUrl ScopeName ScopeVersion ScopeAttributes ScopeDroppedAttrCount ScopeSchemaUrl "
    "ServiceName MetricName MetricDescription MetricUnit Attributes SeriesHash StartTimeUnix TimeUnix"
)
_EXEMPLARS = "Exemplars.FilteredAttributes Exemplars.TimeUnix Exemplars.Value Exemplars.SpanId Exemplars.TraceId"
_EXPONENTIAL = "Scale ZeroCount PositiveOffset PositiveBucketCounts NegativeOffset NegativeBucketCounts"
_NUMBER = f"{_POINT} Value Flags {_EXEMPLARS}"

# kind, file (and the end of the table's name), columns
_METRICS = (
    (GAUGE, "gauge", _NUMBER),
    (SUM, "sum", f"{_NUMBER} AggregationTemporality IsMonotonic"),
    (
        HISTOGRAM,
        "histogram",
        f"{_POINT} Count Sum BucketCounts ExplicitBounds {_EXEMPLARS} Flags Min Max AggregationTemporality",
    ),
    (
        EXPONENTIAL_HISTOGRAM,
        "exponential_histogram",
        f"{_POINT} Count Sum {_EXPONENTIAL} {_EXEMPLARS} Flags Min Max AggregationTemporality",
    ),
    (SUMMARY, "summary", f"{_POINT} Count Sum ValueAtQuantiles.Quantile ValueAtQuantiles.Value Flags"),
)

PROJECTIONS: dict[SignalName, tuple[Projection, ...]] = {
    "logs": (
        _projection("logs.proto", LOG, "otel_logs", "logs", LOGS, f"{_RECORD} EventName"),
        _projection("logs.proto", SESSION, "hyperdx_sessions", "sessions", LOGS, _RECORD),
    ),
    "traces": (_projection("traces.proto", SPAN, "otel_traces", "spans", SPANS, _SPAN),),
    "metrics": tuple(
        _projection("metrics.proto", kind, f"otel_metrics_{name}", name, METRICS[name], columns)
        for kind, name, columns in _METRICS
    ),
}
