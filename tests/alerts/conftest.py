"""No test of alerts leaves a thread behind: it would work on in the next test, with a database that is gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

PATIENCE_S = 15  # threads end when the receiver they wait for has answered


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline_s = time.monotonic() + PATIENCE_S
    while left := [each for each in threading.enumerate() if each not in before]:
        assert time.monotonic() < deadline_s, f"threads are left: {sorted(each.name for each in left)}"
        time.sleep(0.01)
