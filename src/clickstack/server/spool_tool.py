"""What `clickstack spool` does: looking at a data directory's spool and dead letters, and retrying these."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from clickstack.core.errors import NotFound, StartupError
from clickstack.ingest.redrive import redrive
from clickstack.ingest.spool_state import DeadLetter, dead_letters, spool_state

from .data_directory import locked_data_directory

Say = Callable[[str], object]


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
        say("No dead letters.")
    for each in letters:
        say(each.name)
        say(f"  {each.refused_at}  {each.signal}  {each.records} records, {each.bytes} bytes")
        say(f"  {each.reason}")


def retry_dead_letters(data_dir: Path, names: Iterable[str], say: Say) -> None:
    """Put letters (all of them when no name is given) back into the spool. Raises StartupError while a server runs."""
    with locked_data_directory(_existing(data_dir)):
        chosen = _chosen(dead_letters(data_dir), list(names))
        for letter in chosen:
            redrive(data_dir, letter)
            say(f"{letter.name}: back in the spool")
    say("The next start of the server loads them." if chosen else "No dead letters.")


def _chosen(letters: list[DeadLetter], names: list[str]) -> list[DeadLetter]:
    known = {letter.name: letter for letter in letters}
    for name in names:
        if name not in known:
            raise NotFound(f"There is no dead letter {name}. `clickstack spool dead-letters` lists them.")
    return [known[name] for name in names] if names else letters


def _existing(data_dir: Path) -> Path:
    if not (data_dir / "spool").is_dir():
        raise StartupError(f"{data_dir} is not a data directory of ClickStack. Name it with --data-dir.")
    return data_dir
