"""The filters of a dashboard: what they broadcast, and the variables they are (reference/api-v2.md §7.7)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from clickstack.core.limits import VARIABLE_NAME_CHARS_MAX
from clickstack.query.raw import Variable, variable_name

from ..validation import ObjectId
from ..wire import WireModel
from .dashboard_grammar import Broken, Items, Wire, wrong
from .tile_fields import ABSENT, STORABLE, MetricType, Text

_KEYS_MAX = 50

_Named = Annotated[str, Field(min_length=1), STORABLE]
_VariableName = Annotated[str, Field(max_length=VARIABLE_NAME_CHARS_MAX, pattern=r"^[a-zA-Z][a-zA-Z0-9_]*$")]


class FilterBody(WireModel):
    """A filter of a new dashboard. The only bodies in which an unknown key is a fault."""

    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="forbid", allow_inf_nan=False)

    type: Literal["QUERY_EXPRESSION"]
    name: _Named
    expression: _Named
    source_id: ObjectId
    source_metric_type: MetricType = ABSENT
    where: Text = ABSENT
    where_language: Literal["sql", "lucene"] = "sql"
    applies_to_source_ids: Annotated[list[_Named], Items()] = ABSENT
    is_broadcast_enabled: bool = True
    is_variable_enabled: bool = False
    variable_name: _VariableName = ABSENT

    @model_validator(mode="before")
    @classmethod
    def _few_keys(cls, wire: Any) -> Any:
        """Each unknown key is a fault that takes memory; of very many, the first are told."""
        if isinstance(wire, dict) and len(wire) > _KEYS_MAX:
            first = ", ".join(repr(key)[:_KEYS_MAX] for key in itertools.islice(wire, 3))
            raise wrong(f"Unrecognized key(s) in object: {first}, …")
        return wire


class KeptFilterBody(FilterBody):
    """A filter of a dashboard that is there; one whose id is unknown is new."""

    id: Text


class AnyFilterBody(FilterBody):
    """A filter of either."""

    id: Text = ABSENT


def broken_filters(filters: list[Wire]) -> Iterable[Broken]:
    yield from _broken_names(filters)
    for index, each in enumerate(filters):
        if not _broadcasts(each) and not _is_variable(each):
            text = f'Filter "{each["name"]}" must broadcast its value, be available as a variable, or both'
            yield (index, "isBroadcastEnabled"), text
    for index, each in enumerate(filters):
        if "variableName" in each and not _is_variable(each):
            text = f'Filter "{each["name"]}" sets variableName but is not available as a variable'
            yield (index, "variableName"), text
        if each.get("appliesToSourceIds") and not _broadcasts(each):
            text = f'Filter "{each["name"]}" sets appliesToSourceIds but does not broadcast its value'
            yield (index, "appliesToSourceIds"), text


def variables_of(filters: Iterable[Wire]) -> tuple[Variable, ...]:
    """The variables that tiles may refer to, with nothing chosen."""
    return tuple(Variable(_variable(each), (), each["expression"]) for each in filters if _is_variable(each))


def _broken_names(filters: list[Wire]) -> Iterable[Broken]:
    seen: set[str] = set()
    for index, each in enumerate(filters):
        if not _is_variable(each):
            continue
        name = _variable(each)
        if not name:
            yield (index, "variableName"), f'Variable name is required for filter "{each["name"]}"'
        elif name in seen:
            yield (index, "variableName"), f'Variable names must be unique: "{name}"'
        elif len(name) > VARIABLE_NAME_CHARS_MAX:
            text = f'Variable name is required for filter "{each["name"]}": its own is longer than'
            yield (index, "variableName"), f"{text} {VARIABLE_NAME_CHARS_MAX} characters"
        seen.add(name)


def _variable(each: Wire) -> str:
    return str(each["variableName"] if "variableName" in each else variable_name(each["name"]))


def _is_variable(each: Wire) -> bool:
    return bool(each.get("isVariableEnabled", False))


def _broadcasts(each: Wire) -> bool:
    return bool(each.get("isBroadcastEnabled", True))
