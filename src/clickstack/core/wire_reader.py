"""Reads objects of JSON field by field, and gathers everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .limits import CHART_TEXT_CHARS_MAX, QUERY_RESULT_ROWS_MAX

Wire = Mapping[str, Any]


class WireReader:
    """Reads the fields of one wire object and gathers what is wrong with them, by path. null is as absent."""

    def __init__(self, wire: Any, path: str = "", faults: list[str] | None = None) -> None:
        self.faults: list[str] = [] if faults is None else faults
        self._path = path
        self._wire: Wire = wire if isinstance(wire, Mapping) else {}
        if not isinstance(wire, Mapping):
            self.fault("", f"expected an object, got {type(wire).__name__}")

    def fault(self, key: str, message: str) -> None:
        where = ".".join(part for part in (self._path, key) if part)
        self.faults.append(f"{where}: {message}" if where else message)

    def has(self, key: str) -> bool:
        return self._wire.get(key) is not None

    def get(self, key: str) -> Any:
        return self._wire.get(key)

    def text(self, key: str, chars_max: int = CHART_TEXT_CHARS_MAX) -> str:
        value = self._wire.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.fault(key, "expected a text")
            return ""
        if len(value) > chars_max:
            self.fault(key, f"longer than {chars_max} characters")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self._wire.get(key)
        if value is not None and not isinstance(value, bool):
            self.fault(key, "expected true or false")
        return value if isinstance(value, bool) else default

    def whole(self, key: str) -> int | None:
        value = self._wire.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= QUERY_RESULT_ROWS_MAX:
            self.fault(key, f"expected a whole number from 0 to {QUERY_RESULT_ROWS_MAX}")
            return None
        return value

    def number(self, key: str, least: float, most: float) -> float | None:
        value = self._wire.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            self.fault(key, f"expected a number from {least} to {most}")
            return None
        return float(value)

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> Any:
        value = self._wire.get(key)
        if value is None or value in choices:
            return default if value is None else value
        self.fault(key, f"expected one of {', '.join(filter(None, choices))}")
        return default

    def mapping(self, key: str) -> Wire | None:
        value = self._wire.get(key)
        if value is not None and not isinstance(value, Mapping):
            self.fault(key, "expected an object")
            return None
        return value

    def inner(self, key: str) -> WireReader:
        return WireReader(self._wire.get(key), f"{self._path}.{key}".lstrip("."), self.faults)

    def items(self, key: str, least: int, most: int, *, texts: bool = False) -> list[WireReader]:
        """The objects of a list; with `texts`, a text stands for an object with this `valueExpression`."""
        value = self._wire.get(key)
        if value is None:
            value = []
        if not isinstance(value, list):
            self.fault(key, "expected a list")
            return []
        if not least <= len(value) <= most:
            self.fault(key, f"expected {least} to {most} items, got {len(value)}" if most else "not for this display")
            return []
        path = f"{self._path}.{key}".lstrip(".")
        return [
            WireReader(
                {"valueExpression": each} if texts and isinstance(each, str) else each, f"{path}.{at}", self.faults
            )
            for at, each in enumerate(value)
        ]
