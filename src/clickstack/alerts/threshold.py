"""Thresholds: when a value breaches, and how the relation is said (reference/alerts-and-teams.md §1.2, §3.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from clickstack.core.alert import RANGE_TYPES, ThresholdType


@dataclass(frozen=True, slots=True)
class Threshold:
    """`limit_max` is set for the two range kinds and only there; both ends belong to the range."""

    kind: ThresholdType
    limit: float
    limit_max: float | None = None

    def __post_init__(self) -> None:
        if (self.kind in RANGE_TYPES) != (self.limit_max is not None):
            raise ValueError(f"thresholdMax belongs to between and not_between, and only there (got {self.kind})")

    def breached_by(self, value: float) -> bool:
        return _RELATIONS[self.kind].holds(value, self.limit, self.limit if self.limit_max is None else self.limit_max)

    def sentence(self, value: float) -> str:
        """`10 meets or exceeds 5`: the value, how it stands to the threshold, the threshold."""
        return f"{self.shown(value)} {self.phrase(value)} {self.text}"

    def phrase(self, value: float) -> str:
        relation = _RELATIONS[self.kind]
        return relation.breached if self.breached_by(value) else relation.recovered

    @property
    def text(self) -> str:
        """`5`, or `5 and 7` for a range."""
        numbers = [self.limit] if self.limit_max is None else [self.limit, self.limit_max]
        return " and ".join(_plain(number) for number in numbers)

    def shown(self, value: float) -> str:
        """The value with as many decimals as the threshold has, half away from zero.

        >>> Threshold("above", 1.5).shown(10.123)
        '10.1'
        """
        decimals = max(0, -_exponent(Decimal(_plain(self.limit))))
        number = Decimal(repr(float(value)))
        if not number.is_finite():
            return repr(float(value))
        return f"{number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):f}"


@dataclass(frozen=True, slots=True)
class _Relation:
    holds: Callable[[float, float, float], bool]
    breached: str
    recovered: str


# `above` includes its limit and `below` does not: alerts written for the reference must not change their meaning.
_RELATIONS: dict[ThresholdType, _Relation] = {
    "above": _Relation(lambda value, low, _: value >= low, "meets or exceeds", "falls below"),
    "above_exclusive": _Relation(lambda value, low, _: value > low, "exceeds", "falls to or below"),
    "below": _Relation(lambda value, low, _: value < low, "falls below", "meets or exceeds"),
    "below_or_equal": _Relation(lambda value, low, _: value <= low, "falls to or below", "exceeds"),
    "equal": _Relation(lambda value, low, _: value == low, "equals", "does not equal"),
    "not_equal": _Relation(lambda value, low, _: value != low, "does not equal", "equals"),
    "between": _Relation(lambda value, low, high: low <= value <= high, "falls between", "falls outside"),
    "not_between": _Relation(lambda value, low, high: not low <= value <= high, "falls outside", "falls between"),
}


def _plain(number: float) -> str:
    """The shortest text of a number, without an exponent: `5`, `0.0000001`."""
    return f"{Decimal(repr(float(number))).normalize():f}"


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
