"""Aggregates, as a table. Arguments keep their own types: text becomes a number only where a number is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from clickstack.core.chart import AggregateName
from clickstack.core.errors import BadQuery
from clickstack.core.sql import Sql

from .expression import Expression

Needs = Literal["nothing", "anything", "an identity", "itself", "a number", "a number or a time"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One value to compute. `time` orders last_value; `condition` narrows the rows of this value only.

    `weight` stands for how many events a sampled row counts; None when every row is itself. `level` is the
    quantile's; `levels` are those of all quantiles that the same rows answer together. `seconds` is the time the rows
    cover, for rates.
    """

    argument: Sql
    condition: Sql | None
    time: Sql
    level: float
    weight: Sql | None = None
    levels: tuple[float, ...] = ()
    seconds: Sql | None = None


@dataclass(frozen=True, slots=True)
class Aggregation:
    needs: Needs
    render: Callable[[Ask], Sql]


def _call(name: str, *, or_null: bool = False) -> Callable[[Ask], Sql]:
    """`name(argument)`, or `nameIf(argument, condition)`. `or_null`: no rows is NULL instead of the type's zero."""

    def render(ask: Ask) -> Sql:
        combined = name + ("OrNull" if or_null else "") + ("If" if ask.condition else "")
        return Sql.of(f"{combined}(", ask.argument, *_and_condition(ask), ")")

    return render


def _count(ask: Ask) -> Sql:
    if ask.weight is not None:
        return Sql.of("sumIf(" if ask.condition else "sum(", ask.weight, *_and_condition(ask), ")")
    return Sql.of("countIf(", ask.condition, ")") if ask.condition else Sql.of("count()")


def _sum(ask: Ask) -> Sql:
    if ask.weight is None:
        return _call("sum")(ask)
    product = Sql.of("toFloat64(", ask.argument, ") * ", ask.weight)  # whole numbers could overflow
    return Sql.of("sumIf(" if ask.condition else "sum(", product, *_and_condition(ask), ")")


def _rate(ask: Ask) -> Sql:
    assert ask.seconds is not None
    return Sql.of(_sum(ask), " / ", ask.seconds)


def _avg(ask: Ask) -> Sql:
    if ask.weight is None:
        return _call("avg", or_null=True)(ask)
    # avgWeighted computes in the type of the weight: beside a UInt64, 1.5 is 1 and -1 is 18446744073709551615.
    arguments = Sql.of("toFloat64(", ask.argument, "), toFloat64(", ask.weight, ")")
    return Sql.of("avgWeightedOrNull", "If(" if ask.condition else "(", arguments, *_and_condition(ask), ")")


def _quantile(ask: Ask) -> Sql:
    if ask.levels:
        listed = ", ".join(map(repr, ask.levels))
        return Sql.of(f"quantiles({listed})(", ask.argument, f")[{ask.levels.index(ask.level) + 1}]")
    if ask.weight is None:
        return _call_with_level("quantileOrNull", ask, ask.argument)
    weight = Sql.of("toUInt32(least(", ask.weight, ", 4294967295))")
    argument = Sql.of("toFloat64(", ask.argument, ")")  # it takes no Decimal and no Int128
    return _call_with_level("quantileTDigestWeightedOrNull", ask, Sql.of(argument, ", ", weight))


def _call_with_level(name: str, ask: Ask, arguments: Sql) -> Sql:
    return Sql.of(f"{name}{'If' if ask.condition else ''}({ask.level!r})(", arguments, *_and_condition(ask), ")")


def _last_value(ask: Ask) -> Sql:
    """The value of the newest row, not of the row that was read last."""
    return Sql.of(
        "argMaxOrNull", "If(" if ask.condition else "(", ask.argument, ", ", ask.time, *_and_condition(ask), ")"
    )


def _and_condition(ask: Ask) -> list[str | Sql]:
    return [", ", ask.condition] if ask.condition else []


