"""What is wrong with a request, in the words of the published API (reference/api-v2.md §2).

pydantic finds the faults; one table turns each of its error types into a text and a code clients already know. v2
joins the texts into one message, internal routes list the issues (reference/internal-routes.md §1.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ValidationError

from clickstack.core.ids import OBJECT_ID

PathPart = str | int
Fault = Mapping[str, Any]  # one error as pydantic reports it: type, loc, msg, input, ctx


@dataclass(frozen=True, slots=True)
class Issue:
    """One fault: where (`part` is Body, Params or Query), the path inside, a code and a text."""

    part: str
    path: tuple[PathPart, ...]
    code: str
    text: str


PARTS = ("Body", "Params", "Query", "Headers")
_PART_OF = {"body": "Body", "path": "Params", "query": "Query", "header": "Headers", "cookie": "Headers"}


def issues_of(faults: Iterable[Fault], body: object = None) -> list[Issue]:
    """The issues behind pydantic's errors, by part, in the order of declaration.

    `body` is what was validated: it tells keys of the request from the union tags pydantic puts into locations.
    """
    issues = [_issue(fault, body) for fault in faults]
    return _merge_extra_keys(sorted(issues, key=lambda issue: PARTS.index(issue.part)))


def message_of(issues: Sequence[Issue]) -> str:
    """All issues as one line: `Body validation failed: name: Required; Params validation failed: id: …`."""
    parts = []
    for part in PARTS:
        texts = [_line(issue) for issue in issues if issue.part == part]
        if texts:
            parts.append(f"{part} validation failed: {'; '.join(texts)}")
    return "; ".join(parts)


def array_of(issues: Sequence[Issue]) -> list[dict[str, Any]]:
    """All issues as internal routes report them: one object per part."""
    return [
        {
            "type": part,
            "errors": {
                "issues": [
                    {"code": issue.code, "path": list(issue.path), "message": issue.text}
                    for issue in issues
                    if issue.part == part
                ],
                "name": "ZodError",  # the literal existing clients look for
            },
        }
        for part in PARTS
        if any(issue.part == part for issue in issues)
    ]


def faults_of(model: type[BaseModel], body: object) -> list[dict[str, Any]]:
    """What is wrong with a body that a handler read itself, as FastAPI reports it."""
    try:
        model.model_validate(body)
    except ValidationError as error:
        return [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
    return []


def rule_fault(field: str, text: str) -> dict[str, Any]:
    """A fault found by a rule of our own, as FastAPI reports it; without the value, which may be a secret."""
    return {
        "type": "value_error",
        "loc": ("body", field),
        "msg": text,
        "input": None,
        "ctx": {"error": ValueError(text)},
    }


def _object_id(text: str) -> str:
    if not OBJECT_ID.fullmatch(text.lower()):
        raise ValueError("Invalid ObjectId")
    return text.lower()


ObjectId = Annotated[str, AfterValidator(_object_id)]
"""An id: 24 hex digits of either case, read as lower case."""

ObjectIdPath = Annotated[ObjectId, Path()]
"""The same in a path."""


def _line(issue: Issue) -> str:
    return f"{'.'.join(map(str, issue.path))}: {issue.text}" if issue.path else issue.text


def _issue(fault: Fault, body: object) -> Issue:
    first, *rest = fault["loc"]
    part = _PART_OF.get(str(first), "Body")
    path = _request_path(rest, body) if part == "Body" else tuple(rest)
    code, text = _TEXTS.get(fault["type"], ("custom", _message))
    if fault["type"] == "extra_forbidden":
        return Issue(part, path, code, repr(rest[-1]))
    if fault["type"] in ("union_tag_invalid", "union_tag_not_found"):
        path = (*path, fault["ctx"]["discriminator"].strip("'"))
    return Issue(part, path, code, text(fault))


def _request_path(location: Sequence[PathPart], body: Any) -> tuple[PathPart, ...]:
    """The location without union tags: steps that lead nowhere in the request, except the last, which may be missing.

    >>> _request_path(("tiles", 0, "line", "name"), {"tiles": [{}]})
    ('tiles', 0, 'name')
    """
    path: list[PathPart] = []
    for index, step in enumerate(location):
        if _leads_on(body, step):
            path.append(step)
            body = body[step]
        elif index == len(location) - 1 and isinstance(body, dict):
            path.append(step)
    return tuple(path)


def _leads_on(body: object, step: PathPart) -> bool:
    if isinstance(body, dict):
        return step in body
    return isinstance(body, list) and isinstance(step, int) and step < len(body)


def _merge_extra_keys(issues: list[Issue]) -> list[Issue]:
    """Unknown keys of one object are one issue at that object."""
    merged: dict[tuple[str, tuple[PathPart, ...]], list[str]] = {}
    result: list[Issue] = []
    for issue in issues:
        if issue.code != "unrecognized_keys":
            result.append(issue)
            continue
        where = (issue.part, issue.path[:-1])
        if where not in merged:
            merged[where] = []
            result.append(Issue(issue.part, where[1], issue.code, ""))
        merged[where].append(issue.text)
    return [
        Issue(
            each.part, each.path, each.code, f"Unrecognized key(s) in object: {', '.join(merged[each.part, each.path])}"
        )
        if each.code == "unrecognized_keys"
        else each
        for each in result
    ]


# --- texts ------------------------------------------------------------------------------------------------------


def _required(_fault: Fault) -> str:
    return "Required"


def _expected(wanted: str) -> Callable[[Fault], str]:
    return lambda fault: f"Expected {wanted}, received {_kind(fault['input'])}"


def _integer(fault: Fault) -> str:
    wanted_whole = isinstance(fault["input"], float)
    return "Expected integer, received float" if wanted_whole else _expected("number")(fault)


def _kind(value: object) -> str:
    """What a JSON value is called, in the words of the published API."""
    if value is None:
        return "null"
    for type_, name in _KINDS:
        if isinstance(value, type_):
            return name
    return type(value).__name__


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "number"),
    (float, "number"),
    (str, "string"),
    (bytes, "string"),
    (list, "array"),
    (dict, "object"),
)


def _bound(pattern: str, name: str) -> Callable[[Fault], str]:
    return lambda fault: pattern.format(_number(fault["ctx"][name]))


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|[^\s,']+")


def _choices(text: str) -> list[str]:
    """The choices in pydantic's `'a', 'b' or 'c'`."""
    return [choice for choice in _QUOTED.findall(text) if choice != "or"]


