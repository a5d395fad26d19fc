"""The words the shop is described in: a `Work` is one span, with what it calls, what it logs and how it can fail.

Texts and attribute values may name a field of the shopper in braces, as in `order {order_id} placed`; `Field("amount")`
stands for the value itself. `walk.py` performs a Work; `shop.py` is the table of all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .incidents import Planned
from .signals import Severity, SpanKind, Value


class Field(NamedTuple):
    """Stands for a value of the shopper, with its type."""

    name: str


class Template:
    """Attributes with the constant ones put aside, so that filling costs only the others."""

    __slots__ = ("_constant", "_fields", "_texts")

    def __init__(self, values: Mapping[str, Value | Field]) -> None:
        self._constant: dict[str, Value] = {}
        self._texts: list[tuple[str, str]] = []
        self._fields: list[tuple[str, str]] = []
        for key, value in values.items():
            if isinstance(value, Field):
                self._fields.append((key, value.name))
            elif isinstance(value, str) and "{" in value:
                self._texts.append((key, value))
            else:
                self._constant[key] = value

    def fill(self, shopper: Mapping[str, Value]) -> dict[str, Value]:
        """A new mapping with every field in its place."""
        filled = dict(self._constant)
        for key, text in self._texts:
            filled[key] = text.format_map(shopper)
        for key, name in self._fields:
            filled[key] = shopper[name]
        return filled


EMPTY = Template({})


@dataclass(frozen=True, slots=True)
class Say:
    """A log line written when a span ends. A `Template` body is written as JSON text.

    `always` lines are written when the work failed, too, and then with a severity that says so.
    """

    severity: Severity
    body: str | Template
    attributes: Template = EMPTY
    chance: float = 1.0
    always: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to fail: an exception that ends the span and everything that waits for it.

    `status` is the HTTP status it becomes, `code` the gRPC one; below 500 it is the client's fault, no error of the
    server. `planned` and `version` restrict it to an incident and to one version of the service.
    """

    chance: float
    type: str
    message: str
    status: int = 500
    code: str = "INTERNAL"
    severity: Severity = "ERROR"
    planned: Planned | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Slowness:
    """During an incident the work itself takes about this long."""

    planned: Planned
    median_ms: float


@dataclass(frozen=True, slots=True)
class Call:
    """A call made by a work: how often (0 to 1), and whether the caller can do without the answer."""

    work: Work
    chance: float = 1.0
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """One span of a service, `median_ms` being its own time without its calls.

    An empty `service` means: in the process of the caller. `caller` describes the client span of the process that
    calls, if it has one. `status_key` is the attribute that carries the answer's status. `consumers` are the works a
    message sets off, each in a trace of its own that links back.
    """

    service: str
    name: str
    kind: SpanKind
    scope: str
    median_ms: float
    attributes: Template
    spread: float = 0.35
    caller: tuple[str, str, Template] | None = None
    calls: tuple[Call, ...] = ()
    at_once: bool = False
    says: tuple[Say, ...] = ()
    faults: tuple[Fault, ...] = ()
    slowness: Slowness | None = None
    status_key: str = ""
    consumers: tuple[Work, ...] = ()
