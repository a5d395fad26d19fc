"""One trace for the waterfall: a stream of frames (api.stream) whose result is the whole tree."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from clickstack.core.limits import MOMENT_MS_MAX
from clickstack.core.records import Actor
from clickstack.core.source import Source
from clickstack.core.timerange import TimeRange
from clickstack.query.trace import Trace, TraceLog, find_trace
from clickstack.query.tree import Node

from ..context import Services, SignedIn, services
from ..reading import find_source, reader, statistics_wire
from ..stream import stream_query
from ..wire import WireModel

router = APIRouter()

Milliseconds = Annotated[int, Field(ge=0, le=MOMENT_MS_MAX)]


class TraceBody(WireModel):
    """`sourceId` is a trace source, or a log source that names one. The times help only where no index of trace times
    exists. Without `logSourceId` the logs come from the source's own."""

    source_id: str
    trace_id: str = Field(min_length=1, max_length=200)
    log_source_id: str | None = None
    start_time: Milliseconds | None = None
    end_time: Milliseconds | None = None


@router.post("/trace")
def trace(request: Request, actor: SignedIn, body: TraceBody) -> Response:
    here = services(request)
    asked = reader(here, actor)
    spans, logs = _sources(here, actor, body)
    around = None
    if body.start_time is not None and body.end_time is not None:
        around = TimeRange(body.start_time, body.end_time)

    def work(query_id: str) -> dict[str, Any]:
        return _trace_wire(find_trace(asked, spans, body.trace_id.strip(), logs, around, query_id))

    return stream_query(request, here, work)


def _sources(here: Services, actor: Actor, body: TraceBody) -> tuple[Source, Source | None]:
    """Where the spans are, and where the logs are."""
    asked = find_source(here, actor, body.source_id)
    spans = asked
    if asked.kind != "trace" and asked.trace_source_id:
        spans = find_source(here, actor, asked.trace_source_id)
    if body.log_source_id is not None:
        return spans, find_source(here, actor, body.log_source_id)
    if asked.kind == "log":
        return spans, asked
    linked = spans.log_source_id
    return spans, here.metadata.sources.recent(actor.team.id, linked) if linked else None


def _trace_wire(found: Trace) -> dict[str, Any]:
    """Offsets count from `startNs`, which is text: as a number it would lose digits in a browser."""
    return {
        "traceId": found.trace_id,
        "startNs": str(found.start_ns),
        "durationNs": found.end_ns - found.start_ns,
        "spans": [_span_wire(node, found.start_ns) for node in found.nodes],
        "logs": [_log_wire(log, found.start_ns) for log in found.logs],
        "errors": sum(node.span.failed for node in found.nodes),
        "services": _services_wire(found.nodes),
        "spansTruncated": found.spans_cut,
        "logsTruncated": found.logs_cut,
        "statistics": statistics_wire(found.statistics),
    }


def _span_wire(node: Node, start_ns: int) -> dict[str, Any]:
    span = node.span
    return {
        "rowId": span.row_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_id,
        "name": span.name,
        "service": span.service,
        "kind": span.kind,
        "status": span.status,
        "statusMessage": span.status_message,
        "offsetNs": span.start_ns - start_ns,
        "durationNs": span.duration_ns,
        "selfNs": node.self_ns,
        "depth": node.depth,
        "children": node.children,
        "orphan": node.orphan,
        "outsideParent": node.outside,
        "events": [{"name": event.name, "offsetNs": event.time_ns - start_ns} for event in span.events],
    }


def _log_wire(log: TraceLog, start_ns: int) -> dict[str, Any]:
    return {
        "rowId": log.row_id,
        "spanId": log.span_id,
        "service": log.service,
        "severity": log.severity,
        "text": log.text,
        "offsetNs": log.time_ns - start_ns,
    }


def _services_wire(nodes: list[Node]) -> list[dict[str, Any]]:
    """What each service did, the one that took most time itself first."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for node in nodes:
        total = totals[node.span.service]
        total[0] += 1
        total[1] += node.span.failed
        total[2] += node.self_ns
    ranked = sorted(totals.items(), key=lambda item: (-item[1][2], item[0]))
    return [{"name": name, "spans": spans, "errors": errors, "selfNs": self} for name, (spans, errors, self) in ranked]
