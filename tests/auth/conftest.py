"""An Auth over a fresh database, with hashes cheap enough for tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from clickstack.auth import Auth, Passwords
from clickstack.core.clock import FixedClock
from clickstack.core.ids import SequentialIds
from clickstack.metadata import Metadata, open_metadata


@pytest.fixture
def metadata(tmp_path: Path, clock: FixedClock, ids: SequentialIds) -> Iterator[Metadata]:
    opened = open_metadata(f"sqlite:///{tmp_path / 'metadata.sqlite'}", clock, ids)
    yield opened
    opened.close()


@pytest.fixture
def auth(metadata: Metadata, clock: FixedClock, ids: SequentialIds) -> Auth:
    return Auth(metadata, clock, ids, Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))
