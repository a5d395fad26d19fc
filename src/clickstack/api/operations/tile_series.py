"""The older form of tiles, `series`, and the `config` it becomes (reference/api-v2.md §7.5). It is written, never read.

The conversion keeps the meaning where the reference loses it: the order of a table becomes an `orderBy`, a quantile of
an unusual level an expression.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from clickstack.core.limits import CHART_GROUP_BY_MAX, CHART_SELECTS_MAX, SERIES_MARKDOWN_CHARS_MAX
from clickstack.core.sql import ident

from ..validation import ObjectId
from ..wire import WireModel
from .dashboard_grammar import Broken, Items, RuledModel, Variants, Wire, misfit, wrong
from .tile_fields import ABSENT, LEVELS, STORABLE, Aggregation, MetricType, NumberFormat, QueryLanguage, Text


def _fraction(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise misfit("Expected number")
    if not value >= 0:
        raise wrong("Number must be greater than or equal to 0")
    if value > 1:
        raise wrong("Number must be less than or equal to 1")
    return value


Fraction = Annotated[Any, BeforeValidator(_fraction), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]
GroupBy = Annotated[list[Text], Items(most=CHART_GROUP_BY_MAX)]


class _Aggregated(RuledModel):
    source_id: ObjectId
    agg_fn: Aggregation
    level: Fraction = ABSENT
    field: Text = ABSENT
    alias: Text = ABSENT
    where: Text
    where_language: QueryLanguage = "lucene"
    number_format: NumberFormat = ABSENT
    metric_data_type: MetricType = ABSENT
    metric_name: Text = ABSENT

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:
        if _is_unusual(wire) and (wire["where"].strip() or wire.get("metricName") or not wire.get("field")):
            levels = ", ".join(map(str, LEVELS))
            yield ("level",), f"Write one of {levels}. Other levels need a field, no where and no metric"


class TimeSeries(_Aggregated):
    type: Literal["time"]
    group_by: GroupBy
    display_type: Literal["stacked_bar", "line"] = "line"


class TableSeries(_Aggregated):
    type: Literal["table"]
    group_by: GroupBy
    sort_order: Literal["desc", "asc"] = ABSENT


class NumberSeries(_Aggregated):
    type: Literal["number"]


class SearchSeries(WireModel):
    type: Literal["search"]
    source_id: ObjectId
    fields_: Annotated[list[Text], Items(), Field(alias="fields")]
    where: Text
    where_language: QueryLanguage = "lucene"


class MarkdownSeries(WireModel):
    type: Literal["markdown"]
    content: Annotated[str, Field(max_length=SERIES_MARKDOWN_CHARS_MAX), STORABLE]


SERIES: dict[str, type[WireModel]] = {
    "time": TimeSeries,
    "table": TableSeries,
    "number": NumberSeries,
    "search": SearchSeries,
    "markdown": MarkdownSeries,
}


def _one_type(series: list[Wire]) -> Iterable[Broken]:
    if any(each["type"] != series[0]["type"] for each in series):
        yield (), "All series must have the same type"


Series = Annotated[
    list[Annotated[TimeSeries | TableSeries | NumberSeries | SearchSeries | MarkdownSeries, Variants("type", SERIES)]],
    Items(1, CHART_SELECTS_MAX, _one_type),
]


def config_of(series: list[Wire], as_ratio: bool) -> Wire:
    """The config that means the same, for `stored_config` to complete."""
    first = series[0]
    match first["type"]:
        case "markdown":
            return {"displayType": "markdown", "markdown": first["content"]}
        case "search":
            return {
                "displayType": "search",
                "sourceId": first["sourceId"],
                "select": ", ".join(first["fields"]),
                "where": first["where"],
                "whereLanguage": first.get("whereLanguage", "lucene"),
            }
        case "number":
            return _chart("number", series[:1], series)
    display = "table" if first["type"] == "table" else first.get("displayType", "line")
    chart = _chart(display, series, series)
    chart["asRatio"] = as_ratio and len(series) == 2
    if group_by := ",".join(first["groupBy"]):
        chart["groupBy"] = group_by
    if "sortOrder" in first:
        chart["orderBy"] = f"{_name(chart['select'][0])} {first['sortOrder'].upper()}"
    return chart


def _chart(display: str, shown: list[Wire], series: list[Wire]) -> Wire:
    chart = {"displayType": display, "sourceId": series[0]["sourceId"], "select": [_select(each) for each in shown]}
    formats = [each["numberFormat"] for each in series if "numberFormat" in each]
    return chart | ({"numberFormat": formats[0]} if formats else {})


def _select(series: Wire) -> Wire:
    function, field = series["aggFn"], series.get("field", "")
    select: Wire = {
        "aggFn": function,
        "where": series["where"],
        "valueExpression": "" if function == "count" else field,
    }
    if _is_unusual(series):
        select |= {"aggFn": "none", "valueExpression": f"quantile({series['level']})({field})"}
    for key, name in (("alias", "alias"), ("level", "level"), ("metricName", "metricName")):
        if series.get(key):
            select[name] = series[key]
    if "metricDataType" in series:
        select["metricType"] = series["metricDataType"]
    if "whereLanguage" in series:
        select["whereLanguage"] = series["whereLanguage"]
    return select


def _is_unusual(series: Wire) -> bool:
    return series["aggFn"] == "quantile" and series.get("level", 0.5) not in LEVELS


def _name(select: Wire) -> str:
    """What the query room calls this value (query.naming)."""
    if select.get("alias"):
        return ident(select["alias"])
    function, inside = select["aggFn"], select.get("metricName") or select.get("valueExpression", "").strip()
    if "metricName" in select:
        return ident(inside if function == "none" else f"{function}({inside})")
    if function == "none":
        return str(inside)
    level = f"({select.get('level', 0.5):g})" if function == "quantile" else ""
    return f"{function}{level}({inside})"
