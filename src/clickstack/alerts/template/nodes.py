"""What a template is made of. Frozen."""

from __future__ import annotations

from dataclasses import dataclass


class TemplateError(ValueError):
    """A template that cannot be understood. `position` is a 0-based offset into its text."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} (at character {position + 1})")
        self.position = position


@dataclass(frozen=True, slots=True)
class Path:
    """`a.b`, `this`, `../a`, `@index`: `ups` levels of blocks upwards, then the keys; `data` is an `@` name."""

    keys: tuple[str, ...]
    ups: int = 0
    data: bool = False


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | float | bool | None


@dataclass(frozen=True, slots=True)
class Call:
    """A helper with arguments: `eq a b`, alone or in parentheses."""

    helper: str
    arguments: tuple[Expression, ...]


Expression = Path | Literal | Call


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Output:
    expression: Expression


@dataclass(frozen=True, slots=True)
class Block:
    """`{{#helper args}}then{{else}}otherwise{{/helper}}`."""

    helper: str
    arguments: tuple[Expression, ...]
    then: tuple[Node, ...]
    otherwise: tuple[Node, ...]


Node = Text | Output | Block

# Helpers and how many arguments each takes.
BLOCK_HELPERS = {"if": 1, "unless": 1, "each": 1, "with": 1, "is_match": 2}
CALL_HELPERS = {"eq": 2, "ne": 2, "gt": 2, "gte": 2, "lt": 2, "lte": 2, "and": 2, "or": 2, "not": 1}
