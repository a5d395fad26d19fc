"""How long telemetry is kept, as operators write it."""

from __future__ import annotations

import pytest

from clickstack.core.errors import BadRequest, StartupError
from clickstack.core.lifetime import parse_lifetime
from clickstack.core.settings import describe, load_settings


@pytest.mark.parametrize(
    ("text", "shown", "interval"),
    [
        ("30d", "30d", "toIntervalDay(30)"),
        ("720h", "30d", "toIntervalDay(30)"),
        ("36h", "36h", "toIntervalHour(36)"),
        ("90m", "90m", "toIntervalMinute(90)"),
        ("1h30m", "90m", "toIntervalMinute(90)"),
        ("1.5h", "90m", "toIntervalMinute(90)"),
        ("3600s", "1h", "toIntervalHour(1)"),
        ("61s", "61s", "toIntervalSecond(61)"),
        (" 3650d ", "3650d", "toIntervalDay(3650)"),
    ],
)
def test_what_can_be_written(text: str, shown: str, interval: str) -> None:
    lifetime = parse_lifetime(text)
    assert (str(lifetime), lifetime.interval) == (shown, interval)
    assert parse_lifetime(str(lifetime)) == lifetime


@pytest.mark.parametrize(
    "text",
    ["", "30", "d", "1w", "1d12h", "-1h", "0d", "0s", "1.5s", "1..5h", ".h", "3651d", "999999999h", "٣d", "1h 30m"],
)
def test_what_cannot(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_lifetime(text)


def test_settings_take_the_names_of_the_reference() -> None:
    environ = {
        "HYPERDX_OTEL_EXPORTER_TABLES_TTL": "720h",
        "HYPERDX_OTEL_EXPORTER_LOGS_TTL": "7d",
        "CLICKSTACK_LOGS_TTL": "8d",
        "HYPERDX_OTEL_EXPORTER_METRICS_TTL": "",
        "INGESTION_API_KEY": "hush-hush",
    }
    settings, origins = load_settings({}, environ)
    assert (str(settings.tables_ttl), str(settings.logs_ttl), settings.metrics_ttl) == ("30d", "8d", None)
    assert (origins["tables_ttl"], origins["logs_ttl"], origins["metrics_ttl"]) == (
        "environment",
        "environment",
        "default",
    )
    rows = {row.name: row for row in describe(settings, origins)}
    assert settings.ingestion_api_key == "hush-hush"
    assert "hush-hush" not in repr(rows) + repr(settings)
    assert (rows["tables_ttl"].value, rows["metrics_ttl"].value) == ("30d", "")


def test_a_lifetime_that_cannot_be_read_refuses_to_start() -> None:
    with pytest.raises(StartupError, match="HYPERDX_OTEL_EXPORTER_TABLES_TTL: '1w' is not a time such as 30d"):
        load_settings({}, {"HYPERDX_OTEL_EXPORTER_TABLES_TTL": "1w"})
