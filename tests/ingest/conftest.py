"""An ingest room over the real store, with a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clickstack.core.clock import FixedClock, SystemClock
from clickstack.core.ids import RandomIds
from clickstack.core.settings import Settings
from clickstack.ingest import Ingest, open_ingest
from clickstack.store import Store

FLUSH_S = 20.0


@pytest.fixture
def segment_ids() -> RandomIds:
    """Real ids: the engine of a test run remembers the tokens of all its tests."""
    return RandomIds(SystemClock())


@pytest.fixture
def ingest(tmp_path: Path, store: Store, clock: FixedClock, segment_ids: RandomIds) -> Iterator[Ingest]:
    opened = open_ingest(tmp_path, store, Settings(data_dir=tmp_path), clock, segment_ids)
    yield opened
    opened.close(FLUSH_S)
