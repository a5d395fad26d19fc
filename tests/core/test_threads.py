"""A thread that lasts holds nobody up."""

from __future__ import annotations

import threading

from clickstack.core.threads import join_within


def test_what_lasts_is_left() -> None:
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait, args=(30,), name="loader", daemon=True)
    thread.start()
    assert not join_within([thread], 0.01)
    go_on.set()
    assert join_within([thread], 30)
