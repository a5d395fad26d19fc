"""Which row is which: a name that stays while parts merge, also good as the place to read on from.

MergeTree tables keep, for each row, the number of the block it came in and its place there; with its time that is
unique and finds the row by reading one granule. Other tables (views, Distributed) name a row by a hash of its values,
so two rows alike in everything share a name.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clickstack.core.errors import BadRequest
from clickstack.core.sql import Param, Sql
from clickstack.store import TableSchema

NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class RowKey:
    """A row's time in nanoseconds since 1970 and what tells it from others of the same time."""

    time_ns: int
    rest: tuple[int, ...]

    @property
    def time_ms(self) -> int:
        return self.time_ns // NS_PER_MS

    def encode(self) -> str:
        text = ".".join(map(str, (self.time_ns, *self.rest)))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @staticmethod
    def decode(text: str, what: str) -> RowKey:
        """Raises BadRequest for what `encode` did not make."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
            time_ns, *rest = (_unsigned(part) for part in raw.split("."))
        except (binascii.Error, ValueError):
            raise BadRequest(f"{what}: not a value this API gave out") from None
        if len(rest) not in (1, 2):
            raise BadRequest(f"{what}: not a value this API gave out")
        return RowKey(time_ns, tuple(rest))


KEY_NAMES = ("__row_time", "__row_1", "__row_2")  # what the parts of a key are selected as


@dataclass(frozen=True, slots=True)
class Identity:
    """How rows of one table are told apart. `columns` break ties between rows of the same time."""

    time: Sql
    columns: tuple[Sql, ...]

    @property
    def selected(self) -> tuple[Sql, ...]:
        """What to select, last, so that `key` can read it back."""
        return tuple(
            Sql.of(sql, f" AS {name}") for sql, name in zip((self._time_ns, *self.columns), KEY_NAMES, strict=False)
        )

    @property
    def newest_first(self) -> Sql:
        return Sql.of("ORDER BY ", Sql.join([Sql.of(sql, " DESC") for sql in (self.time, *self.columns)], ", "))

    @property
    def oldest_first(self) -> Sql:
        return Sql.of("ORDER BY ", Sql.join((self.time, *self.columns), ", "))

    def key(self, row: Sequence[Any]) -> RowKey:
        """The key at the end of a row that has `selected`."""
        time_ns, *rest = row[-1 - len(self.columns) :]
        return RowKey(time_ns, tuple(rest))

    def is_row(self, key: RowKey) -> Sql:
        self._check(key)
        ties = [Sql.of(sql, " = ", _number(part)) for sql, part in zip(self.columns, key.rest, strict=True)]
        return Sql.join([Sql.of(self.time, " = ", _moment(key)), *ties], " AND ")

    def older_than(self, key: RowKey) -> Sql:
        """The rows after `key` in newest-first order."""
        return self._beyond(key, "<")

    def newer_than(self, key: RowKey) -> Sql:
        """The rows before `key` in newest-first order."""
        return self._beyond(key, ">")

    def _beyond(self, key: RowKey, side: str) -> Sql:
        self._check(key)
        here = Sql.join(self.columns, ", ")
        there = Sql.join([_number(part) for part in key.rest], ", ")
        tie = Sql.of("tuple(", here, f") {side} tuple(", there, ")")
        time = self.time
        return Sql.of("(", time, f" {side} ", _moment(key), " OR (", time, " = ", _moment(key), " AND ", tie, "))")

    @property
    def _time_ns(self) -> Sql:
        return Sql.of("toUnixTimestamp64Nano(toDateTime64(", self.time, ", 9))")

    def _check(self, key: RowKey) -> None:
        if len(key.rest) != len(self.columns):
            raise BadRequest("The row or cursor belongs to another source.")


def identity(schema: TableSchema, time: Sql) -> Identity:
    if schema.sorting_key:  # the MergeTree family
        return Identity(time, (Sql.of("_block_number"), Sql.of("_block_offset")))
    return Identity(time, (Sql.of("cityHash64(*)"),))


def _moment(key: RowKey) -> Sql:
    return Sql.of("fromUnixTimestamp64Nano(", Param(key.time_ns, "Int64"), ", 'UTC')")


def _number(part: int) -> Sql:
    return Sql.of(Param(part, "UInt64"))


def _unsigned(text: str) -> int:
    if not text.isdigit() or len(text) > 20 or int(text) >= 1 << 64:
        raise ValueError(text)
    return int(text)
