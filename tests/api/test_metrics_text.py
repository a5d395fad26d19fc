"""GET /metrics, read as a scraper reads it."""

from __future__ import annotations

import re
from typing import Any

import httpx

from clickstack.api import Services

SAMPLE = re.compile(r'([a-z_]+)((?:\{[a-z]+="[^"\n]*"\})?) ([0-9.e+-]+)')


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
            assert match[1] in typed, line
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
    assert found['clickstack_ingest_failed_loads_total{signal="logs"}'] == 2
    assert found['clickstack_ingest_accepted_records_total{signal="traces"}'] == 5
    assert found["clickstack_ingest_spool_bytes"] == 4096
    assert found["clickstack_ingest_spool_bytes_max"] == 4096 * 1024 * 1024
    assert found["process_cpu_seconds_total"] > 0
    assert found["process_resident_memory_bytes"] > 1_000_000


def test_requests_are_counted_by_key_without_its_name(person: httpx.Client, services: Services) -> None:
    new = person.post("/team/ingestion-keys", json={"name": "checkout of acme"}).json()
    services.auth.ingestion_key_ok(new["key"])
    text = person.get("/metrics").text
    assert samples(text)[f'clickstack_ingest_key_requests_total{{key="{new["id"]}"}}'] == 1
    assert "acme" not in text


def test_metrics_are_not_on_the_port_people_use(connect: Any) -> None:
    assert connect(app_port=True).get("/api/metrics").status_code == 404
