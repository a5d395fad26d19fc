"""The bodies of dashboards: new ones, replacements, and ones to be judged only (reference/api-v2.md §7.2, §7.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from clickstack.core.limits import (
    CHART_TEXT_CHARS_MAX,
    DASHBOARD_NAME_CHARS_MAX,
    DASHBOARD_TAGS_MAX,
    DASHBOARD_TILES_MAX,
    JSON_INTEGER_MAX,
    TAG_CHARS_MAX,
    TILE_ID_CHARS_MAX,
)

from ..wire import WireModel
from .dashboard_containers import Containers
from .dashboard_filters import AnyFilterBody, FilterBody, KeptFilterBody, broken_filters
from .dashboard_grammar import Broken, Items, RuledModel, Variants, Wire
from .tile_builder import BUILDERS
from .tile_fields import ABSENT, STORABLE, WHOLE, Name, QueryLanguage, Text
from .tile_series import Series
from .tile_sql import RAW_SQL


class _Config:
    """An annotation: raw SQL or a builder, by `configType`, then by `displayType`."""

    sql, builder = Variants("displayType", RAW_SQL), Variants("displayType", BUILDERS)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        models = [*self.builder.models.values(), *self.sql.models.values()]
        return {"oneOf": [handler(model.__pydantic_core_schema__) for model in models]}

    def _read(self, wire: Any) -> Any:
        if not isinstance(wire, dict):
            raise PydanticKnownError("model_type", {"class_name": "object"})
        return (self.sql if wire.get("configType") == "sql" else self.builder).read(wire)


class TileBody(RuledModel):
    """A tile, in either form. The id of a tile that is there keeps it; another one is replaced by a new id."""

    name: Text
    x: Annotated[int, Field(ge=0, le=23), WHOLE]
    y: Annotated[int, Field(ge=0, le=JSON_INTEGER_MAX), WHOLE]
    w: Annotated[int, Field(ge=1, le=24), WHOLE]
    h: Annotated[int, Field(ge=1, le=JSON_INTEGER_MAX), WHOLE]
    as_ratio: bool = False
    series: Series = ABSENT
    config: Annotated[Any, _Config()] = ABSENT
    container_id: Name = ABSENT
    tab_id: Name = ABSENT
    id: Annotated[str, Field(max_length=TILE_ID_CHARS_MAX), STORABLE] = ABSENT

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:
        if "series" in wire and "config" in wire:
            yield (), "Tile cannot have both series and config"
        if "series" not in wire and "config" not in wire:
            yield (), "Tile must have either series or config"
        if "asRatio" in wire and "config" in wire:
            yield (), "asRatio property is not supported when using config property. Use config.asRatio instead."


def _distinct_ids(tiles: list[Wire]) -> Iterable[Broken]:
    seen: set[str] = set()
    for index, tile in enumerate(tiles):
        tile_id = tile.get("id", "")
        if tile_id and tile_id in seen:
            yield (index, "id"), f"Duplicate tile ID: {tile_id}. Omit the ID to generate a unique one."
        seen.add(tile_id)


class SavedFilterValue(WireModel):
    type: Literal["sql"] = "sql"
    condition: Annotated[str, Field(max_length=CHART_TEXT_CHARS_MAX), STORABLE]


class _DashboardBody(RuledModel):
    name: Annotated[str, Field(max_length=DASHBOARD_NAME_CHARS_MAX), STORABLE]
    tiles: Annotated[list[TileBody], Items(most=DASHBOARD_TILES_MAX, rules=_distinct_ids)]
    tags: Annotated[list[Annotated[str, Field(max_length=TAG_CHARS_MAX), STORABLE]], Items(most=DASHBOARD_TAGS_MAX)] = (
        Field(default_factory=list)
    )
    saved_query: Text | None = None
    saved_query_language: QueryLanguage | None = None
    saved_filter_values: Annotated[list[SavedFilterValue], Items()] = ABSENT
    containers: Containers = ABSENT

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:
        if wire.get("savedQuery") is not None and wire.get("savedQueryLanguage", "") is None:
            yield ("savedQueryLanguage",), "savedQueryLanguage cannot be null when savedQuery is provided"
        yield from ((("filters", *path), text) for path, text in broken_filters(wire.get("filters", [])))


class NewDashboardBody(_DashboardBody):
    filters: Annotated[list[FilterBody], Items()] = ABSENT


class DashboardBody(_DashboardBody):
    """The replacement of a dashboard; what is omitted stays as it is, but for `name` and `tiles`."""

    filters: Annotated[list[KeptFilterBody], Items()] = ABSENT


class JudgedDashboardBody(_DashboardBody):
    """Either of the others, so that a body meant for PUT can be judged too."""

    filters: Annotated[list[AnyFilterBody], Items()] = ABSENT
