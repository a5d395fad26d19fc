"""The directory that holds everything, and the lock that keeps a second server out."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from clickstack.core.errors import StartupError


class InUse(StartupError):
    """Another process has the directory."""


@contextlib.contextmanager
def locked_data_directory(path: Path) -> Iterator[Path]:
    """The directory, made if need be and held by this process until the block ends. Raises StartupError, InUse.

    The lock is the kernel's (flock): it goes with the process, however that ends, so no stale lock can remain.
    """
    path = path.expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700) if path.stat().st_uid == os.geteuid() and not any(path.iterdir()) else None
        lock = (path / "lock").open("a+b", buffering=0)
    except OSError as error:
        raise StartupError(f"The data directory {path} cannot be written: {error.strerror}.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().decode().strip() or "unknown"
            raise InUse(
                f"The data directory {path} is in use by another ClickStack (process {holder}): "
                "stop it, or choose another directory with --data-dir."
            ) from None
        with contextlib.suppress(OSError):  # a full disk: what needs the room says so, or does without
            lock.truncate(0)
            lock.write(str(os.getpid()).encode())
        yield path
