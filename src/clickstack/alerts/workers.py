"""Threads that do not hold up the end of the program.

Those of `concurrent.futures` are waited for when the interpreter ends: a receiver that hangs would keep the server from
stopping. Whatever these were doing then is begun again after the next start.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Workers:
    def __init__(self, count: int, name: str) -> None:
        self._tasks: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{index}", daemon=True) for index in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: Callable[[], R]) -> Future[R]:
        future: Future[R] = Future()
        self._tasks.put((future, task))
        return future

    def map(self, task: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """The results in the order of the items, each as soon as it and those before it are there."""
        for future in [self.submit(lambda item=item: task(item)) for item in items]:  # type: ignore[misc]
            yield future.result()

    def close(self) -> None:
        """Take no more; do not wait."""
        for _ in self._threads:
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, run = task
            try:
                future.set_result(run())
            except BaseException as error:
                future.set_exception(error)
