"""Nodes and a view → text. Values are data: they are never read as templates again."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clickstack.core.limits import TEMPLATE_OUTPUT_CHARS_MAX, TEMPLATE_STEPS_MAX

from .nodes import Block, Call, Expression, Literal, Node, Output, Path, Text


@dataclass(frozen=True, slots=True)
class Template:
    nodes: tuple[Node, ...]

    def render(self, view: Mapping[str, Any], escape: Callable[[str], str] = str) -> str:
        """The text. What the view lacks is empty; what would grow past the limits is cut.

        `escape` is applied to every value, never to the template's own text.
        """
        run = _Run(escape)
        with contextlib.suppress(_Spent):
            _write(self.nodes, (_Scope(view),), run)
        return "".join(run.parts)


@dataclass(frozen=True, slots=True)
class _Scope:
    this: Any
    data: Mapping[str, Any] = field(default_factory=dict)


class _Spent(Exception):
    """The rendering has taken what it may."""


@dataclass(slots=True)
class _Run:
    escape: Callable[[str], str]
    parts: list[str] = field(default_factory=list)
    chars: int = 0
    steps: int = 0

    def add(self, text: str) -> None:
        text = text[: TEMPLATE_OUTPUT_CHARS_MAX - self.chars]
        self.chars += len(text)
        self.parts.append(text)

    def step(self) -> None:
        """One more node or value. Raises _Spent when it was enough."""
        self.steps += 1
        if self.chars >= TEMPLATE_OUTPUT_CHARS_MAX or self.steps > TEMPLATE_STEPS_MAX:
            raise _Spent


_Scopes = tuple[_Scope, ...]  # outermost first


def _write(nodes: Sequence[Node], scopes: _Scopes, run: _Run) -> None:
    for node in nodes:
        run.step()
        match node:
            case Text():
                run.add(node.text)
            case Output():
                run.add(run.escape(text_of(_value(node.expression, scopes, run))))
            case Block():
                arguments = [_value(each, scopes, run) for each in node.arguments]
                _BLOCKS[node.helper](node, arguments, scopes, run)


def _write_if(block: Block, arguments: list[Any], scopes: _Scopes, run: _Run) -> None:
    _write(block.then if truthy(arguments[0]) else block.otherwise, scopes, run)


def _write_unless(block: Block, arguments: list[Any], scopes: _Scopes, run: _Run) -> None:
    _write(block.otherwise if truthy(arguments[0]) else block.then, scopes, run)


def _write_with(block: Block, arguments: list[Any], scopes: _Scopes, run: _Run) -> None:
    if truthy(arguments[0]):
        _write(block.then, (*scopes, _Scope(arguments[0])), run)
    else:
        _write(block.otherwise, scopes, run)


def _write_each(block: Block, arguments: list[Any], scopes: _Scopes, run: _Run) -> None:
    items = arguments[0]
    pairs: list[tuple[Any, Any]]
    if isinstance(items, Mapping):
        pairs = list(items.items())
    elif isinstance(items, Sequence) and not isinstance(items, str):
        pairs = list(enumerate(items))
    else:
        pairs = []
    if not pairs:
        _write(block.otherwise, scopes, run)
    for index, (key, item) in enumerate(pairs):
        run.step()
        data = {"index": index, "key": key, "first": index == 0, "last": index == len(pairs) - 1}
        _write(block.then, (*scopes, _Scope(item, data)), run)


def _write_is_match(block: Block, arguments: list[Any], scopes: _Scopes, run: _Run) -> None:
    """`{{#is_match "attributes.service" "api"}}`: the path is text and looked up in the outermost view."""
    path, wanted = arguments
    found = _look_up(scopes[0].this, tuple(str(path).split(".")))
    _write(block.then if found == wanted else block.otherwise, scopes, run)


_BLOCKS: dict[str, Callable[[Block, list[Any], _Scopes, _Run], None]] = {
    "if": _write_if,
    "unless": _write_unless,
    "with": _write_with,
    "each": _write_each,
    "is_match": _write_is_match,
}


def _value(expression: Expression, scopes: _Scopes, run: _Run) -> Any:
    run.step()
    match expression:
        case Literal():
            return expression.value
        case Call():
            return _CALLS[expression.helper](*(_value(each, scopes, run) for each in expression.arguments))
        case Path():
            return _of_path(expression, scopes)


def _of_path(path: Path, scopes: _Scopes) -> Any:
    if path.ups >= len(scopes):
        return None
    scope = scopes[-1 - path.ups]
    if path.data:
        holder = next((each for each in reversed(scopes) if path.keys[0] in each.data), None)
        return None if holder is None else holder.data[path.keys[0]]
    found = _look_up(scope.this, path.keys)
    if found is None and path.keys and not path.ups:  # inside a block the outer view is in sight
        found = _look_up(scopes[0].this, path.keys)
    return found


def _look_up(value: Any, keys: tuple[str, ...]) -> Any:
    """Only keys of mappings and places of lists; never an attribute of an object. `a.b` may be one key."""
    for index, key in enumerate(keys):
        if isinstance(value, Mapping):
            whole = ".".join(keys[index:])
            if whole in value:
                return value[whole]
            value = value.get(key)
        elif isinstance(value, Sequence) and not isinstance(value, str) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def truthy(value: Any) -> bool:
    """As Handlebars: false, null, zero, an empty text and an empty list are false."""
    return bool(value)


def text_of(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case Mapping():
            return "[object Object]"
        case list() | tuple():
            return ",".join(text_of(each) for each in value)
        case _:
            return str(value)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(left: Any, right: Any) -> bool:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        texts = isinstance(left, str) and isinstance(right, str)
        return (numbers or texts) and compare(left, right)

    return holds


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and left == right


_CALLS: dict[str, Callable[..., Any]] = {
    "eq": _same,
    "ne": lambda left, right: not _same(left, right),
    "gt": _ordered(operator.gt),
    "gte": _ordered(operator.ge),
    "lt": _ordered(operator.lt),
    "lte": _ordered(operator.le),
    "and": lambda left, right: truthy(left) and truthy(right),
    "or": lambda left, right: truthy(left) or truthy(right),
    "not": lambda value: not truthy(value),
}
