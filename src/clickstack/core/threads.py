"""The end of threads: a server that stops waits for its own, but not for ever."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from .limits import STOP_WAIT_S
from .log import fields, get_logger

_log = get_logger("server")


def join_within(threads: Sequence[threading.Thread], timeout_s: float = STOP_WAIT_S) -> bool:
    """Wait for each so long; False, with a line in the log, when some are left running. They must be daemons."""
    for thread in threads:
        thread.join(timeout_s)
    left = [thread.name for thread in threads if thread.is_alive()]
    if left:
        _log.warning("left running", extra=fields(reason=f"{', '.join(left)} did not end within {timeout_s:g} s"))
    return not left
