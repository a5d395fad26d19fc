"""Tiles of raw SQL, one model per display (reference/openapi-v2.json, `RawSqlChartConfigBase` and its variants)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from clickstack.core.limits import RAW_TEXT_CHARS_MAX

from ..validation import ObjectId
from ..wire import WireModel
from .tile_fields import ABSENT, STORABLE, Natural, NumberFormat, PaletteToken
from .tile_links import OnClick


class _RawSql(WireModel):
    config_type: Literal["sql"]
    connection_id: ObjectId
    sql_template: Annotated[str, Field(max_length=RAW_TEXT_CHARS_MAX), STORABLE]
    source_id: ObjectId = ABSENT
    number_format: NumberFormat = ABSENT


class _RawOverTime(_RawSql):
    fill_nulls: bool = True
    align_date_range_to_granularity: bool = True
    series_limit: Natural = ABSENT


class RawLine(_RawOverTime):
    display_type: Literal["line"]
    compare_to_previous_period: bool = False
    fit_y_axis_to_data: bool = False


class RawStackedBar(_RawOverTime):
    display_type: Literal["stacked_bar"]


class RawTable(_RawSql):
    display_type: Literal["table"]
    on_click: OnClick = ABSENT


class RawNumber(_RawSql):
    display_type: Literal["number"]
    color: PaletteToken = ABSENT


class RawPie(_RawSql):
    display_type: Literal["pie"]


class RawBar(_RawSql):
    display_type: Literal["bar"]


RAW_SQL: dict[str, type[WireModel]] = {
    "line": RawLine,
    "stacked_bar": RawStackedBar,
    "table": RawTable,
    "number": RawNumber,
    "pie": RawPie,
    "bar": RawBar,
}
