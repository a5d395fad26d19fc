"""Threads of tests: who waits for them waits for a bounded time."""

from __future__ import annotations

import threading


def joined(*threads: threading.Thread, within_s: float = 60) -> None:
    """Wait for all of them to end; who is not ready in time fails the test."""
    for thread in threads:
        thread.join(within_s)
    assert [thread.name for thread in threads if thread.is_alive()] == []


def in_parallel(*threads: threading.Thread, within_s: float = 60) -> None:
    """Start all of them and wait for their ends."""
    for thread in threads:
        thread.start()
    joined(*threads, within_s=within_s)
