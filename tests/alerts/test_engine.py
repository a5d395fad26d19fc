"""Rounds of evaluation on the real engine and a real metadata database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.house import House, house
from clickstack.store import Store


@pytest.fixture
def home(tmp_path: Path, store: Store) -> Iterator[House]:
    with house(tmp_path, store) as opened:
        yield opened


def test_a_saved_search_fires_once_and_resolves_once(home: House) -> None:
    alert = home.alert(saved_search_id=home.search("SeverityText:error").id)
    home.write("00:00:10", "api", "error", 5)
    home.write("00:00:10", "api", "info", 50)
    home.write("00:01:10", "api", "error", 4)
    home.round("00:01:00")
    assert home.stored(alert).state == "ALERT"
    assert home.messages(alert) == ['fire 🚨 Alert for "Errors" - 5 lines found']
    home.round("00:01:30")
    home.round("00:02:00")
    home.round("00:03:00")
    home.round("00:04:00")
    assert home.stored(alert).state == "OK"
    assert home.messages(alert)[1:] == ['resolve ✅ Alert for "Errors" - 0 lines found']
    windows = home.metadata.judgements.evaluations(alert.id, 0, 2**60, 10)
    assert [each.state for each in windows] == ["OK", "OK", "ALERT", "ALERT"]
    assert windows[-1].found["groups"] == [
        {"state": "ALERT", "value": 5.0, "reason": "breaching: fired", "message": "fire"}
    ]
