"""Charts on the wire ⇄ `ChartConfig`.

The form is that of dashboard tiles in the published contract (reference/openapi-v2.json, `LineBuilderChartConfig` and
its siblings); the spellings of the reference's own configs (§2.1, §2.2) are read too: `aggCondition` for a select's
`where`, lists for `groupBy` and `orderBy`, `{limit, offset}`. What only concerns drawing is left to the tile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

from .chart import (
    AggregateName,
    ChartConfig,
    Cte,
    DisplayType,
    Filter,
    Formula,
    Language,
    Metric,
    MetricKind,
    Order,
    Select,
)
from .errors import BadRequest
from .limits import (
    CHART_CTES_MAX,
    CHART_FORMULAS_MAX,
    CHART_GROUP_BY_MAX,
    CHART_SELECTS_MAX,
    FORMULA_CHARS_MAX,
)
from .source import Source
from .timerange import checked_zone, granularity_seconds
from .wire_reader import WireReader

OVER_TIME = ("line", "stacked_bar")
SELECTS_MAX: Mapping[DisplayType, int] = {"pie": 1, "bar": 1}
_NAME = re.compile(r"[A-Za-z_]\w{0,63}", re.ASCII)
_STATES = re.compile(r"[a-z]\w{1,40}?(?:If)?(?:State|Merge)", re.ASCII)
_OPERATORS = ("=", "<", ">", "!=", "<=", ">=")
FORMULAS_MAX: Mapping[DisplayType, int] = {"number": 1, "pie": 0, "bar": 0}


def parse_chart(wire: Any, find_source: Callable[[str], Source | None]) -> ChartConfig:
    """The chart of a wire object. Raises BadRequest with every fault and its path: `select.0.level: …; limit: …`."""
    reader = WireReader(wire)
    chart = _chart(reader, find_source)
    if reader.faults or chart is None:
        raise BadRequest("; ".join(reader.faults))
    return chart


def chart_wire(chart: ChartConfig) -> dict[str, Any]:
    """The wire object that `parse_chart` reads as this chart; what has its default is omitted."""
    wire: dict[str, Any] = {
        "displayType": chart.display,
        "sourceId": chart.source.id,
        "select": [_select_wire(select) for select in chart.select],
        "where": chart.where.text,
        "whereLanguage": chart.where.language,
        "filters": [{"type": each.language, "condition": each.text} for each in chart.filters],
        "filtersLogicalOperator": chart.filters_operator,
        "groupBy": [{"valueExpression": text} for text in chart.group_by],
        "with": [
            _given(
                {
                    "name": each.name,
                    "sql": each.sql or None,
                    "chartConfig": chart_wire(each.chart) if each.chart else None,
                    "isSubquery": False if each.scalar else None,
                }
            )
            for each in chart.with_queries
        ],
        "having": chart.having,
        "havingLanguage": chart.having_language,
        "selectGroupBy": chart.show_groups,
        "implicitColumnExpression": chart.implicit_column or None,
        "sampleWeightExpression": chart.sample_weight or None,
        "orderBy": [
            {"valueExpression": each.expression, "ordering": "DESC" if each.descending else "ASC"}
            for each in chart.order_by
        ],
        "limit": {"limit": chart.limit, "offset": chart.offset} if chart.limit is not None else None,
        "asRatio": chart.ratio is not None,
        "ratioMode": chart.ratio,
        "formulas": [
            _given(
                {
                    "expression": each.expression,
                    "alias": each.alias,
                    "missing": None if each.missing == "zero" else each.missing,
                    "numberFormat": each.number_format,
                }
            )
            for each in chart.formulas
        ],
        "showOperandSeries": chart.show_operands,
        "seriesLimit": chart.series_limit,
        "seriesOther": chart.other,
        "numberFormat": chart.number_format,
        "timeZone": chart.time_zone,
    }
    if chart.display in OVER_TIME:
        width = chart.granularity_s
        wire["granularity"] = f"{width} second" if isinstance(width, int) else width
        wire["alignDateRangeToGranularity"] = chart.align
        wire["fillNulls"] = chart.fill
        wire["compareToPreviousPeriod"] = chart.compare_to_previous
    omitted: dict[str, Any] = {"filtersLogicalOperator": "AND", "showOperandSeries": True, "seriesOther": False}
    omitted |= {"timeZone": "UTC", "with": [], "havingLanguage": "sql", "selectGroupBy": True}
    omitted |= {"having": "", "asRatio": False, "filters": [], "orderBy": [], "formulas": [], "groupBy": []}
    return _given({key: value for key, value in wire.items() if key not in omitted or value != omitted[key]})


def _chart(reader: WireReader, find_source: Callable[[str], Source | None]) -> ChartConfig | None:
    display: DisplayType = reader.choice("displayType", get_args(DisplayType), "line")
    source = _source(reader, find_source)
    selects = reader.items("select", 1, SELECTS_MAX.get(display, CHART_SELECTS_MAX))
    formulas = reader.items("formulas", 0, FORMULAS_MAX.get(display, CHART_FORMULAS_MAX))
    over_time = display in OVER_TIME
    limit, offset = _limit(reader)
    as_ratio = reader.flag("asRatio", False) or reader.text("seriesReturnType") == "ratio"
    mode = reader.choice("ratioMode", ("per_group", "share_of_total"), "per_group")
    if source is None:
        return None
    return ChartConfig(
        source=source,
        select=tuple(_select(each, source) for each in selects),
        where=_filter(reader, "where", "whereLanguage"),
        group_by=_group_by(reader),
        granularity_s=_granularity(reader) if over_time else None,
        display=display,
        filters=tuple(_saved_filter(each) for each in reader.items("filters", 0, CHART_SELECTS_MAX)),
        filters_operator=reader.choice("filtersLogicalOperator", ("AND", "OR"), "AND"),
        having=reader.text("having"),
        order_by=_order_by(reader),
        limit=limit,
        offset=offset,
        ratio=mode if as_ratio and len(selects) == 2 else None,
        formulas=tuple(_formula(each) for each in formulas),
        show_operands=reader.flag("showOperandSeries", True),
        series_limit=reader.whole("seriesLimit") or None,
        other=reader.flag("seriesOther", False),
        align=over_time and reader.flag("alignDateRangeToGranularity", True),
        fill=over_time and reader.flag("fillNulls", True),
        compare_to_previous=over_time and reader.flag("compareToPreviousPeriod", False),
        number_format=reader.mapping("numberFormat"),
        time_zone=_time_zone(reader),
        having_language=reader.choice("havingLanguage", get_args(Language), "sql"),
        with_queries=tuple(_cte(each, find_source) for each in reader.items("with", 0, CHART_CTES_MAX)),
        show_groups=reader.flag("selectGroupBy", True),
        implicit_column=reader.text("implicitColumnExpression").strip(),
        sample_weight=reader.text("sampleWeightExpression").strip(),
    )


def _source(reader: WireReader, find_source: Callable[[str], Source | None]) -> Source | None:
    key = "source" if reader.has("source") and not reader.has("sourceId") else "sourceId"
    source_id = reader.text(key)
    if not source_id:
        reader.fault(key, "Required")
        return None
    source = find_source(source_id)
    if source is None:
        reader.fault(key, f"there is no source {source_id}")
    return source


def _select(reader: WireReader, source: Source) -> Select:
    level = reader.number("level", 0, 1)
    if _STATES.fullmatch(str(reader.get("aggFn"))):
        return _of_states(reader, level)
    aggregate: AggregateName = reader.choice("aggFn", get_args(AggregateName), "none")
    expression = reader.text("valueExpression").strip() or None
    metric = None
    if source.kind == "metric":
        name = reader.text("metricName")
        kind: MetricKind = reader.choice("metricType", get_args(MetricKind), "gauge")
        for key, given in (("metricName", name), ("metricType", reader.text("metricType"))):
            if not given:
                reader.fault(key, f"Required: {source.name} is a metric source")
        metric = Metric(name, kind, reader.text("metricNameSql").strip() or None)
    elif expression is None and aggregate != "count":
        reader.fault("valueExpression", f"{aggregate} needs an expression to aggregate")
    conditions = ("aggCondition", "aggConditionLanguage") if reader.has("aggCondition") else ("where", "whereLanguage")
    return Select(
        aggregate,
        expression if aggregate != "count" or metric else None,
        level if aggregate == "quantile" else None,
        _filter(reader, *conditions),
        metric,
        reader.text("alias").strip() or None,
        reader.choice("periodAggFn", ("delta", ""), "") == "delta" or reader.flag("isDelta", False),
        reader.mapping("numberFormat"),
        reader.choice("valueExpressionLanguage", get_args(Language), "sql"),
    )


def _of_states(reader: WireReader, level: float | None) -> Select:
    """`sumMerge`, `quantileTDigestMerge`, `countIfState`, …: the engine's functions of half-way aggregates (§2.3)."""
    name, expression = str(reader.get("aggFn")), reader.text("valueExpression").strip()
    keys = ("aggCondition", "aggConditionLanguage") if reader.has("aggCondition") else ("where", "whereLanguage")
    condition = _filter(reader, *keys)
    conditional = name.endswith("IfState")
    if conditional and not condition.text.strip():
        reader.fault(keys[0], f"Required: {name} needs the condition that it keeps")
    if conditional and condition.language != "sql":
        reader.fault(keys[1], f"expected sql, the language of {name}")
    if not conditional and condition.text.strip():
        reader.fault(keys[0], f"{name} takes no condition of its own: put it into the chart's where")
    if not expression and not name.startswith("count"):
        reader.fault("valueExpression", f"{name} needs an expression to aggregate")
    parameter = f"({0.5 if level is None else level!r})" if name.startswith("quantile") else ""
    arguments = [expression, f"({condition.text.strip()})"] if conditional else [expression]
    return Select(
        "none",
        f"{name}{parameter}({', '.join(each for each in arguments if each)})",
        alias=reader.text("alias").strip() or None,
        number_format=reader.mapping("numberFormat"),
    )


