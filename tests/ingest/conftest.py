"""An ingest room over the real store, with a clock that stands still."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from clickstack.core.clock import FixedClock, SystemClock
from clickstack.core.ids import RandomIds
from clickstack.core.settings import Settings
from clickstack.ingest import Ingest, OtlpGrpc, OtlpHttp, open_ingest
from clickstack.store import Store
from ingest.requests import KEY

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


@pytest.fixture
def otlp_http(ingest: Ingest) -> Iterator[str]:
    """The address of a running OTLP/HTTP receiver that takes KEY."""
    app = OtlpHttp(ingest, lambda key: key == KEY)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def otlp_grpc(ingest: Ingest) -> Iterator[str]:
    """The target of a running OTLP/gRPC receiver that takes KEY."""
    receiver = OtlpGrpc(ingest, lambda key: key == KEY)
    port = receiver.start("127.0.0.1", 0)
    yield f"127.0.0.1:{port}"
    receiver.stop(1)
