"""Reading what is usually remembered: a thread is taken only when it is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

from clickstack.core.blocking import WouldBlock

P = ParamSpec("P")
T = TypeVar("T")


async def promptly(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns, or raises: here and now where it asks nobody it would have to wait for, else from a thread.

    A thread and back take 0.3 ms beside a busy engine. `work` changes nothing before it may have to wait.
    """
    try:
        return work(*args, **kwargs)
    except WouldBlock:
        return await run_in_threadpool(work, *args, **kwargs)
