"""Parts of a segment that a table refused whole.

A part is loaded from a file of its own under a token of its own, `<segment>-<first>-<end>`; the parts are always the
same halves, so that loading them again stores nothing twice. A marker beside the segment says, through restarts, that
this table takes parts: whole and parts together would store rows twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .frame import Frame, body_of
from .segment import Segment, open_frames, sync_directory

MARKER, PIECE = ".refused", ".piece"


@dataclass(frozen=True, slots=True)
class Piece:
    """Requests [first, end) of a segment."""

    first: int
    end: int

    @property
    def single(self) -> bool:
        return self.end - self.first == 1

    def halves(self) -> tuple[Piece, Piece]:
        middle = (self.first + self.end) // 2
        return Piece(self.first, middle), Piece(middle, self.end)


class Pieces:
    """A segment as a table that refused it sees it."""

    def __init__(self, segment: Segment, table: str) -> None:
        self._segment = segment
        self._marker = segment.path.with_name(f"{segment.id}.{table}{MARKER}")
        self._file = segment.path.with_suffix(PIECE)

    def begun(self) -> bool:
        return self._marker.exists()

    def begin(self) -> None:
        """From now on this table takes parts of the segment only."""
        self._marker.touch()
        sync_directory(self._marker.parent)

    def all(self) -> Piece:
        with open_frames(self._segment.path) as (_, frames):
            return Piece(0, sum(1 for _ in frames))

    def token(self, piece: Piece) -> str:
        return f"{self._segment.id}-{piece.first}-{piece.end}"

    @contextmanager
    def file(self, piece: Piece) -> Iterator[Path]:
        """A file with the requests of a piece."""
        with open_frames(self._segment.path) as (data, frames):
            chosen = list(frames)[piece.first : piece.end]
            self._file.write_bytes(data[chosen[0].start : chosen[-1].end])
        try:
            yield self._file
        finally:
            self._file.unlink(missing_ok=True)

    def request(self, piece: Piece) -> tuple[Frame, bytes]:
        """The one request of a single piece."""
        with open_frames(self._segment.path) as (data, frames):
            frame = list(frames)[piece.first]
            return frame, body_of(data, frame)
