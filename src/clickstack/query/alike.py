"""Texts that are the same but for their numbers, found cheaply: of ten thousand lines of a log mostly some dozens of
kinds remain, and only one of each needs the long look of Drain.

Where the pieces of a text end (drain.py) depends on which characters are digits, not on which digits they are. So one
text of each kind is cut into pieces, and of the others only the numbers are compared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clickstack.core.limits import PATTERN_TEXT_CHARS_MAX

from .drain import Shape, cleaned, split

_NUMBER = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Alike:
    """Texts of one shape; a value in which they differ is None there. `members` are their places in what was given."""

    shape: Shape
    members: list[int]


def alike(texts: Sequence[str]) -> list[Alike]:
    """Texts by kind, in the order in which the first of each comes."""
    looked_at, numbers = list(map(cleaned, texts)), list[tuple[str, ...]]()
    kinds: dict[tuple[bool, tuple[str, ...]], list[int]] = {}
    for at, text in enumerate(looked_at):
        pieces = _NUMBER.split(text)
        numbers.append(tuple(pieces[1::2]))
        kinds.setdefault((_cut(texts[at]), tuple(pieces[::2])), []).append(at)
    found = [
        Alike(replace(each.shape, cut=cut or each.shape.cut), each.members)
        for (cut, _), kind in kinds.items()
        for each in _of_one_kind(kind, looked_at, numbers)
    ]
    return sorted(found, key=lambda each: each.members[0])


def _cut(text: str) -> bool:
    """Whether the text may go on: no more of it was asked for."""
    return len(text) >= PATTERN_TEXT_CHARS_MAX


def _of_one_kind(members: list[int], texts: Sequence[str], numbers: Sequence[tuple[str, ...]]) -> list[Alike]:
    """Numbers in names (`user1=`) are part of the shape: texts that differ in them are not alike."""
    shape = split(texts[members[0]])
    places = _places_of_numbers(shape)
    differ = [len(set(each)) > 1 for each in zip(*(numbers[at] for at in members), strict=True)]
    names = [at for at, place in enumerate(places) if place is None and differ[at]]
    if names:
        apart: dict[tuple[str, ...], list[int]] = {}
        for member in members:
            apart.setdefault(tuple(numbers[member][at] for at in names), []).append(member)
        return [found for group in apart.values() for found in _of_one_kind(group, texts, numbers)]
    values = list(shape.values)
    for place, different in zip(places, differ, strict=False):  # numbers behind the last value are not looked at
        if place is not None and different:
            values[place] = None
    return [Alike(replace(shape, values=values), members)]


def _places_of_numbers(shape: Shape) -> list[int | None]:
    """For each number of a text, in order: the value it is in, None for a name."""
    places: list[int | None] = []
    for at, between in enumerate(shape.between):
        places += [None] * len(_NUMBER.findall(between))
        if at < len(shape.values):
            places += [at] * len(_NUMBER.findall(shape.values[at] or ""))
    return places
