"""Ingestion's counts among the server's own metrics."""

from __future__ import annotations

from typing import Any, cast

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from clickstack.ingest import BOUNDS_S, DurationCounts, Ingest, SignalCounters
from clickstack.server.ingest_metrics import observe_ingest

NOTHING = DurationCounts((0,) * (len(BOUNDS_S) + 1), 0.0)
TEN_OF_A_MS = DurationCounts((0, 10, *NOTHING.counts[2:]), 0.02)


class StandInIngest:
    def counters(self) -> dict[str, SignalCounters]:
        return {"logs": SignalCounters(30, 4_500, 1, 6, 7, 20, 3, 2, TEN_OF_A_MS, NOTHING)}

    def spool_bytes(self) -> int:
        return 4096


def test_every_count_is_a_metric() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    observe_ingest(provider.get_meter("test"), cast(Ingest, StandInIngest()))
    data = cast(Any, reader.get_metrics_data())
    found = {
        metric.name: [(dict(point.attributes), point.value) for point in metric.data.data_points]
        for metric in data.resource_metrics[0].scope_metrics[0].metrics
    }
    logs = {"signal": "logs"}
    assert found == {
        "clickstack.ingest.accepted": [(logs, 30)],
        "clickstack.ingest.accepted.size": [(logs, 4_500)],
        "clickstack.ingest.loaded": [(logs, 20)],
        "clickstack.ingest.rejected": [(logs, 1)],
        "clickstack.ingest.rejected.records": [(logs, 6)],
        "clickstack.ingest.dead_letters": [(logs, 3)],
        "clickstack.ingest.failed_loads": [(logs, 2)],
        "clickstack.ingest.queued": [(logs, 7)],
        "clickstack.ingest.spool.size": [({}, 4096)],
        "clickstack.ingest.ack.duration": [
            ({**logs, "quantile": "0.5"}, pytest.approx(0.00175)),
            ({**logs, "quantile": "0.99"}, pytest.approx(0.002485)),
        ],
    }
    again = cast(Any, reader.get_metrics_data()).resource_metrics[0].scope_metrics[0].metrics
    assert "clickstack.ingest.ack.duration" not in {metric.name for metric in again}  # nothing ended since
    provider.shutdown()
