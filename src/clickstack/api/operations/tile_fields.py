"""The small parts that tiles of every kind are made of (reference/openapi-v2.json, `SelectItem` and its neighbours)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema

from clickstack.core.limits import (
    CHART_TEXT_CHARS_MAX,
    COLOR_LABEL_CHARS_MAX,
    COLOR_TEXT_CHARS_MAX,
    CONTAINER_NAME_CHARS_MAX,
    FORMULA_CHARS_MAX,
    JSON_INTEGER_MAX,
)

from ..wire import WireModel
from .dashboard_grammar import Broken, Items, RuledModel, Variants, Wire, misfit, wrong


def _whole(value: Any) -> Any:
    """JSON knows one kind of number: 3.0 is whole."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(value: Any) -> Any:
    """A number as it was written: 3 stays 3."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise misfit(f"Expected number, received {_kind(value)}")
    if isinstance(value, int):
        return value if abs(value) <= JSON_INTEGER_MAX else _finite(value)
    return _finite(value)


def _finite(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise wrong("Number must be finite")
    return number


def _kind(value: Any) -> str:
    names = {type(None): "null", bool: "boolean", str: "string", list: "array", dict: "object"}
    return names.get(type(value), type(value).__name__)


def _level(value: Any) -> Any:
    if isinstance(value, bool) or value not in LEVELS:
        raise misfit()
    return value


def _equal_to(value: Any) -> Any:
    if isinstance(value, str):
        if len(value) > COLOR_TEXT_CHARS_MAX:
            raise wrong(f"String must contain at most {COLOR_TEXT_CHARS_MAX} character(s)")
        return _TEXT.validate_python(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise misfit()
    return _number(value)


ABSENT: Any = None
"""The default of what has none: without it the field is left out, and null is refused."""

LEVELS = (0.5, 0.9, 0.95, 0.99)

STORABLE = Field(pattern=r"^[^\x00]*$")  # no NUL, which PostgreSQL cannot store; and no half characters
WHOLE = BeforeValidator(_whole)  # stands behind the bounds of a number

Text = Annotated[str, STORABLE]
_TEXT = TypeAdapter(Text)
Expression = Annotated[str, Field(max_length=CHART_TEXT_CHARS_MAX), STORABLE]
Template = Annotated[str, Field(min_length=1, max_length=CHART_TEXT_CHARS_MAX), STORABLE]
Name = Annotated[str, Field(min_length=1, max_length=CONTAINER_NAME_CHARS_MAX), STORABLE]
Whole = Annotated[int, Field(ge=-JSON_INTEGER_MAX, le=JSON_INTEGER_MAX), WHOLE]
Natural = Annotated[int, Field(ge=0, le=JSON_INTEGER_MAX), WHOLE]
Number = Annotated[Any, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
Level = Annotated[Any, BeforeValidator(_level), WithJsonSchema({"type": "number", "enum": list(LEVELS)})]
Comparand = Annotated[
    Any, BeforeValidator(_equal_to), WithJsonSchema({"oneOf": [{"type": "number"}, {"type": "string"}]})
]

QueryLanguage = Literal["sql", "lucene", "promql"]
MetricType = Literal["sum", "gauge", "histogram", "summary", "exponential histogram"]
Aggregation = Literal[
    "avg", "count", "count_distinct", "last_value", "max", "min", "quantile", "sum", "any", "none", "increase", "rate"
]
PaletteToken = Literal[
    "chart-blue", "chart-orange", "chart-red", "chart-cyan", "chart-green", "chart-pink", "chart-purple",
    "chart-light-blue", "chart-brown", "chart-gray", "chart-success", "chart-warning", "chart-error",
]  # fmt: skip
NumericUnit = Literal[
    "bytes_iec", "bytes_si", "bits_iec", "bits_si", "kibibytes", "kilobytes", "mebibytes", "megabytes", "gibibytes",
    "gigabytes", "tebibytes", "terabytes", "pebibytes", "petabytes", "packets_sec", "bytes_sec_iec", "bytes_sec_si",
    "bits_sec_iec", "bits_sec_si", "kibibytes_sec", "kibibits_sec", "kilobytes_sec", "kilobits_sec", "mebibytes_sec",
    "mebibits_sec", "megabytes_sec", "megabits_sec", "gibibytes_sec", "gibibits_sec", "gigabytes_sec", "gigabits_sec",
    "tebibytes_sec", "tebibits_sec", "terabytes_sec", "terabits_sec", "pebibytes_sec", "pebibits_sec",
    "petabytes_sec", "petabits_sec", "cps", "ops", "rps", "reads_sec", "wps", "iops", "cpm", "opm", "rpm_reads", "wpm",
]  # fmt: skip


class NumberFormat(WireModel):
    output: Literal["currency", "percent", "byte", "time", "duration", "number", "data_rate", "throughput"] = ABSENT
    numeric_unit: NumericUnit = ABSENT
    mantissa: Whole = ABSENT
    thousand_separated: bool = ABSENT
    average: bool = ABSENT
    decimal_bytes: bool = ABSENT
    factor: Number = ABSENT
    currency_symbol: Text = ABSENT
    unit: Text = ABSENT


class SelectItem(RuledModel):
    """One value of a chart."""

    agg_fn: Aggregation
    value_expression: Expression = ""
    alias: Expression = ABSENT
    level: Level = ABSENT
    where: Expression = ""
    where_language: QueryLanguage = "lucene"
    number_format: NumberFormat = ABSENT
    metric_type: MetricType = ABSENT
    metric_name: Text = ABSENT
    period_agg_fn: Literal["delta"] = ABSENT

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:
        function, expression = wire["aggFn"], wire.get("valueExpression", "")
        if "level" in wire and function != "quantile":
            yield (), "Level can only be used with quantile aggregation function"
        if function == "count" and expression:
            yield (), "Value expression cannot be used with count aggregation function"
        if function != "count" and not expression:
            yield (), "Value expression is required for non-count aggregation functions"


class HeatmapItem(WireModel):
    value_expression: Template
    count_expression: Expression = ABSENT
    heatmap_scale_type: Literal["log", "linear"] = ABSENT


class Formula(WireModel):
    expression: Annotated[str, Field(max_length=FORMULA_CHARS_MAX), STORABLE]
    alias: Text = ABSENT
    number_format: NumberFormat = ABSENT


class _ColorRule(WireModel):
    color: PaletteToken
    label: Annotated[str, Field(max_length=COLOR_LABEL_CHARS_MAX), STORABLE] = ABSENT


class Compared(_ColorRule):
    operator: Literal["gt", "gte", "lt", "lte"]
    value: Number


class Between(_ColorRule):
    operator: Literal["between"]
    value: Annotated[list[Number], Items(2, 2)]


class Equal(_ColorRule):
    operator: Literal["eq", "neq"]
    value: Comparand


ColorRule = Annotated[
    Compared | Between | Equal,
    Variants(
        "operator",
        {**dict.fromkeys(("gt", "gte", "lt", "lte"), Compared), "between": Between, "eq": Equal, "neq": Equal},
    ),
]


class BackgroundChart(WireModel):
    type: Literal["line", "area"]
    color: PaletteToken = ABSENT
