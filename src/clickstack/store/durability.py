"""Making what the engine wrote survive a power cut."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from pathlib import Path

from clickstack.core.errors import StoreFailed
from clickstack.core.log import fields, get_logger

_log = get_logger("store")


class Disk:
    """The filesystem of a directory. Safe from many threads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()  # one at a time: only one of two callers would be told of a failure
        self._failure = ""

    def sync(self) -> None:
        """Return when everything written under the filesystem is on disk. Raises StoreFailed, OSError.

        One call for the hundred files of a new part: `fsync_after_insert` would wait for each of them in turn. A
        failure is for good: the kernel tells of it once, drops what it could not write, and a second try would succeed.
        What was loaded since stays in the spool, and the start that finds parts torn loads them again (mend.py).
        """
        with self._lock:
            if self._failure:
                raise StoreFailed(self._failure)
            try:
                _sync_filesystem(self._directory)
            except StoreFailed as error:
                self._failure = f"{error}: restart the server when the disk is well"
                _log.error("the disk did not take what was loaded", extra=fields(reason=self._failure))
                raise


def _sync_filesystem(directory: Path) -> None:
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
