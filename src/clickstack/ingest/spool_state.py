"""The spool and the dead letters seen from outside, by reading their files: for the command line.

Safe while a server runs on the same directory: nothing is written, and files that go meanwhile are not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from .segment import SUFFIX, read_frames
from .signals import SIGNAL_NAMES, SignalName


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What waits on disk for one signal."""

    signal: SignalName
    segments: int
    records: int
    bytes: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A request that a table refused. `refused_at` is ISO-8601 UTC."""

    name: str
    signal: SignalName
    table: str
    records: int
    bytes: int
    refused_at: str
    reason: str


def spool_state(data_dir: Path) -> list[SpoolState]:
    """Every signal, in the order of SIGNAL_NAMES."""
    return [_state(name, data_dir / "spool" / name) for name in SIGNAL_NAMES]


def dead_letters(data_dir: Path) -> list[DeadLetter]:
    """Every dead letter, by name. A note without its request, or the other way round, is none."""
    letters = []
    for path in sorted(letters_directory(data_dir).glob("*.json")):
        try:
            note = orjson.loads(path.read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            continue  # gone meanwhile, or torn by a power cut before its request was refused for good
        if path.with_suffix(".pb").exists():
            letters.append(
                DeadLetter(
                    name=path.stem,
                    signal=note["signal"],
                    table=note["table"],
                    records=note["records"],
                    bytes=note["bytes"],
                    refused_at=note["refused_at"],
                    reason=note["reason"],
                )
            )
    return letters


def letters_directory(data_dir: Path) -> Path:
    return data_dir / "dead-letters"


def _state(signal: SignalName, directory: Path) -> SpoolState:
    segments = records = size = 0
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        try:
            found = list(read_frames(path)[1])
        except FileNotFoundError:
            continue  # loaded meanwhile
        segments += 1
        records += sum(frame.records for frame in found)
        size += found[-1].end if found else 0
    return SpoolState(signal, segments, records, size)
