"""What analysing asks: patterns, deltas, the heatmap. Answers are streams of frames (api.stream)."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import StreamingResponse

from clickstack.core.chart import Filter, Language
from clickstack.core.errors import BadRequest
from clickstack.core.limits import DELTAS_DEFAULT, DELTAS_MAX, HEATMAP_ROWS_MAX, PATTERNS_DEFAULT, PATTERNS_MAX
from clickstack.core.timerange import TimeRange
from clickstack.query.contrast import Delta
from clickstack.query.deltas import Group, GroupSize, find_deltas
from clickstack.query.heatmap import find_heatmap
from clickstack.query.patterns import Pattern, find_patterns

from ..context import SignedIn, services
from ..stream import stream_query
from ..wire import WireModel
from .explore import Milliseconds, ScopeBody, Text
from .search import statistics_wire

router = APIRouter(prefix="/explore")


class TimeBody(WireModel):
    start_time: Milliseconds
    end_time: Milliseconds


class GroupBody(WireModel):
    """Some of the events of the request: by a filter, by a time within its range, or by both."""

    where: Text = ""
    where_language: Language = "lucene"
    start_time: Milliseconds | None = None
    end_time: Milliseconds | None = None

    def group(self, name: str) -> Group:
        """Raises BadRequest when only one end of the time is given."""
        if (self.start_time is None) != (self.end_time is None):
            raise BadRequest(f"{name}: give both startTime and endTime, or neither")
        known = self.start_time is not None and self.end_time is not None
        time_range = TimeRange(self.start_time or 0, self.end_time or 0) if known else None
        return Group(Filter(self.where, self.where_language), time_range)


class PatternsBody(ScopeBody):
    """`baseline` is an earlier time to compare with."""

    expression: Text | None = None
    baseline: TimeBody | None = None
    limit: int = Field(default=PATTERNS_DEFAULT, ge=1, le=PATTERNS_MAX)


class DeltasBody(ScopeBody):
    target: GroupBody
    baseline: GroupBody | None = None
    limit: int = Field(default=DELTAS_DEFAULT, ge=1, le=DELTAS_MAX)


class HeatmapBody(ScopeBody):
    expression: Text | None = None
    scale: Literal["log", "linear"] = "log"
    rows: int = Field(default=80, ge=1, le=HEATMAP_ROWS_MAX)


@router.post("/patterns")
def patterns(request: Request, actor: SignedIn, body: PatternsBody) -> StreamingResponse:
    here = services(request)
    scope = body.scope(here, actor)
    baseline = TimeRange(body.baseline.start_time, body.baseline.end_time) if body.baseline else None

    def work(query_id: str) -> dict[str, Any]:
        found = find_patterns(here.store, scope, body.limit, body.expression, baseline, query_id)
        return {
            "patterns": [_pattern_wire(pattern) for pattern in found.patterns],
            "expression": found.expression,
            "total": found.total,
            "sampled": found.sampled,
            "weight": found.weight,
            "estimated": found.sampled < found.total,
            "truncated": found.truncated,
            "statistics": statistics_wire(found.statistics),
            "warnings": list(found.warnings),
        }

    return stream_query(request, here, work)


@router.post("/deltas")
def deltas(request: Request, actor: SignedIn, body: DeltasBody) -> StreamingResponse:
    here = services(request)
    scope = body.scope(here, actor)
    target = body.target.group("target")
    baseline = body.baseline.group("baseline") if body.baseline else None

    def work(query_id: str) -> dict[str, Any]:
        found = find_deltas(here.store, scope, target, baseline, body.limit, query_id)
        return {
            "deltas": [_delta_wire(delta) for delta in found.deltas],
            "target": _size_wire(found.target),
            "baseline": _size_wire(found.baseline),
            "truncated": found.truncated,
            "statistics": statistics_wire(found.statistics),
            "warnings": list(found.warnings),
        }

    return stream_query(request, here, work)


@router.post("/heatmap")
def heatmap(request: Request, actor: SignedIn, body: HeatmapBody) -> StreamingResponse:
    here = services(request)
    scope = body.scope(here, actor)

    def work(query_id: str) -> dict[str, Any]:
        found = find_heatmap(here.store, scope, body.rows, body.scale, body.expression, query_id)
        return {
            "granularityS": found.granularity_s,
            "starts": found.starts_ms,
            "bounds": found.bounds,
            "cells": found.cells,
            "total": found.total,
            "expression": found.expression,
            "statistics": statistics_wire(found.statistics),
            "warnings": list(found.warnings),
        }

    return stream_query(request, here, work)


def _pattern_wire(pattern: Pattern) -> dict[str, Any]:
    """`where` is SQL: the filter that finds the pattern's events."""
    return {
        "pattern": pattern.template,
        "severity": pattern.severity,
        "where": pattern.where,
        "count": pattern.count,
        "sampled": pattern.sampled,
        "before": pattern.before,
        "change": pattern.change,
        "trend": pattern.trend,
        "examples": [{"rowId": example.row_id, "text": example.text} for example in pattern.examples],
    }


def _delta_wire(delta: Delta) -> dict[str, Any]:
    return {
        "name": delta.name,
        "kind": delta.kind,
        "score": round(delta.score, 3),
        "chance": delta.chance,
        "significant": delta.significant,
        "minor": delta.minor,
        "targetEvents": delta.target_events,
        "baselineEvents": delta.baseline_events,
        "values": [
            {"value": share.value, "target": round(share.target, 3), "baseline": round(share.baseline, 3)}
            for share in delta.shares
        ],
    }


def _size_wire(size: GroupSize) -> dict[str, int]:
    return {"total": size.total, "sampled": size.sampled}
