"""Saved searches: bodies, rules, operations (reference/api-v2.md §8)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, ValidationError, WithJsonSchema

from clickstack.core.errors import BadRequest, NotFound
from clickstack.core.limits import (
    DASHBOARD_TAGS_MAX,
    NAME_LONG_CHARS_MAX,
    SAVED_SEARCH_CONDITION_CHARS_MAX,
    SAVED_SEARCH_FILTERS_MAX,
    SAVED_SEARCH_SELECT_CHARS_MAX,
    TAG_CHARS_MAX,
)
from clickstack.core.records import Actor
from clickstack.core.saved_search import SavedSearch

from ..context import Services
from ..validation import ObjectId
from ..wire import WireModel
from .dashboard_grammar import misfit
from .moments import iso
from .sidebar_filter import is_sidebar_filter
from .tile_fields import STORABLE, Text

Condition = Annotated[str, Field(max_length=SAVED_SEARCH_CONDITION_CHARS_MAX), STORABLE]


class ConditionFilter(WireModel):
    """A predicate as text."""

    type: Literal["sql", "lucene"] = "sql"
    condition: Condition


class ComparisonFilter(WireModel):
    """A predicate in its parts."""

    type: Literal["sql_ast"]
    operator: Literal["=", "<", ">", "!=", "<=", ">="]
    left: Condition
    right: Condition


def _filter(wire: Any) -> dict[str, Any]:
    model: type[BaseModel] = ConditionFilter
    if isinstance(wire, dict) and wire.get("type") == "sql_ast":
        model = ComparisonFilter
    try:
        return model.model_validate(wire).model_dump(by_alias=True)
    except ValidationError as error:
        if all(fault["type"] == "string_too_long" for fault in error.errors(include_url=False)):
            raise
        raise misfit() from None


Filter = Annotated[
    Any,
    BeforeValidator(_filter),
    WithJsonSchema({"oneOf": [ConditionFilter.model_json_schema(), ComparisonFilter.model_json_schema()]}),
]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=NAME_LONG_CHARS_MAX), STORABLE
]
Tags = Annotated[list[Annotated[str, Field(max_length=TAG_CHARS_MAX), STORABLE]], Field(max_length=DASHBOARD_TAGS_MAX)]


class SavedSearchBody(WireModel):
    name: Name
    source_id: ObjectId
    select: Annotated[Text, Field(max_length=SAVED_SEARCH_SELECT_CHARS_MAX)] = ""
    where: Condition = ""
    where_language: Literal["lucene", "sql"] = "lucene"
    order_by: Annotated[Text, Field(max_length=NAME_LONG_CHARS_MAX)] = ""
    tags: Tags = Field(default_factory=list)
    filters: Annotated[list[Filter], Field(max_length=SAVED_SEARCH_FILTERS_MAX)] = Field(default_factory=list)


def list_saved_searches(
    services: Services, actor: Actor, *, limit: int | None = None, offset: int = 0
) -> tuple[list[SavedSearch], int]:
    """One page, oldest first, and how many there are."""
    kept = services.metadata.saved_searches
    return kept.list(actor.team.id, limit, offset), kept.count(actor.team.id)


def get_saved_search(services: Services, actor: Actor, id: str) -> SavedSearch:
    search = services.metadata.saved_searches.get(actor.team.id, id)
    if search is None:
        raise NotFound("Saved search not found")
    return search


def create_saved_search(
    services: Services, actor: Actor, body: SavedSearchBody, *, request_id: str | None, strict_filters: bool = True
) -> SavedSearch:
    """`strict_filters`: every filter must be one the search page can draw, as the published API demands."""
    _require_source(services, actor, body.source_id)
    if strict_filters:
        _require_drawable(body.filters, known=())
    search = SavedSearch(
        id=services.ids.object_id(),
        team_id=actor.team.id,
        created_by=actor.user_id,
        updated_by=actor.user_id,
        **_fields(body),
    )
    return services.metadata.saved_searches.insert(search, actor.author, request_id)


def update_saved_search(
    services: Services,
    actor: Actor,
    id: str,
    body: SavedSearchBody,
    *,
    request_id: str | None,
    expected_revision: int | None = None,
    strict_filters: bool = True,
) -> SavedSearch:
    """A full replacement: what the body leaves out gets its default."""
    _require_source(services, actor, body.source_id)

    def edit(before: SavedSearch) -> SavedSearch:
        if strict_filters:
            _require_drawable(body.filters, known=before.filters)
        return dataclasses.replace(before, updated_by=actor.user_id, **_fields(body))

    return services.metadata.saved_searches.update(
        actor.team.id, id, edit, actor.author, request_id, expected_revision=expected_revision
    )


def delete_saved_search(
    services: Services, actor: Actor, id: str, *, request_id: str | None, expected_revision: int | None = None
) -> None:
    """Its alerts go with it."""
    gone = services.metadata.saved_searches.delete(
        actor.team.id, id, actor.author, request_id, expected_revision=expected_revision
    )
    if not gone:
        raise NotFound("Saved search not found")


def saved_search_wire(search: SavedSearch) -> dict[str, Any]:
    return {
        "id": search.id,
        "name": search.name,
        "select": search.select,
        "where": search.where,
        "whereLanguage": search.where_language,
        "orderBy": search.order_by,
        "sourceId": search.source_id,
        "tags": list(search.tags),
        "filters": list(search.filters),
        "teamId": search.team_id,
        "createdAt": iso(search.created_ms),
        "updatedAt": iso(search.updated_ms),
    }


def _fields(body: SavedSearchBody) -> dict[str, Any]:
    return {**body.model_dump(exclude={"tags", "filters"}), "tags": tuple(body.tags), "filters": tuple(body.filters)}


def _require_source(services: Services, actor: Actor, source_id: str) -> None:
    if services.metadata.sources.get(actor.team.id, source_id) is None:
        raise BadRequest("sourceId must be an existing source id")


def _require_drawable(filters: Sequence[Any], known: Sequence[Any]) -> None:
    """What is stored already may stay as it is."""
    for index, each in enumerate(filters):
        if each not in known and not (each["type"] == "sql" and is_sidebar_filter(each["condition"])):
            raise BadRequest(
                f"filters[{index}] must be a sidebar-renderable SQL predicate: <column> IN ('value', …), "
                "<column> NOT IN ('value', …) or <column> BETWEEN <number> AND <number>"
            )
