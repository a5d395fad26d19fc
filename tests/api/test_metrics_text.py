"""GET /metrics, read as a scraper reads it."""

from __future__ import annotations

import dataclasses
import re
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from clickstack.alerts import AlertCounts, AlertWatch
from clickstack.api.context import Services
from clickstack.api.metrics_text import metrics_text
from clickstack.core.errors import MetadataAway

SAMPLE = re.compile(r'([a-z_]+)((?:\{[a-z]+="[^"\n]*"(?:,[a-z]+="[^"\n]*")*\})?) ([0-9.e+-]+)')
PARTS = re.compile(r"_(bucket|sum|count)$")


def samples(text: str) -> dict[str, float]:
    """Every sample by name and labels; fails on a line the format does not know, or a sample without its type."""
    found: dict[str, float] = {}
    typed: set[str] = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            typed.add(line.split()[2])
        elif not line.startswith("# HELP "):
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] in typed or PARTS.sub("", match[1]) in typed, line
            found[match[1] + match[2]] = float(match[3])
    return found


def test_the_way_of_telemetry_is_counted(api: httpx.Client) -> None:
    reply = api.get("/metrics")
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = samples(reply.text)
    assert found['clickstack_info{version="1.2.3"}'] == 1
    assert found['clickstack_ingest_accepted_records_total{signal="logs"}'] == 30
    assert found['clickstack_ingest_loaded_records_total{signal="logs"}'] == 20
    assert found['clickstack_ingest_queued_records{signal="logs"}'] == 7
    assert found['clickstack_ingest_dead_letter_records_total{signal="logs"}'] == 3
    assert found['clickstack_ingest_rejected_requests_total{signal="logs"}'] == 1
    assert found['clickstack_ingest_rejected_records_total{signal="logs"}'] == 6
    assert found["clickstack_ingest_stray_requests_total"] == 9
    assert found['clickstack_ingest_failed_loads_total{signal="logs"}'] == 2
    assert found['clickstack_ingest_accepted_records_total{signal="traces"}'] == 5
    assert found["clickstack_ingest_spool_bytes"] == 4096
    assert found["clickstack_ingest_spool_bytes_max"] == 4096 * 1024 * 1024
    assert found["process_cpu_seconds_total"] > 0
    assert found["process_resident_memory_bytes"] > 1_000_000


def test_durations_are_histograms(api: httpx.Client) -> None:
    found = samples(api.get("/metrics").text)
    name = "clickstack_ingest_ack_duration_seconds"
    buckets = {le: found[f'{name}_bucket{{signal="logs",le="{le}"}}'] for le in ("0.001", "0.0025", "0.005", "+Inf")}
    assert buckets == {"0.001": 3, "0.0025": 3, "0.005": 5, "+Inf": 6}
    assert (found[f'{name}_sum{{signal="logs"}}'], found[f'{name}_count{{signal="logs"}}']) == (31.5, 6)


def test_telemetry_is_counted_by_key(api: httpx.Client) -> None:
    found = samples(api.get("/metrics").text)
    assert found['clickstack_ingest_key_accepted_records_total{key="6900",signal="logs"}'] == 12
    assert found['clickstack_ingest_key_accepted_bytes_total{key="6900",signal="logs"}'] == 1800
    assert found['clickstack_ingest_key_rejected_requests_total{key="6900",signal="logs"}'] == 1
    assert found['clickstack_ingest_key_accepted_records_total{key="team",signal="logs"}'] == 18


def test_metrics_are_not_on_the_port_people_use(connect: Any) -> None:
    assert connect(app_port=True).get("/api/metrics").status_code == 404


def test_the_metadata_database_may_be_away(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = cast(AlertWatch, SimpleNamespace(counts=AlertCounts(), leading=False))
    server = dataclasses.replace(services, alert_watch=watch)
    assert samples(metrics_text(server))["clickstack_alerts_queued_messages"] == 0

    def away() -> int:
        raise MetadataAway("Try again.")

    monkeypatch.setattr(services.metadata.notifications, "waiting", away)
    found = samples(metrics_text(server))
    assert "clickstack_alerts_queued_messages" not in found
    assert (found["clickstack_alerts_leading"], found["clickstack_ingest_spool_bytes"]) == (0, 4096)