def _select_wire(select: Select) -> dict[str, Any]:
    return _given(
        {
            "aggFn": select.aggregate,
            "valueExpression": select.expression,
            "valueExpressionLanguage": "lucene" if select.expression_language == "lucene" else None,
            "level": select.level,
            "where": select.where.text or None,
            "whereLanguage": select.where.language if select.where.text else None,
            "metricName": select.metric.name if select.metric else None,
            "metricType": select.metric.kind if select.metric else None,
            "metricNameSql": select.metric.name_sql if select.metric else None,
            "alias": select.alias,
            "periodAggFn": "delta" if select.is_delta else None,
            "numberFormat": select.number_format,
        }
    )


def _formula(reader: WireReader) -> Formula:
    return Formula(
        reader.text("expression", FORMULA_CHARS_MAX),
        reader.text("alias").strip() or None,
        reader.choice("missing", ("zero", "gap"), "zero"),
        reader.mapping("numberFormat"),
    )


def _filter(reader: WireReader, text: str, language: str) -> Filter:
    default: Language = "lucene"
    return Filter(reader.text(text), reader.choice(language, get_args(Language), default))


def _cte(reader: WireReader, find_source: Callable[[str], Source | None]) -> Cte:
    name = reader.text("name").strip()
    if not _NAME.fullmatch(name):
        reader.fault("name", "expected letters, digits and _")
    scalar = not reader.flag("isSubquery", True)
    if not reader.has("chartConfig"):
        if not reader.text("sql").strip():
            reader.fault("sql", "Required, or chartConfig")
        return Cte(name, reader.text("sql"), scalar)
    inner = reader.inner("chartConfig")
    if inner.get("with"):
        inner.fault("with", "a chart inside a chart has no named queries of its own")
        return Cte(name)
    if reader.text("sql").strip() or scalar:
        reader.fault("chartConfig", "a query of its own: leave sql and isSubquery out")
    return Cte(name, chart=_chart(inner, find_source))


