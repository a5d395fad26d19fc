"""A source as v2 shows it: the fields of its kind, in the contract's spelling (reference/api-v2.md §10.1, §10.2)."""

from __future__ import annotations

import re
from typing import Any

from clickstack.core.source import Source, SourceKind

_COMMON = (
    "id",
    "name",
    "kind",
    "connection",
    "from",
    "section",
    "disabled",
    "querySettings",
    "timestampValueExpression",
)

_EVENTS = (  # log and trace
    "defaultTableSelectExpression displayedTimestampValueExpression implicitColumnExpression "
    "useTextIndexForImplicitColumn knownColumnsListExpression orderByExpression serviceNameExpression "
    "serviceVersionExpression eventAttributesExpression resourceAttributesExpression traceIdExpression "
    "spanIdExpression metricSourceId highlightedTraceAttributeExpressions highlightedRowAttributeExpressions "
    "materializedViews metadataMaterializedViews"
).split()

FIELDS: dict[SourceKind, tuple[str, ...]] = {
    "log": (
        *_COMMON,
        *_EVENTS,
        *"severityTextExpression bodyExpression tableFilterExpression traceSourceId".split(),
    ),
    "trace": (
        *_COMMON,
        *_EVENTS,
        *(
            "durationExpression durationPrecision parentSpanIdExpression spanNameExpression spanKindExpression "
            "statusCodeExpression statusMessageExpression sampleRateExpression spanEventsValueExpression "
            "spanLinksValueExpression logSourceId sessionSourceId"
        ).split(),
    ),
    "session": (*_COMMON, "traceSourceId", "resourceAttributesExpression"),
    "metric": (
        *_COMMON,
        *"metricTables resourceAttributesExpression serviceNameExpression logSourceId seriesTable".split(),
    ),
    "promql": _COMMON,
}

# What is shown even when it is unset.
ALWAYS: dict[SourceKind, dict[str, Any]] = {
    "log": {
        "highlightedTraceAttributeExpressions": [],
        "highlightedRowAttributeExpressions": [],
        "materializedViews": [],
    },
    "trace": {
        "durationPrecision": 3,
        "highlightedTraceAttributeExpressions": [],
        "highlightedRowAttributeExpressions": [],
        "materializedViews": [],
    },
}


def source_wire(source: Source) -> dict[str, Any]:
    """Absent optionals are omitted; granularities are short (`15m`)."""
    stored = {**ALWAYS.get(source.kind, {}), **source.to_wire()}
    wire = {key: stored[key] for key in FIELDS[source.kind] if key in stored}
    if "materializedViews" in wire:
        wire["materializedViews"] = [_shorten(view, "minGranularity") for view in wire["materializedViews"]]
    if "metadataMaterializedViews" in wire:
        wire["metadataMaterializedViews"] = _shorten(wire["metadataMaterializedViews"], "granularity")
    return wire


_IN_WORDS = re.compile(r"(\d+) (second|minute|hour|day)s?")


def _shorten(view: dict[str, Any], key: str) -> dict[str, Any]:
    """The view with its granularity as number and letter.

    >>> _shorten({"granularity": "15 minute"}, "granularity")
    {'granularity': '15m'}
    """
    match = _IN_WORDS.fullmatch(str(view.get(key, "")))
    return {**view, key: match[1] + match[2][0]} if match else view
