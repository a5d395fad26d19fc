"""One Chromium under Playwright, with an end to all waiting.

Playwright waits without a limit for whatever a page computes, and for the end of every process that holds Chromium's
output when it is closed. Two of them it cannot even kill, Chromium's crash handlers, which leave its group. Here every
such step has a limit; when it is over, Playwright's driver is killed and Chromium goes with it, the step ends at once,
and who comes next gets a new Chromium.
"""

from __future__ import annotations

import contextlib
import os
import signal
from asyncio.subprocess import Process

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

from program import unless_done_after

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
CLOSE_S_MAX = 20.0


class Chromium:
    """Playwright keeps an event loop running in this thread while it is open."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._driver: Process | None = None
        self._killed = False

    def browser(self) -> Browser:
        """The running browser, or a new one in the place of one that is gone."""
        if self._browser is None or self._killed or not self._browser.is_connected():
            self.close()
            manager = sync_playwright()
            self._playwright = manager.start()
            self._driver = manager._client._transport._proc  # type: ignore[union-attr]
            self._browser = self._playwright.chromium.launch(executable_path=self._path, args=FLAGS, timeout=60_000)
        return self._browser

    def within(self, limit_s: float) -> contextlib.AbstractContextManager[None]:
        """What takes longer fails, with everything else Playwright has open."""
        return unless_done_after(limit_s, self._kill)

    def close(self) -> None:
        """Raises nothing: who is killed is closed too."""
        with self.within(CLOSE_S_MAX), contextlib.suppress(Error):
            if self._browser is not None:
                self._browser.close()
        with self.within(CLOSE_S_MAX):
            if self._playwright is not None:
                self._playwright.stop()
        self._playwright = self._browser = self._driver = None
        self._killed = False

    def _kill(self) -> None:
        """The driver, and with it the pipe that Chromium lives on."""
        if self._driver is not None:
            self._killed = True
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._driver.pid, signal.SIGKILL)
