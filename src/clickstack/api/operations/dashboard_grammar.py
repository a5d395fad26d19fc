"""How the bodies of dashboards are checked, beyond what pydantic's own types say (reference/api-v2.md §2).

Faults of two kinds: a structural one (missing, wrong type, no such choice) ends the check of the objects around it;
a broken bound does not, so the rules of an object still run and add their own faults.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, PydanticKnownError, core_schema

from clickstack.core.errors import BadRequest
from clickstack.core.limits import BODY_ITEMS_MAX

from ..validation import Issue, PathPart, issues_of, message_of
from ..wire import WireModel

Broken = tuple[tuple[PathPart, ...], str]
"""A rule that does not hold: where, seen from the object it is a rule of, and the text."""

Rules = Callable[[Any], Iterable[Broken]]
Wire = dict[str, Any]


class InvalidBody(BadRequest):
    """A body that is wrong in itself. `issues` for wires that list them; the message is v2's."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__(message_of(issues))
        self.issues = tuple(issues)


def read(model: type[BaseModel], body: object) -> Wire:
    """The body as wire values: only what was sent, without what the model does not know. Raises InvalidBody."""
    try:
        parsed = model.model_validate(body)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors(include_url=False)]
        raise InvalidBody(issues_of(faults, body)) from None
    return parsed.model_dump(by_alias=True, exclude_unset=True)


class RuledModel(WireModel):
    """A body with rules over several of its fields."""

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:  # noqa: ARG003  # for the models below
        """The rules that do not hold for an object whose structure is sound; defaults are not filled in."""
        return ()

    @model_validator(mode="wrap")
    @classmethod
    def _ruled(cls, wire: Any, handler: Callable[[Any], Any]) -> Any:
        return _checked(wire, handler, [], cls.broken_rules)


@dataclass(frozen=True)
class Items:
    """An annotation of a list: how many items, and rules over them. Its own faults come before those of the items.

    A list of very many is not looked into: each item may have faults, and each fault takes memory.
    """

    least: int = 0
    most: int = BODY_ITEMS_MAX
    rules: Rules | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        bounds = {"minItems": self.least, "maxItems": self.most} if self.least else {"maxItems": self.most}
        return {**handler(schema), **bounds}

    def _check(self, wire: Any, handler: Callable[[Any], Any]) -> Any:
        if isinstance(wire, list) and len(wire) > max(self.most, BODY_ITEMS_MAX):
            raise _many(self._length_faults(wire, STRUCTURAL))  # rules around it would meet unchecked items
        faults = self._length_faults(wire, RULE)
        return _checked(wire, handler, faults, self.rules)

    def _length_faults(self, wire: Any, kind: str) -> list[InitErrorDetails]:
        if not isinstance(wire, list):
            return []
        length = len(wire)
        if self.least <= length <= self.most:
            return []
        if self.least == self.most:
            return [_line(f"Array must contain exactly {self.least} element(s)", wire, kind=kind)]
        if length < self.least:
            return [_line(f"Array must contain at least {self.least} element(s)", wire, kind=kind)]
        return [_line(f"Array must contain at most {self.most} element(s)", wire, kind=kind)]


@dataclass(frozen=True)
class Variants:
    """An annotation of an object that is one of several models, told apart by the text under `key`."""

    key: str
    models: Mapping[str, type[BaseModel]]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        distinct = dict.fromkeys(self.models.values())
        return {"oneOf": [handler(model.__pydantic_core_schema__) for model in distinct]}

    def read(self, wire: Any) -> Any:
        if not isinstance(wire, dict):
            raise PydanticKnownError("model_type", {"class_name": "object"})
        tag = wire.get(self.key)
        model = self.models.get(tag) if isinstance(tag, str) else None
        if model is None:
            choices = " | ".join(f"'{name}'" for name in self.models)
            raise _many([_line(f"Invalid discriminator value. Expected {choices}", tag, (self.key,), STRUCTURAL)])
        return model.__pydantic_validator__.validate_python(wire)


def wrong(text: str) -> PydanticCustomError:
    """A broken bound of a single value."""
    return PydanticCustomError(RULE, cast(Any, text))


def misfit(text: str = "Invalid input") -> PydanticCustomError:
    """A single value of the wrong kind."""
    return PydanticCustomError(STRUCTURAL, cast(Any, text))


RULE, STRUCTURAL = "rule", "structure"

# What does not end the check of the objects around it.
_BOUNDS = frozenset(
    {RULE, "value_error", "string_too_short", "string_too_long", "string_pattern_mismatch", "extra_forbidden"}
    | {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
)


def _is_bound(fault: Mapping[str, Any]) -> bool:
    return fault["type"] in _BOUNDS or (fault["type"] == "int_type" and isinstance(fault["input"], float))


def _checked(wire: Any, handler: Callable[[Any], Any], first: list[InitErrorDetails], rules: Rules | None) -> Any:
    """What the handler makes of it, or all faults: `first`, the handler's, the rules' if the structure is sound."""
    value, faults = None, first
    try:
        value = handler(wire)
    except ValidationError as error:
        known = error.errors(include_url=False)
        if not all(map(_is_bound, known)):
            if not first:
                raise
            rules = None
        faults = [*first, *map(_again, known)]
    if rules is not None:
        faults = [*faults, *(_line(text, wire, path) for path, text in rules(wire))]
    if faults:
        raise _many(faults)
    return value


def _again(fault: Mapping[str, Any]) -> InitErrorDetails:
    """A fault that pydantic reported, in the form in which it takes one."""
    kind = fault["type"]
    if kind in (RULE, STRUCTURAL):
        return _line(fault["msg"], fault["input"], fault["loc"], kind)
    return InitErrorDetails(type=kind, loc=fault["loc"], input=fault["input"], ctx=fault.get("ctx", {}))


def _line(text: str, wire: Any, path: tuple[PathPart, ...] = (), kind: str = RULE) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError(cast(Any, kind), cast(Any, text)), loc=path, input=wire)


def _many(lines: list[InitErrorDetails]) -> ValidationError:
    return ValidationError.from_exception_data("body", lines)
