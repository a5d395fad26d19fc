"""POST /api/v2/charts/series (reference/api-v2.md §5, with the corrections of its §15 that clients cannot miss)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic.alias_generators import to_camel

from clickstack.core.chart import ChartConfig, Filter, Metric, MetricKind, Select
from clickstack.core.clock import utc_datetime
from clickstack.core.errors import BadQuery, BadRequest, Exposed, NotFound
from clickstack.core.limits import CHART_GROUP_BY_MAX, CHART_SERIES_MAX, ENDLESS_MS_MAX
from clickstack.core.records import Actor
from clickstack.core.source import Source
from clickstack.core.timerange import TimeRange, auto_granularity_seconds, checked_zone, granularity_seconds
from clickstack.query import ChartResult, Point, Runner, merge_series, ratio

from ..context import Services, bearer_actor, services
from ..reading import reader
from ..stream import answer_query
from ..validation import ObjectId
from ..wire import Json, WireModel

router = APIRouter(prefix="/charts")

Caller = Annotated[Actor, Depends(bearer_actor)]
Granularity = Literal[
    "30s", "1m", "5m", "10m", "15m", "30m", "1h", "2h", "6h", "12h", "1d", "2d", "7d", "30d", "auto"
]  # fmt: skip
AggregateFunction = Literal[
    "avg", "count", "count_distinct", "last_value", "max", "min", "quantile", "sum", "any", "none", "increase", "rate"
]  # fmt: skip
MS_DIGITS_MIN = 13  # a shorter time is in seconds


def _whole(value: Any) -> Any:
    """JSON knows one kind of number: 1647014400000.0 is whole."""
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError("Timestamp must be an integer")
        return int(value)
    return value


def _milliseconds(value: int, info: ValidationInfo) -> int:
    faults = []
    if value <= 0:
        faults.append("Timestamp must be positive")
    if len(str(value)) < MS_DIGITS_MIN:
        faults.append("Timestamp must be in milliseconds")
    if value > ENDLESS_MS_MAX:
        faults.append("Timestamp must have at most 14 digits")
    if faults:
        raise ValueError(f"; {to_camel(str(info.field_name))}: ".join(faults))
    return value


Timestamp = Annotated[int, BeforeValidator(_whole), AfterValidator(_milliseconds)]


class SeriesBody(WireModel):
    """One series. `dataSource` and `sortOrder` are checked and mean nothing, as in the reference."""

    source_id: ObjectId
    data_source: Literal["events", "metrics"] = "events"
    agg_fn: AggregateFunction
    level: Annotated[float, Field(ge=0, le=1)] = 0.5
    field: str = ""
    where: str
    where_language: Literal["sql", "lucene", "promql"] = "lucene"
    group_by: Annotated[list[str], Field(max_length=CHART_GROUP_BY_MAX)]
    sort_order: Literal["asc", "desc"] = "asc"
    metric_data_type: MetricKind | None = None
    metric_name: str = ""


def _alike(series: list[SeriesBody]) -> list[SeriesBody]:
    if not series:
        raise ValueError("Series array cannot be empty")
    if any(each.group_by != series[0].group_by for each in series):
        raise ValueError("All series must have the same groupBy fields")
    return series


class ChartBody(WireModel):
    series: Annotated[list[SeriesBody], Field(max_length=CHART_SERIES_MAX), AfterValidator(_alike)]
    end_time: Timestamp
    granularity: Granularity = "auto"
    start_time: Timestamp
    time_zone: str = ""
    series_return_type: Literal["ratio", "column"] | None = None


@router.post("/series")
async def query_series(request: Request, actor: Caller, body: ChartBody) -> Json:
    here = services(request)
    try:
        return Json({"data": await answer_query(request, here, lambda query_id: _rows(here, actor, body, query_id))})
    except Exposed as error:
        return _failed(error)


def _rows(here: Services, actor: Actor, body: ChartBody, query_id: str) -> list[dict[str, Any]]:
    time_range = TimeRange(body.start_time, body.end_time)
    width_s = (
        auto_granularity_seconds(time_range) if body.granularity == "auto" else granularity_seconds(body.granularity)
    )
    zone = checked_zone(body.time_zone)
    charts = [
        replace(_chart(_source(here, actor, series.source_id, index), series, width_s, index), time_zone=zone)
        for index, series in enumerate(body.series)
    ]
    runner = Runner(reader(here, actor))
    series = [runner.run(chart, time_range, query_id, first=index) for index, chart in enumerate(charts)]
    if body.series_return_type == "column":
        return _column_rows(series)
    return _merged_rows(
        [each.points for each in series], with_ratio=body.series_return_type == "ratio" and len(series) == 2
    )


def _source(here: Services, actor: Actor, source_id: str, index: int) -> Source:
    source = here.metadata.sources.recent(actor.team.id, source_id)
    if source is None:
        raise NotFound(f"Source not found for series {index}")
    return source


def _chart(source: Source, series: SeriesBody, width_s: int, index: int) -> ChartConfig:
    if series.where_language == "promql":
        raise BadRequest(f"series.{index}.whereLanguage: promql does not filter events; use lucene or sql")
    where = Filter(series.where, series.where_language)
    metric = _metric(source, series, index)
    # With both, `field` is what is aggregated; alone, it names the metric.
    expression = series.field if metric is None or series.metric_name else ""
    return ChartConfig(
        source=source,
        select=(Select(series.agg_fn, expression, series.level, metric=metric),),
        where=where,
        group_by=tuple(series.group_by),
        granularity_s=width_s,
    )


def _metric(source: Source, series: SeriesBody, index: int) -> Metric | None:
    if source.kind != "metric":
        return None
    name = series.metric_name or series.field
    if series.metric_data_type is None or not name:
        raise BadRequest(f"series.{index}: a metric source needs metricDataType and metricName")
    return Metric(name, series.metric_data_type)


def _merged_rows(series: list[list[Point]], *, with_ratio: bool) -> list[dict[str, Any]]:
    """One row per bucket and group; a series without data there has no key."""
    rows = []
    for row in merge_series(series):
        wire: dict[str, Any] = {"ts_bucket": row.bucket_ms, "group": list(row.group)}
        wire.update({f"series_{index}.data": value for index, value in sorted(row.values.items())})
        if with_ratio:
            wire["ratio"] = ratio(row)
        rows.append(wire)
    return rows


def _column_rows(series: list[ChartResult]) -> list[dict[str, Any]]:
    """The rows of every series, one after the other, each with its own key and the groups by name."""
    return [
        {
            f"series_{index}": point.values[0],
            **dict(zip(result.groups, point.group, strict=True)),
            "__hdx_time_bucket": f"{utc_datetime(point.bucket_ms * 1_000_000):%Y-%m-%dT%H:%M:%SZ}",
        }
        for index, result in enumerate(series)
        for point in result.points
    ]


def _failed(error: Exposed) -> Json:
    """`message` as everywhere in v2, and `error` as the published contract of this one route has it."""
    body: dict[str, Any] = {"message": error.message, "error": error.message}
    if isinstance(error, BadQuery):
        body |= {key: value for key, value in (("position", error.position), ("hint", error.hint)) if value is not None}
    return Json(body, status_code=error.status)
