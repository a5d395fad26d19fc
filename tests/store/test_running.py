"""Queries that can be stopped, without an engine."""

from __future__ import annotations

import threading

import pytest

from clickstack.core.errors import Cancelled
from clickstack.store.running import Running


def test_stopping_a_query_holds_up_no_other() -> None:
    running, killing, killed = Running(), threading.Event(), threading.Event()

    def slow_kill(_mark: str) -> None:
        killing.set()
        assert killed.wait(10)

    with running.asked("one"), running.on("connection 1", "one"):
        stopping = threading.Thread(target=running.cancel, args=("one", slow_kill), daemon=True)
        stopping.start()
        assert killing.wait(10)
        answered = threading.Event()

        def another() -> None:
            with running.asked("two"), running.on("connection 2", "two"):
                assert running.mark("two") == "connection 2"
            answered.set()

        threading.Thread(target=another, daemon=True).start()
        assert answered.wait(5)
        killed.set()
        stopping.join(10)


def test_a_connection_does_not_pass_on_while_its_query_is_stopped() -> None:
    running, marks = Running(), []
    with running.asked("one"):
        with running.on("connection 1", "one"):
            assert running.cancel("one", marks.append)
        assert running.cancel("one", marks.append)  # between two queries of one work there is nothing to kill
        with pytest.raises(Cancelled), running.on("connection 2", "one"):
            pass
    assert marks == ["connection 1"]
    assert not running.cancel("one", marks.append)
