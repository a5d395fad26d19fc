"""A segment: an append-only file of frames that becomes one INSERT per table.

    <id>.segment           being written (the last in its folder), or closed and waiting to be loaded
    <id>.<table>.refused   a marker: this table takes it in pieces (pieces.py)
    <id>.damaged           as it was found when requests in it were harmed on disk; nobody needs it but people

The id is the deduplication token: it never comes back, and it stays the same through restarts, so that loading a
segment again after a crash stores nothing twice.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clickstack.core.log import fields, get_logger

from .frame import Frame, resume, scan, seal, seed_of

SUFFIX, DAMAGED = ".segment", ".damaged"

_log = get_logger("ingest")


@dataclass(frozen=True, slots=True)
class Segment:
    """A closed segment. `kinds` says which rows it may hold; `quiet` that its load is not worth a line in the log."""

    path: Path
    id: str
    bytes: int
    records: int
    kinds: int
    quiet: bool = False

    def delete(self) -> None:
        """Remove the segment, then its markers: a marker alone is harmless."""
        self.path.unlink(missing_ok=True)
        for marker in self.path.parent.glob(f"{self.id}.*"):
            if marker.suffix != DAMAGED:
                marker.unlink(missing_ok=True)

    def is_gone(self) -> bool:
        """Whether somebody removed the file."""
        try:
            self.path.stat()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return False

    def trim(self) -> None:
        """Cut what a disk that failed left behind the durable requests. Raises OSError."""
        if self.path.stat().st_size > self.bytes:
            _cut(self.path, self.bytes)


class OpenSegment:
    """The segment being written. Not thread-safe: the spool's committer owns it."""

    def __init__(self, directory: Path, id: str, opened_s: float) -> None:
        self.id = id
        self.seed = seed_of(id)
        self.opened_s = opened_s
        self.bytes = 0
        self.records = 0
        self.kinds = 0
        self.quiet = True
        self.failed = False
        self._path = directory / (id + SUFFIX)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            sync_directory(directory)
        except OSError:
            os.close(self._fd)
            raise

    def append(self, pieces: Sequence[bytes]) -> None:
        """Write and make durable. Raises OSError, after which nothing of it counts.

        Then `failed` says whether the file must be closed: what the kernel made of the pages of a failed fsync, and
        where the end is after a failed cut, is not known. `Segment.trim` cuts what is left behind the end.
        """
        try:
            written = _write(self._fd, b"".join(pieces))
            self.failed = True
            _sync(self._fd)
            self.failed = False
        except (OSError, MemoryError):
            at_end = self._cut_back()
            self.failed = self.failed or not at_end
            raise
        self.bytes += written

    def add(self, records: int, kinds: int, quiet: bool) -> None:
        """Remember what a written request holds."""
        self.records += records
        self.kinds |= kinds
        self.quiet = self.quiet and quiet

    def close(self) -> Segment | None:
        """The closed segment; None (and no file) when nothing was ever written to it.

        A disk that fails here takes nothing: what counts was durable before, and the next start removes empty files.
        """
        with suppress(OSError):
            os.close(self._fd)
        if self.bytes == 0:
            with suppress(OSError):
                self._path.unlink()
            return None
        return Segment(self._path, self.id, self.bytes, self.records, self.kinds, self.quiet)

    def _cut_back(self) -> bool:
        """Whether the end is where it was before the last write."""
        try:
            os.ftruncate(self._fd, self.bytes)
            os.lseek(self._fd, self.bytes, os.SEEK_SET)
        except OSError:
            return False
        return True


def recover(directory: Path) -> list[Segment]:
    """The segments an earlier run left, oldest first, mended; empty ones and leavings are removed. Raises OSError."""
    segments = []
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        if frames := salvage(path):
            kinds = 0
            for frame in frames:
                kinds |= frame.kinds
            segments.append(Segment(path, path.stem, frames[-1].end, sum(frame.records for frame in frames), kinds))
    alive = {segment.id for segment in segments}
    for path in directory.iterdir():
        if path.is_file() and path.suffix != DAMAGED and path.name.split(".")[0] not in alive:
            path.unlink()
    sync_directory(directory)
    return segments


def salvage(path: Path) -> list[Frame]:
    """Make a segment whole frames and nothing else; returns them. Raises OSError.

    A tail that was torn, and so never acknowledged, is cut. A request harmed on disk (a flipped bit, a lost sector)
    becomes an empty one, so that those behind it keep their numbers; the file as it was stays beside.
    """
    seed = seed_of(path.stem)
    data, found = read_frames(path)
    pieces: list[bytes] = []
    harmed = start = 0
    while True:
        end = max((frame.end for frame in found), default=start)
        pieces.append(bytes(data[start:end]))
        next_start = resume(data, end, seed)
        if next_start is None:
            break
        harmed += next_start - end
        pieces += seal(b"", seed=seed, received_ns=0, kinds=0, records=0)
        start, found = next_start, scan(data, seed, next_start)
    if harmed:
        _log.error("requests in the spool are damaged", extra=fields(segment=path.stem, bytes=harmed))
        write_durably(path.with_suffix(DAMAGED), data)
        fresh = path.with_suffix(".part")
        write_durably(fresh, b"".join(pieces))
        fresh.replace(path)
        sync_directory(path.parent)
    elif end < len(data):
        _log.warning("torn tail cut", extra=fields(segment=path.stem, bytes=len(data) - end))
        _cut(path, end)
    return list(read_frames(path)[1])


def read_frames(path: Path) -> tuple[memoryview, Iterator[Frame]]:
    """The bytes of a segment and its whole frames. Raises OSError.

    Read and not mapped: a disk that fails under a mapping kills the process.
    """
    data = memoryview(path.read_bytes())
    return data, scan(data, seed_of(path.stem))


def write_durably(path: Path, data: bytes | memoryview) -> None:
    """Write a whole file. Its directory is the caller's to sync."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_directory(directory: Path) -> None:
    """Make creations and renames in a directory survive power loss."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _cut(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)
        os.fsync(file.fileno())


def _write(fd: int, data: bytes) -> int:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    return len(data)


if sys.platform == "darwin":
    import fcntl

    def _sync(fd: int) -> None:
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)  # fsync there stops at the drive's cache

else:

    def _sync(fd: int) -> None:
        os.fdatasync(fd)  # size included; times are not worth a journal write
