"""A segment: an append-only file of frames that becomes one INSERT per table.

    <id>.segment           being written (the last in its folder), or closed and waiting to be loaded
    <id>.<table>.refused   a marker: this table takes it in pieces (pieces.py)

The id is the deduplication token: it never comes back, and it stays the same through restarts, so that loading a
segment again after a crash stores nothing twice.
"""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .frame import Frame, scan, seed_of

SUFFIX = ".segment"


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
            marker.unlink(missing_ok=True)


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
        self._path = directory / (id + SUFFIX)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            sync_directory(directory)
        except OSError:
            os.close(self._fd)
            raise

    def append(self, pieces: Sequence[bytes]) -> None:
        """Write and make durable. Raises OSError, after which nothing of it is in the file (or the file is closed)."""
        try:
            written = _write(self._fd, b"".join(pieces))
            _sync(self._fd)
        except (OSError, MemoryError):
            # After a failed fsync the kernel may have dropped the pages: only what was durable before counts.
            os.ftruncate(self._fd, self.bytes)
            os.lseek(self._fd, self.bytes, os.SEEK_SET)
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


def recover(directory: Path) -> list[Segment]:
    """The segments an earlier run left, oldest first, torn tails cut, empty ones and leavings removed."""
    segments = []
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        with open_frames(path) as (_, found):
            frames = list(found)
        end = frames[-1].end if frames else 0
        if end < path.stat().st_size:
            _cut(path, end)
        kinds = 0
        for frame in frames:
            kinds |= frame.kinds
        if frames:
            segments.append(Segment(path, path.stem, end, sum(frame.records for frame in frames), kinds))
    alive = {segment.id for segment in segments}
    for path in directory.iterdir():
        if path.name.split(".")[0] not in alive:
            path.unlink()
    sync_directory(directory)
    return segments


@contextmanager
def open_frames(path: Path) -> Iterator[tuple[memoryview, Iterator[Frame]]]:
    """The bytes of a segment and its whole frames."""
    if path.stat().st_size == 0:
        yield memoryview(b""), iter(())
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        view = memoryview(mapped)
        try:
            yield view, scan(view, seed_of(path.stem))
        finally:
            view.release()


def write_durably(path: Path, data: bytes) -> None:
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
