"""What a command asks of the server that has the data directory: files in `<data_dir>/errands`, asked and answered.

The engine and the spool belong to one process, so a command that finds them taken leaves a note. Whoever may write
there may do anything to the data anyway: there is no other key. A note is a rename away from being complete, its answer
too; notes that nobody waits for any more are cleared when a server starts.

    <id>.errand   {"verb": "spool retry", "arguments": ["…"]}
    <id>.answer   {"lines": ["…"]} or {"error": "…"}
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import orjson

from clickstack.core.clock import Clock
from clickstack.core.errors import BadRequest, Busy, Exposed
from clickstack.core.ids import IdSource
from clickstack.core.limits import ERRAND_WAIT_S
from clickstack.core.log import fields, get_logger
from clickstack.core.threads import join_within

Verb = Callable[[Sequence[str]], Sequence[str]]  # arguments → lines to print; raises Exposed

_log = get_logger("server")
_LOOK_S = 0.2
_ERRAND, _ANSWER = ".errand", ".answer"


class Errands:
    """The server's side: does what the notes say, one after the other, inside its `with` block."""

    def __init__(self, data_dir: Path, verbs: Mapping[str, Verb]) -> None:
        self._directory = data_dir / "errands"
        self._verbs = verbs
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="errands", daemon=True)

    def __enter__(self) -> Self:
        """Raises OSError."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        for path in self._directory.iterdir():
            path.unlink(missing_ok=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        join_within([self._thread])

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_S):
            try:
                for path in sorted(self._directory.glob(f"*{_ERRAND}")):
                    self._do(path)
            except OSError as error:  # a full disk, say: the one who asked gives up, others come
                _log.warning("errand failed", extra=fields(reason=str(error)))

    def _do(self, path: Path) -> None:
        note = path.read_bytes()
        path.unlink()  # first: an errand is done at most once
        try:
            errand = orjson.loads(note)
            verb, arguments = str(errand["verb"]), errand["arguments"]
        except (ValueError, LookupError, TypeError):
            _log.warning("errand failed", extra=fields(reason=f"{path.name} is no errand"))
            return
        try:
            if verb not in self._verbs:
                raise BadRequest(f"The running server knows no {verb!r}: it is of another version.")
            answer: dict[str, object] = {"lines": list(self._verbs[verb](arguments))}
        except Exposed as error:
            answer = {"error": error.message}
        except Exception:
            _log.exception("errand failed", extra=fields(verb=verb))
            answer = {"error": "The server failed at it: its log has the cause."}
        _write(path.with_suffix(_ANSWER), answer)


def ask_server(
    data_dir: Path, verb: str, arguments: Sequence[str], clock: Clock, ids: IdSource, wait_s: float = ERRAND_WAIT_S
) -> list[str]:
    """Have the running server do something; its answer's lines. Raises BadRequest with its refusal, Busy, OSError."""
    errand = data_dir / "errands" / f"{ids.object_id()}{_ERRAND}"
    answer = errand.with_suffix(_ANSWER)
    if not errand.parent.is_dir():
        raise Busy("The server that has the data directory is not ready, or of a version that cannot be asked.")
    _write(errand, {"verb": verb, "arguments": list(arguments)})
    deadline_s = clock.monotonic_s() + wait_s
    pause = threading.Event()
    while not answer.exists():
        if clock.monotonic_s() > deadline_s:
            taken = not errand.exists()
            errand.unlink(missing_ok=True)
            raise Busy(f"The server did not answer in {wait_s:g} s{': it is still at it' if taken else ''}.")
        pause.wait(_LOOK_S / 4)
    reply = orjson.loads(answer.read_bytes())
    answer.unlink()
    if "error" in reply:
        raise BadRequest(reply["error"])
    return [str(line) for line in reply["lines"]]


def _write(path: Path, content: object) -> None:
    part = path.with_suffix(".part")
    part.write_bytes(orjson.dumps(content))
    part.rename(path)
