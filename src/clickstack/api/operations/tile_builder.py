"""Tiles built of fields, one model per display (reference/api-v2.md §7.4; openapi-v2.json, `…BuilderChartConfig`).

A field that a display does not have is dropped, not refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from clickstack.core.limits import CHART_FORMULAS_MAX, CHART_SELECTS_MAX, COLOR_RULES_MAX, MARKDOWN_CHARS_MAX

from ..validation import ObjectId
from ..wire import WireModel
from .dashboard_grammar import Broken, Items, RuledModel, Wire
from .tile_fields import (
    ABSENT,
    STORABLE,
    BackgroundChart,
    ColorRule,
    Expression,
    Formula,
    HeatmapItem,
    Natural,
    NumberFormat,
    PaletteToken,
    QueryLanguage,
    SelectItem,
)
from .tile_formulas import formula_fault
from .tile_links import OnClick

Selects = Annotated[list[SelectItem], Items(1, CHART_SELECTS_MAX)]
OneSelect = Annotated[list[SelectItem], Items(1, 1)]
Formulas = Annotated[list[Formula], Items(most=CHART_FORMULAS_MAX)]


class _Chart(RuledModel):
    source_id: ObjectId


class _Composed(_Chart):
    """Several values, of which a ratio or formulas may be made."""

    select: Selects
    group_by: Expression = ABSENT
    as_ratio: bool = False
    number_format: NumberFormat = ABSENT
    formulas: Formulas = ABSENT
    show_operand_series: bool = True

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:
        formulas, as_ratio = wire.get("formulas", []), wire.get("asRatio", False)
        if as_ratio and len(wire["select"]) != 2:
            yield (), "asRatio can only be used with exactly two select items"
        yield from broken_formulas(wire)
        if formulas and as_ratio:
            yield ("formulas",), "Formulas cannot be combined with asRatio"


def broken_formulas(wire: Wire) -> Iterable[Broken]:
    for index, formula in enumerate(wire.get("formulas", [])):
        fault = formula_fault(formula["expression"], len(wire["select"]))
        if fault:
            yield ("formulas", index, "expression"), fault


class Line(_Composed):
    display_type: Literal["line"]
    align_date_range_to_granularity: bool = True
    fill_nulls: bool = True
    compare_to_previous_period: bool = False
    fit_y_axis_to_data: bool = False
    series_limit: Natural = ABSENT


class StackedBar(_Composed):
    display_type: Literal["stacked_bar"]
    align_date_range_to_granularity: bool = True
    fill_nulls: bool = True
    series_limit: Natural = ABSENT


class Table(_Composed):
    display_type: Literal["table"]
    having: Expression = ABSENT
    order_by: Expression = ABSENT
    group_by_columns_on_left: bool = False
    on_click: OnClick = ABSENT


class Number(_Chart):
    display_type: Literal["number"]
    select: Selects
    number_format: NumberFormat = ABSENT
    formulas: Formulas = ABSENT
    color: PaletteToken = ABSENT
    color_rules: Annotated[list[ColorRule], Items(most=COLOR_RULES_MAX)] = ABSENT
    background_chart: BackgroundChart = ABSENT

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:
        formulas = wire.get("formulas", [])
        if not formulas and len(wire["select"]) != 1:
            yield ("select",), "Number tiles support a single select item unless formulas are used"
        if len(formulas) > 1:
            yield ("formulas",), "Number charts support a single formula"
        yield from broken_formulas(wire)


class _Slices(_Chart):
    select: OneSelect
    group_by: Expression = ABSENT
    order_by: Expression = ABSENT
    number_format: NumberFormat = ABSENT
    limit: Natural = ABSENT


class Pie(_Slices):
    display_type: Literal["pie"]


class Bar(_Slices):
    display_type: Literal["bar"]


class Heatmap(_Chart):
    display_type: Literal["heatmap"]
    select: Annotated[list[HeatmapItem], Items(1, 1)]
    where: Expression = ""
    where_language: QueryLanguage = "lucene"
    number_format: NumberFormat = ABSENT


class Search(WireModel):
    display_type: Literal["search"]
    source_id: ObjectId
    select: Expression
    where: Expression = ""
    where_language: QueryLanguage = "lucene"


class EventPatterns(WireModel):
    display_type: Literal["event_patterns"]
    source_id: ObjectId
    select: Expression = ""
    where: Expression = ""
    where_language: QueryLanguage = "lucene"


class Markdown(WireModel):
    display_type: Literal["markdown"]
    markdown: Annotated[str, Field(max_length=MARKDOWN_CHARS_MAX), STORABLE] = ""


BUILDERS: dict[str, type[WireModel]] = {
    "line": Line,
    "stacked_bar": StackedBar,
    "table": Table,
    "number": Number,
    "pie": Pie,
    "bar": Bar,
    "heatmap": Heatmap,
    "markdown": Markdown,
    "search": Search,
    "event_patterns": EventPatterns,
}