def _choice(fault: Fault) -> str:
    choices, given = _choices(fault["ctx"]["expected"]), fault["input"]
    wanted = " | ".join(choices)
    if len(choices) == 1:
        return f"Invalid literal value, expected {wanted.replace(chr(39), chr(34))}"
    if not isinstance(given, str):
        return f"Expected {wanted}, received {_kind(given)}"
    return f"Invalid enum value. Expected {wanted}, received '{given}'"


def _discriminator(fault: Fault) -> str:
    tags = _choices(fault["ctx"].get("expected_tags", ""))  # pydantic names them only for a tag that is there
    return f"Invalid discriminator value. Expected {' | '.join(tags)}" if tags else "Required"


def _fixed(text: str) -> Callable[[Fault], str]:
    return lambda _fault: text


def _message(fault: Fault) -> str:
    """The text of a rule of our own (a ValueError), or pydantic's when the table has no row."""
    error = fault.get("ctx", {}).get("error")
    return str(error) if isinstance(error, Exception) else str(fault["msg"])


# pydantic error type → (code, text)
_TEXTS: dict[str, tuple[str, Callable[[Fault], str]]] = {
    "missing": ("invalid_type", _required),
    "string_type": ("invalid_type", _expected("string")),
    "int_type": ("invalid_type", _integer),
    "float_type": ("invalid_type", _expected("number")),
    "bool_type": ("invalid_type", _expected("boolean")),
    "list_type": ("invalid_type", _expected("array")),
    "tuple_type": ("invalid_type", _expected("array")),
    "dict_type": ("invalid_type", _expected("object")),
    "model_type": ("invalid_type", _expected("object")),
    "model_attributes_type": ("invalid_type", _expected("object")),
    "int_from_float": ("invalid_type", _fixed("Expected integer, received float")),
    "int_parsing": ("invalid_type", _fixed("Expected number, received nan")),
    "float_parsing": ("invalid_type", _fixed("Expected number, received nan")),
    "bool_parsing": ("invalid_type", _fixed("Expected boolean, received string")),
    "finite_number": ("invalid_type", _fixed("Expected number, received nan")),
    "literal_error": ("invalid_enum_value", _choice),
    "enum": ("invalid_enum_value", _choice),
    "union_tag_invalid": ("invalid_union_discriminator", _discriminator),
    "union_tag_not_found": ("invalid_union_discriminator", _discriminator),
    "string_too_short": ("too_small", _bound("String must contain at least {} character(s)", "min_length")),
    "string_too_long": ("too_big", _bound("String must contain at most {} character(s)", "max_length")),
    "too_short": ("too_small", _bound("Array must contain at least {} element(s)", "min_length")),
    "too_long": ("too_big", _bound("Array must contain at most {} element(s)", "max_length")),
    "greater_than_equal": ("too_small", _bound("Number must be greater than or equal to {}", "ge")),
    "greater_than": ("too_small", _bound("Number must be greater than {}", "gt")),
    "less_than_equal": ("too_big", _bound("Number must be less than or equal to {}", "le")),
    "less_than": ("too_big", _bound("Number must be less than {}", "lt")),
    "string_unicode": ("invalid_string", _fixed("Invalid")),  # half a character
    "string_pattern_mismatch": ("invalid_string", _fixed("Invalid")),
    "url_parsing": ("invalid_string", _fixed("Invalid url")),
    "url_scheme": ("invalid_string", _fixed("Invalid url")),
    "datetime_parsing": ("invalid_string", _fixed("Invalid datetime")),
    "datetime_from_date_parsing": ("invalid_string", _fixed("Invalid datetime")),
    "timezone_aware": ("invalid_string", _fixed("Invalid datetime")),
    "extra_forbidden": ("unrecognized_keys", _required),
    "value_error": ("custom", _message),
}