AGGREGATIONS: Mapping[AggregateName, Aggregation] = {
    "count": Aggregation("nothing", _count),
    "count_distinct": Aggregation("an identity", _call("uniqExact")),
    "sum": Aggregation("a number", _sum),
    "avg": Aggregation("a number", _avg),
    "min": Aggregation("a number or a time", _call("min", or_null=True)),
    "max": Aggregation("a number or a time", _call("max", or_null=True)),
    "quantile": Aggregation("a number", _quantile),
    "any": Aggregation("anything", _call("any", or_null=True)),
    "last_value": Aggregation("a number or a time", _last_value),
    "increase": Aggregation("a number", _sum),  # of a counter's growth, which metrics.fold_series has computed
    "rate": Aggregation("a number", _rate),  # of the same, per second
    "none": Aggregation("itself", lambda ask: ask.argument),
}


def argument(expression: Expression, needs: Needs, what: str) -> Sql:
    """The expression in the form an aggregate needs: numbers as they are, text as the number it spells or NULL.

    Times become milliseconds since 1970, the unit of every other time in the API. What a map does not hold is NULL,
    not 0. Raises BadQuery.
    """
    if expression.type and expression.type.base == "AggregateFunction":
        hint = "An aggFn that ends in Merge reads it, such as sumMerge."
        raise BadQuery(f"{what}: {expression.text} is the state of an aggregate, {expression.type.text}.", hint=hint)
    if needs == "anything":
        return expression.sql
    if needs == "itself":
        return comparable(expression)
    if needs == "an identity":  # nothing is no value; inside JSON it would be counted as one
        same = comparable(expression)
        return same if same == expression.sql else Sql.of("if(isNull(", expression.sql, "), NULL, ", same, ")")
    sql = _as_number(expression, needs, what)
    return Sql.of("if(", expression.present, ", ", sql, ", NULL)") if expression.present is not None else sql


def _as_number(expression: Expression, needs: Needs, what: str) -> Sql:
    family = expression.type.family if expression.type else "other"
    base = expression.type.base if expression.type else ""
    if base in _CAST:
        return Sql.of(f"{_CAST[base]}(", expression.sql, ")")
    if family in ("number", "bool"):
        return expression.sql
    if family == "text":
        sql = expression.sql if expression.type and expression.type.base == "String" else _as_text(expression.sql)
        return Sql.of("toFloat64OrNull(", sql, ")")
    if family == "json":
        return Sql.of("toFloat64OrNull(toString(", expression.sql, "))")
    if family == "time" and needs == "a number or a time":
        return Sql.of("toUnixTimestamp64Milli(toDateTime64(", expression.sql, ", 3))")
    shown = expression.type.text or expression.type.base if expression.type else "of unknown type"
    raise BadQuery(f"{what}: {expression.text} is {shown}, and the aggregate needs {needs}.")


# What the engine would show as true and false, and what its quantiles do not take.
_CAST = {"Bool": "toUInt8", "BFloat16": "toFloat32"}


def answered_together(asks: Sequence[Ask | None]) -> list[Ask | None]:
    """The quantiles of one argument, computed once for all their levels. None stands for other values.

    Only for arguments that are never NULL and groups that are never empty: `quantiles` would say 0 or NaN there.
    """
    levels: dict[Sql, tuple[float, ...]] = {}
    for ask in asks:
        if ask is not None:
            known = levels.get(ask.argument, ())
            levels[ask.argument] = known if ask.level in known else (*known, ask.level)
    return [
        ask and (replace(ask, levels=levels[ask.argument]) if len(levels[ask.argument]) > 1 else ask) for ask in asks
    ]


def comparable(expression: Expression) -> Sql:
    """The expression as something rows can be grouped by: values inside JSON have no fixed type, so their text."""
    json = expression.type is not None and expression.type.family == "json"
    return _as_text(expression.sql) if json else expression.sql


def _as_text(sql: Sql) -> Sql:
    return Sql.of("toString(", sql, ")")
