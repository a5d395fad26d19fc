"""What analysing asks: patterns, deltas, the heatmap."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from clickstack.core.chart import Filter, Language
from clickstack.core.limits import DELTAS_DEFAULT, DELTAS_MAX, HEATMAP_ROWS_MAX, PATTERNS_DEFAULT, PATTERNS_MAX
from clickstack.core.timerange import TimeRange
from clickstack.query import Reader
from clickstack.query.contrast import Delta
from clickstack.query.deltas import Deltas, Group, GroupSize, find_deltas
from clickstack.query.events import Scope
from clickstack.query.heatmap import Heatmap, find_heatmap
from clickstack.query.patterns import Noise, Pattern, Patterns, find_noise, find_patterns

from ..wire import WireModel
from .exploring import Milliseconds, Route, ScopeBody, Text, explore_router


class TimeBody(WireModel):
    start_time: Milliseconds
    end_time: Milliseconds


class GroupBody(WireModel):
    """Some of the events of the request: by a filter, by a time within its range, or by both."""

    where: Text = ""
    where_language: Language = "lucene"
    start_time: Milliseconds | None = None
    end_time: Milliseconds | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.start_time is None) != (self.end_time is None):
            raise ValueError("give both startTime and endTime, or neither")
        return self

    @property
    def group(self) -> Group:
        where = Filter(self.where, self.where_language)
        if self.start_time is None or self.end_time is None:
            return Group(where)
        return Group(where, TimeRange(self.start_time, self.end_time))


class PatternsBody(ScopeBody):
    """`baseline` is an earlier time to compare with."""

    expression: Text | None = None
    baseline: TimeBody | None = None
    limit: int = Field(default=PATTERNS_DEFAULT, ge=1, le=PATTERNS_MAX)


class NoiseBody(ScopeBody):
    expression: Text | None = None


class DeltasBody(ScopeBody):
    target: GroupBody
    baseline: GroupBody | None = None
    limit: int = Field(default=DELTAS_DEFAULT, ge=1, le=DELTAS_MAX)


class HeatmapBody(ScopeBody):
    """`count_expression` is an aggregate that cells show instead of their number of events."""

    expression: Text | None = None
    count_expression: Text | None = None
    scale: Literal["log", "linear"] = "log"
    rows: int = Field(default=80, ge=1, le=HEATMAP_ROWS_MAX)


def _patterns(reader: Reader, scope: Scope, body: PatternsBody, query_id: str) -> Patterns:
    baseline = TimeRange(body.baseline.start_time, body.baseline.end_time) if body.baseline else None
    return find_patterns(reader, scope, body.limit, body.expression, baseline, query_id)


def _noise(reader: Reader, scope: Scope, body: NoiseBody, query_id: str) -> Noise:
    return find_noise(reader, scope, body.expression, query_id)


def _deltas(reader: Reader, scope: Scope, body: DeltasBody, query_id: str) -> Deltas:
    baseline = body.baseline.group if body.baseline else None
    return find_deltas(reader, scope, body.target.group, baseline, body.limit, query_id)


def _heatmap(reader: Reader, scope: Scope, body: HeatmapBody, query_id: str) -> Heatmap:
    return find_heatmap(reader, scope, body.rows, body.scale, body.expression, query_id, body.count_expression)


def _patterns_wire(found: Patterns) -> dict[str, Any]:
    return {
        "patterns": [_pattern_wire(pattern) for pattern in found.patterns],
        "expression": found.expression,
        "total": found.total,
        "sampled": found.sampled,
        "weight": found.weight,
        "estimated": found.sampled < found.total,
        "truncated": found.truncated,
    }


def _noise_wire(found: Noise) -> dict[str, Any]:
    """`without` are SQL filters: a search with all of them shows the rest."""
    return {
        "patterns": [{**_pattern_wire(pattern), "share": round(share, 4)} for pattern, share in found.patterns],
        "without": found.without,
    }


def _deltas_wire(found: Deltas) -> dict[str, Any]:
    return {
        "deltas": [_delta_wire(delta) for delta in found.deltas],
        "target": _size_wire(found.target),
        "baseline": _size_wire(found.baseline),
        "truncated": found.truncated,
    }


def _heatmap_wire(found: Heatmap) -> dict[str, Any]:
    return {
        "granularityS": found.granularity_s,
        "starts": found.starts_ms,
        "bounds": found.bounds,
        "cells": found.cells,
        "total": found.total,
        "expression": found.expression,
    }


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


router = explore_router(
    (
        Route("/patterns", PatternsBody, _patterns, _patterns_wire),
        Route("/noise", NoiseBody, _noise, _noise_wire),
        Route("/deltas", DeltasBody, _deltas, _deltas_wire),
        Route("/heatmap", HeatmapBody, _heatmap, _heatmap_wire),
    )
)
