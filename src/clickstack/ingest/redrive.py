"""Putting dead letters back into the spool, for the one table that refused them.

By the process that has the directory: a running server, or a command that holds its lock. The new segment's id follows
from the letter's name, so a retry cut off half-way and started again stores nothing twice.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from clickstack.core.errors import BadRequest

from .frame import seal, seed_of
from .projections import PROJECTIONS
from .segment import SUFFIX, Segment, sync_directory, write_durably
from .spool_state import DeadLetter, letters_directory

_ID_CHARS = 24  # as other segments' ids


def redrive(data_dir: Path, letter: DeadLetter) -> Segment | None:
    """Make a segment of a dead letter and remove the letter; returns the segment, or None when it is in the spool
    already. A server that runs adopts it, else the next start finds it.

    A request holds rows of several tables; the others took theirs long ago, so only this table's kind is set. Raises
    BadRequest for a table this version does not know, and OSError.
    """
    kinds = {each.table: each.kind for each in PROJECTIONS[letter.signal]}
    if letter.table not in kinds:
        raise BadRequest(f"{letter.name}: this version has no table {letter.table} for {letter.signal}.")
    note = letters_directory(data_dir) / f"{letter.name}.json"
    request = note.with_suffix(".pb")
    segment_id = hashlib.sha256(letter.name.encode()).hexdigest()[:_ID_CHARS]
    received_ns = int(datetime.fromisoformat(letter.refused_at).timestamp()) * 1_000_000_000
    frame = seal(
        request.read_bytes(),
        seed=seed_of(segment_id),
        received_ns=received_ns,
        kinds=kinds[letter.table],
        records=letter.records,
    )
    data = b"".join(frame)
    spool = data_dir / "spool" / letter.signal
    spool.mkdir(parents=True, exist_ok=True)
    path = spool / f"{segment_id}{SUFFIX}"
    known = path.exists()  # whole, too: it comes here by a rename; a loader may be reading it
    if not known:
        part = path.with_suffix(".part")
        write_durably(part, data)
        part.rename(path)
        sync_directory(spool)
    note.unlink()
    request.unlink()
    sync_directory(note.parent)
    return None if known else Segment(path, segment_id, len(data), letter.records, kinds[letter.table])
