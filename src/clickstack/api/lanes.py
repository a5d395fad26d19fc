"""Threads of their own for what strangers can make slow, so that the API's threads stay free for everything else."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from clickstack.core.errors import Busy
from clickstack.core.limits import LOGINS_WAITING_MAX, OIDC_AT_ONCE, OIDC_WAITING_MAX, PASSWORD_HASHES_AT_ONCE

Result = TypeVar("Result")


class Lane:
    """`at_once` calls run, up to `waiting_max` wait without holding a thread; whoever comes then is Busy at once."""

    def __init__(self, name: str, at_once: int, waiting_max: int) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix=name)
        self._inside_max = at_once + waiting_max
        self._inside = 0
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], Result]) -> Result:
        """Raises Busy, and whatever the work raises."""
        with self._lock:
            if self._inside >= self._inside_max:
                raise Busy("Too many people are signing in at once. Try again in a few seconds.", retry_after_s=5)
            job = self._threads.submit(contextvars.copy_context().run, work)
            self._inside += 1
        job.add_done_callback(lambda _: self._leave())  # also of work whose caller went away
        return await asyncio.wrap_future(job)

    def _leave(self) -> None:
        with self._lock:
            self._inside -= 1


SIGN_INS = Lane("sign-in", PASSWORD_HASHES_AT_ONCE, LOGINS_WAITING_MAX)
OIDC_SIGN_INS = Lane("oidc", OIDC_AT_ONCE, OIDC_WAITING_MAX)
