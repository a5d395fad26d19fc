"""What `clickstack spool` does: looking at a data directory's spool and dead letters, and retrying these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from clickstack.core.clock import SystemClock
from clickstack.core.errors import NotFound, StartupError
from clickstack.core.ids import RandomIds
from clickstack.ingest import Ingest
from clickstack.ingest.redrive import redrive
from clickstack.ingest.spool_state import DeadLetter, dead_letters, spool_state

from .data_directory import InUse, locked_data_directory
from .errands import Verb, ask_server

Say = Callable[[str], object]

RETRY = "spool retry"
NO_LETTERS = "No dead letters."


def show_spool(data_dir: Path, say: Say) -> None:
    """What waits to be loaded, by signal, and how many dead letters there are."""
    states = spool_state(_existing(data_dir))
    say(f"{'signal':10}{'segments':>10}{'records':>14}{'bytes':>16}")
    for state in states:
        say(f"{state.signal:10}{state.segments:>10}{state.records:>14}{state.bytes:>16}")
    say(f"dead letters: {len(dead_letters(data_dir))}")


def show_dead_letters(data_dir: Path, say: Say) -> None:
    """Each dead letter and why the table refused it."""
    letters = dead_letters(_existing(data_dir))
    if not letters:
        say(NO_LETTERS)
    for each in letters:
        say(each.name)
        say(f"  {each.refused_at}  {each.signal}  {each.records} records, {each.bytes} bytes")
        say(f"  {each.reason}")


def retry_dead_letters(data_dir: Path, names: Sequence[str], say: Say) -> None:
    """Put letters (all of them when no name is given) back into the spool: by the running server, or for the next one.

    Raises NotFound, BadRequest, Busy, StartupError.
    """
    try:
        with locked_data_directory(_existing(data_dir)):
            chosen = _chosen(dead_letters(data_dir), names)
            for letter in chosen:
                redrive(data_dir, letter)
                say(f"{letter.name}: back in the spool")
            say("The next start of the server loads them." if chosen else NO_LETTERS)
    except InUse:
        clock = SystemClock()
        for line in ask_server(data_dir, RETRY, names, clock, RandomIds(clock)):
            say(line)


def retry_in_server(ingest: Ingest, data_dir: Path) -> Verb:
    """What the running server does when it is asked for a retry."""

    def retry(names: Sequence[str]) -> list[str]:
        chosen = _chosen(dead_letters(data_dir), names)
        for letter in chosen:
            ingest.retry(letter)
        said = [f"{letter.name}: back in the spool" for letter in chosen]
        return [*said, "The server is loading them."] if said else [NO_LETTERS]

    return retry


def _chosen(letters: list[DeadLetter], names: Sequence[str]) -> list[DeadLetter]:
    known = {letter.name: letter for letter in letters}
    for name in names:
        if name not in known:
            raise NotFound(f"There is no dead letter {name}. `clickstack spool dead-letters` lists them.")
    return [known[name] for name in names] if names else letters


def _existing(data_dir: Path) -> Path:
    if not (data_dir / "spool").is_dir():
        raise StartupError(f"{data_dir} is not a data directory of ClickStack. Name it with --data-dir.")
    return data_dir
