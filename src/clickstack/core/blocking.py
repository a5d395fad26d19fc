"""What waits for a disk or a network does so in a thread, never on an event loop, where everybody would wait."""

from __future__ import annotations

import asyncio


class WouldBlock(Exception):
    """Somebody on an event loop asked for what may have to be waited for, or computes long. Nothing has been done."""


def refuse_on_loop() -> None:
    """Raises WouldBlock in the thread of a running event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise WouldBlock("This waits for a disk or a network, or computes long: call it in a thread.")
