"""Liveness, readiness, and what anybody may know."""

from __future__ import annotations

from typing import Any, cast

import httpx
import pytest

from clickstack.api import Services


def test_health_says_the_version(api: httpx.Client) -> None:
    assert api.get("/health").json() == {"data": "OK", "version": "1.2.3"}


def test_ready_means_store_and_metadata_answer(
    api: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api.get("/ready").json() == {"data": "OK", "version": "1.2.3"}

    cast(Any, services.store).up = False
    reply = api.get("/ready")
    assert reply.status_code == 503
    assert reply.json() == {"status": "unavailable", "store": "unavailable", "metadata": "ok"}

    cast(Any, services.store).up = True
    monkeypatch.setattr(services.metadata, "ping", lambda: False)
    assert api.get("/ready").json() == {"status": "unavailable", "store": "ok", "metadata": "unavailable"}
    assert api.get("/health").status_code == 200


def test_config_tells_the_ui_where_to_send_telemetry(connect: Any) -> None:
    assert connect(app_port=True, frontend_url="https://obs.example").get("/api/config").json() == {
        "appVersion": "1.2.3",
        "collectorUrl": "http://obs.example:4318",
        "otlpHttpPort": 4318,
        "otlpGrpcPort": 4317,
        "apiPort": 8000,
    }
