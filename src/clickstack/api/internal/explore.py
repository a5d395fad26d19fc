"""What exploring asks: keys, values, facets."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator

from clickstack.core.chart import Filter, Language
from clickstack.core.limits import FACETS_MAX, VALUES_DEFAULT, VALUES_MAX
from clickstack.query import Reader
from clickstack.query.events import Scope
from clickstack.query.facets import Facets, find_facets
from clickstack.query.keys import Key, KeyList, find_keys
from clickstack.query.values import ValueList, Wanted, find_values

from ..wire import WireModel
from .exploring import Route, ScopeBody, Text, explore_router

KeyText = Annotated[str, Field(min_length=1, max_length=1_000)]


class ValuesBody(ScopeBody):
    key: KeyText
    prefix: str = Field(default="", max_length=1_000)
    contains: str = Field(default="", max_length=1_000)
    limit: int = Field(default=VALUES_DEFAULT, ge=1, le=VALUES_MAX)


class SelectedBody(WireModel):
    """A filter that was chosen in the list of a key."""

    key: KeyText
    where: Text
    where_language: Language = "lucene"


class FacetsBody(ScopeBody):
    """Each of `selected` narrows the lists of all keys but its own."""

    keys: list[KeyText] = Field(min_length=1, max_length=FACETS_MAX)
    selected: list[SelectedBody] = Field(default_factory=list, max_length=FACETS_MAX)
    limit: int = Field(default=VALUES_DEFAULT, ge=1, le=VALUES_MAX)

    @field_validator("selected")
    @classmethod
    def _one_for_each_key(cls, selected: list[SelectedBody]) -> list[SelectedBody]:
        if len({each.key for each in selected}) < len(selected):
            raise ValueError("a key is there twice; write both filters as one")
        return selected


def _keys(reader: Reader, scope: Scope, _body: ScopeBody, query_id: str) -> KeyList:
    return find_keys(reader, scope, query_id)


def _values(reader: Reader, scope: Scope, body: ValuesBody, query_id: str) -> ValueList:
    return find_values(reader, scope, body.key, body.limit, Wanted(body.prefix, body.contains), query_id)


def _facets(reader: Reader, scope: Scope, body: FacetsBody, query_id: str) -> Facets:
    selected = {each.key: Filter(each.where, each.where_language) for each in body.selected}
    return find_facets(reader, scope, body.keys, body.limit, selected, query_id)


def _keys_wire(found: KeyList) -> dict[str, Any]:
    return {
        "keys": [_key_wire(key) for key in found.keys],
        "truncated": found.truncated,
        "estimated": found.estimated,
    }


def _key_wire(key: Key) -> dict[str, Any]:
    return {
        "name": key.name,
        "column": key.column,
        "attribute": key.attribute,
        "type": key.type,
        "facet": key.facet,
        "count": key.count,
    }


def _values_wire(found: ValueList) -> dict[str, Any]:
    return {
        "key": found.key,
        "values": [{"value": value, "count": count} for value, count in found.values],
        "truncated": found.truncated,
        "estimated": found.estimated,
        "method": found.method,
    }


def _facets_wire(found: Facets) -> dict[str, Any]:
    return {"facets": [_values_wire(facet) for facet in found.facets]}


router = explore_router(
    (
        Route("/keys", ScopeBody, _keys, _keys_wire),
        Route("/values", ValuesBody, _values, _values_wire),
        Route("/facets", FacetsBody, _facets, _facets_wire),
    )
)
