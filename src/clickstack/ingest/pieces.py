"""Parts of a segment that a table refused whole.

A part is loaded from a file of its own under a token of its own, `<segment>-<first>-<end>`. Rows are stored once only
if a part that was split stays split and a part that was stored is not split, whatever the table does later: halves
have other tokens. So the verdicts are written to a marker beside the segment: `split 0-8` before a half is loaded,
`stored 0-4` after it is, `dead 5-6` when it lies in dead letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from .frame import Frame, body_of
from .segment import Segment, read_frames, salvage, sync_directory, write_durably

Verdict = Literal["split", "stored", "dead"]

_LINE = re.compile(r"^(split|stored|dead) (\d+)-(\d+)\n", re.MULTILINE)  # of a torn line nothing counts

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

    def __str__(self) -> str:
        return f"{self.first}-{self.end}"


class Pieces:
    """A segment as a table that refused it sees it."""

    def __init__(self, segment: Segment, table: str) -> None:
        self._segment = segment
        self._marker = segment.path.with_name(f"{segment.id}.{table}{MARKER}")
        self._file = segment.path.with_suffix(PIECE)
        self._verdicts: dict[Piece, Verdict] = {}
        for verdict, first, end in _LINE.findall(self._marker.read_text(errors="replace") if self.begun else ""):
            self._verdicts[Piece(int(first), int(end))] = cast("Verdict", verdict)

    @property
    def begun(self) -> bool:
        """Whether the table refused the whole segment before."""
        return self._marker.exists()

    def begin(self) -> None:
        """Remember that the table refused the whole segment, for ever. Was it harmed on disk, it is mended first."""
        salvage(self._segment.path)
        self._write()

    def all(self) -> list[Piece]:
        """The parts to begin with."""
        whole = Piece(0, sum(1 for _ in read_frames(self._segment.path)[1]))
        return [whole] if whole.single else list(whole.halves())

    def verdict(self, piece: Piece) -> Verdict | None:
        """What became of a part; None while it is to be loaded."""
        return self._verdicts.get(piece)

    def settle(self, piece: Piece, verdict: Verdict) -> None:
        """Remember what became of a part, for ever."""
        self._verdicts[piece] = verdict
        self._write()

    def dead_records(self) -> int:
        records = [frame.records for frame in read_frames(self._segment.path)[1]]
        return sum(records[piece.first] for piece, verdict in self._verdicts.items() if verdict == "dead")

    def token(self, piece: Piece) -> str:
        return f"{self._segment.id}-{piece}"

    @contextmanager
    def file(self, piece: Piece) -> Iterator[Path]:
        """A file with the requests of a piece."""
        data, frames = read_frames(self._segment.path)
        chosen = list(frames)[piece.first : piece.end]
        self._file.write_bytes(data[chosen[0].start : chosen[-1].end])
        try:
            yield self._file
        finally:
            self._file.unlink(missing_ok=True)

    def request(self, piece: Piece) -> tuple[Frame, bytes]:
        """The one request of a single piece."""
        data, frames = read_frames(self._segment.path)
        frame = list(frames)[piece.first]
        return frame, body_of(data, frame)

    def _write(self) -> None:
        """Write the marker anew: a line appended to it may be torn by a full disk or a power cut."""
        lines = [f"{verdict} {piece}\n" for piece, verdict in self._verdicts.items()]
        fresh = self._marker.with_suffix(".part")
        write_durably(fresh, "".join(lines).encode())
        fresh.replace(self._marker)
        sync_directory(self._marker.parent)
