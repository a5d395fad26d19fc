"""Settings: where values come from, and what refuses to start."""

from __future__ import annotations

from pathlib import Path

import pytest

from clickstack.core.errors import StartupError
from clickstack.core.settings import Settings, describe, load_settings


def test_an_option_beats_the_environment_which_beats_the_default() -> None:
    settings, origins = load_settings(
        {"api_port": "9001", "host": None}, {"CLICKSTACK_API_PORT": "9000", "CLICKSTACK_HOST": "0.0.0.0"}
    )
    assert (settings.api_port, settings.host, settings.app_port) == (9001, "0.0.0.0", 8080)
    assert (origins["api_port"], origins["host"], origins["app_port"]) == ("option", "environment", "default")


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"CLICKSTACK_APP_PRT": "1"}, "CLICKSTACK_APP_PRT: no such setting. Did you mean CLICKSTACK_APP_PORT?"),
        ({"CLICKSTACK_ZZZ": "1"}, "CLICKSTACK_ZZZ: no such setting. `clickstack settings` lists them."),
        ({"CLICKSTACK_APP_PORT": "eighty"}, "CLICKSTACK_APP_PORT: 'eighty' is not a whole number."),
        ({"CLICKSTACK_APP_PORT": "70000"}, "CLICKSTACK_APP_PORT: '70000' is out of range (0 to 65535)."),
        ({"CLICKSTACK_QUERY_TIMEOUT_S": "-1"}, "CLICKSTACK_QUERY_TIMEOUT_S: '-1' is out of range (0 to any)."),
        ({"CLICKSTACK_QUERY_TIMEOUT_S": "nan"}, "CLICKSTACK_QUERY_TIMEOUT_S: 'nan' is out of range (0 to any)."),
        ({"CLICKSTACK_SELF_TELEMETRY": "maybe"}, "CLICKSTACK_SELF_TELEMETRY: 'maybe' is not true or false."),
        ({"CLICKSTACK_LOG_FORMAT": "xml"}, "CLICKSTACK_LOG_FORMAT: 'xml' is not one of auto, text, json."),
    ],
)
def test_what_cannot_be_read_refuses_to_start(environ: dict[str, str], says: str) -> None:
    with pytest.raises(StartupError) as caught:
        load_settings({}, environ)
    assert str(caught.value) == says


def test_other_programs_variables_are_ignored() -> None:
    assert load_settings({}, {"PATH": "/bin", "OTEL_SERVICE_NAME": "x"})[0] == Settings()


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("ON", True), ("false", False), ("0", False), ("no", False)]
)
def test_booleans(text: str, value: bool) -> None:
    assert load_settings({}, {"CLICKSTACK_SELF_TELEMETRY": text})[0].self_telemetry is value


def test_secrets_are_masked_everywhere() -> None:
    url = "postgresql://me:hunter2@db/clickstack"
    settings, origins = load_settings({}, {"CLICKSTACK_METADATA_URL": url})
    rows = {row.name: row for row in describe(settings, origins)}
    assert rows["metadata_url"].value == "••••••••"
    assert "hunter2" not in repr(rows)
    assert "hunter2" not in repr(settings)
    assert rows["data_dir"].value == "data"


def test_the_public_url_follows_the_port_unless_given() -> None:
    assert Settings(app_port=9).public_url == "http://localhost:9"
    assert Settings(frontend_url="https://o.example/x/").public_url == "https://o.example/x"


def test_the_data_directory_is_a_path() -> None:
    assert load_settings({"data_dir": "/srv/clickstack"}, {})[0].data_dir == Path("/srv/clickstack")


@pytest.mark.parametrize(
    ("text", "read"),
    [("10.0.0.0/8, ::1", "10.0.0.0/8,::1"), ("*", "*"), ("", ""), ("10.0.0.1/8", None), ("proxy.example", None)],
)
def test_proxies_are_addresses_or_networks(text: str, read: str | None) -> None:
    environ = {"CLICKSTACK_TRUSTED_PROXIES": text}
    if read is None:
        with pytest.raises(StartupError, match="addresses and networks"):
            load_settings({}, environ)
    else:
        assert load_settings({}, environ)[0].trusted_proxies == read