def _saved_filter(reader: WireReader) -> Filter:
    """`sql_ast` is a comparison in three pieces, as the reference keeps some of its filters."""
    if reader.text("type") == "sql_ast":
        operator = reader.choice("operator", _OPERATORS, "=")
        return Filter(f"({reader.text('left')}) {operator} ({reader.text('right')})", "sql")
    return Filter(reader.text("condition"), reader.choice("type", get_args(Language), "sql"))


def _group_by(reader: WireReader) -> tuple[str, ...]:
    """A text stands for the list it spells; the query room splits it where it knows SQL."""
    if not isinstance(reader.get("groupBy"), list):
        text = reader.text("groupBy").strip()
        return (text,) if text else ()
    groups = []
    for item in reader.items("groupBy", 0, CHART_GROUP_BY_MAX, texts=True):
        expression, alias = item.text("valueExpression").strip(), item.text("alias").strip()
        groups.append(f"{expression} AS {_quoted(alias)}" if alias else expression)
    return tuple(group for group in groups if group)


def _order_by(reader: WireReader) -> tuple[Order, ...]:
    if not isinstance(reader.get("orderBy"), list):
        text = reader.text("orderBy").strip()
        return (Order(text),) if text else ()
    return tuple(
        Order(item.text("valueExpression"), item.choice("ordering", ("ASC", "DESC"), "ASC") == "DESC")
        for item in reader.items("orderBy", 0, CHART_GROUP_BY_MAX, texts=True)
    )


def _limit(reader: WireReader) -> tuple[int | None, int]:
    if isinstance(reader.get("limit"), Mapping):
        inner = reader.inner("limit")
        return inner.whole("limit"), inner.whole("offset") or 0
    return reader.whole("limit") or None, 0


def _granularity(reader: WireReader) -> Any:
    text = reader.text("granularity") or "auto"
    if text == "auto":
        return text
    try:
        return granularity_seconds(text)
    except BadRequest as error:
        reader.fault("", error.message)
        return None


def _time_zone(reader: WireReader) -> str:
    try:
        return checked_zone(reader.text("timeZone"))
    except BadRequest as error:
        reader.fault("", error.message)
        return "UTC"


def _quoted(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _given(wire: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in wire.items() if value is not None}
