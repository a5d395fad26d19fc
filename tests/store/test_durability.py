"""What the disk did not take is never said to be on it."""

from __future__ import annotations

import ctypes
import errno
from pathlib import Path

import pytest

from clickstack.core.errors import StoreFailed
from clickstack.store import durability


class _Libc:
    def __init__(self, failures: int) -> None:
        self._failures = failures

    def syncfs(self, fd: int) -> int:
        """As the kernel: an error is told once."""
        self._failures -= 1
        ctypes.set_errno(errno.EIO)
        return 0 if self._failures < 0 else -1


def test_a_failed_sync_is_not_made_good_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durability.sys, "platform", "linux")
    monkeypatch.setattr(durability, "_LIBC", _Libc(failures=1))
    disk = durability.Disk(tmp_path)
    for _ in range(2):
        with pytest.raises(StoreFailed, match="Input/output error"):
            disk.sync()
    durability.Disk(tmp_path).sync()


def test_a_file_too_many_is_no_failure_of_the_disk(tmp_path: Path) -> None:
    disk = durability.Disk(tmp_path / "later")
    with pytest.raises(OSError, match="later"):
        disk.sync()
    (tmp_path / "later").mkdir()
    disk.sync()
