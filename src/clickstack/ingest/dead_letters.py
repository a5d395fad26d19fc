"""Requests that passed the check and that the engine still refuses, kept for people to look at.

Each is two files in `<data_dir>/dead-letters/`: `<name>.pb`, the request as accepted, and `<name>.json`, why.
"""

from __future__ import annotations

from pathlib import Path

import orjson

from clickstack.core.clock import Clock, iso_millis, utc_datetime

from .segment import sync_directory, write_durably
from .signals import SignalName


class DeadLetters:
    """A directory of refused requests. Writing the same one twice keeps one."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def add(self, name: str, signal: SignalName, table: str, records: int, body: bytes, reason: str) -> None:
        """Keep a request, durably. Raises OSError."""
        self._directory.mkdir(parents=True, exist_ok=True)
        note = {
            "signal": signal,
            "table": table,
            "records": records,
            "bytes": len(body),
            "refused_at": iso_millis(utc_datetime(self._clock.now_ns())),
            "reason": reason,
        }
        write_durably(self._directory / f"{name}.pb", body)
        write_durably(self._directory / f"{name}.json", orjson.dumps(note, option=orjson.OPT_INDENT_2))
        sync_directory(self._directory)
