"""Making what the engine wrote survive a power cut."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from clickstack.core.errors import StoreFailed


def sync_filesystem(directory: Path) -> None:
    """Return when everything written under the directory's filesystem is on disk. Raises StoreFailed.

    One call for the hundred files of a new part: `fsync_after_insert` would wait for each of them in turn.
    """
    if sys.platform != "linux":
        os.sync()
        return
    fd = os.open(directory, os.O_RDONLY)
    try:
        if _LIBC.syncfs(fd) != 0:
            raise StoreFailed(f"syncfs failed: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(fd)


_LIBC = ctypes.CDLL(None, use_errno=True)
