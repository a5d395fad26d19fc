"""Remote write requests for tests, small and readable."""

from __future__ import annotations

import struct
from typing import Any

from clickstack.ingest.remote_write import WriteRequest

NOW_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
STALE = struct.pack("<Q", 0x7FF0000000000002)  # a staleness marker, as it lies in a message


def write_request(*samples: tuple[dict[str, str], float], at_ms: int = NOW_MS) -> bytes:
    """A request with one series for each (labels, value)."""
    request: Any = WriteRequest()
    for labels, value in samples:
        series = request.timeseries.add()
        for name in sorted(labels):
            series.labels.add(name=name, value=labels[name])
        series.samples.add(value=value, timestamp=at_ms)
    data: bytes = request.SerializeToString()
    return data
