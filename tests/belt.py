"""No run may hang: who hears no news for too long shows what all its threads are doing, and ends.

News is the start of a test, the end of one of its phases (setup, call, teardown with the teardown of what its module or
the session shared), and the end of everything. The processes that run tests hear their own news, the one that leads
them hears all. pytest's own `faulthandler_timeout` will not do: it lets go as soon as a test has failed, of what comes
between two tests and of what comes after the last.
"""

from __future__ import annotations

import faulthandler
import os

import pytest

PHASE_S_MAX = 240  # the longest takes half a minute on a slow machine
CYCLE_S_MAX = 20  # of a crash test, besides
LEADER_S_MORE = 120  # who runs the tests shall be the one to say where it hangs; another then goes on in its place


class Belt:
    """A plugin. The watch is a thread of C: it needs no interpreter that is alive."""

    def __init__(self, config: pytest.Config) -> None:
        # Here and not later: during tests what is written to stderr is caught.
        self._stderr = os.fdopen(os.dup(2), "wb", buffering=0, closefd=False)
        self._limit_s = PHASE_S_MAX + CYCLE_S_MAX * int(config.getoption("--cycles"))
        self._led = hasattr(config, "workerinput")
        if not self._led and config.getoption("numprocesses", None):
            self._limit_s += LEADER_S_MORE
        self._watch()

    def _watch(self) -> None:
        faulthandler.dump_traceback_later(self._limit_s, exit=True, file=self._stderr)

    def pytest_runtest_logstart(self) -> None:
        self._watch()

    def pytest_runtest_logreport(self) -> None:
        self._watch()

    @pytest.hookimpl(trylast=True)
    def pytest_exception_interact(self) -> None:
        self._watch()  # pytest itself has just stopped it

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Who is led now waits for the others; who does not end then is killed by the one that leads."""
        if self._led:
            faulthandler.cancel_dump_traceback_later()
        else:
            self._watch()
