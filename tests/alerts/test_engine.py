"""Rounds of evaluation on the real engine and a real metadata database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from alerts.house import House, house
from clickstack.alerts.notice import Notice
from clickstack.alerts.queueing import notice_of
from clickstack.core.alert import Alert
from clickstack.core.errors import MetadataFailed
from clickstack.metadata import Judgements, Lease, Verdict
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


def test_a_fault_of_one_alert_is_no_others(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    search = home.search("SeverityText:error").id
    bad, good = home.alert(saved_search_id=search, note="bad"), home.alert(saved_search_id=search)
    home.write("00:00:10", "api", "error", 5)

    def notice(alert: Alert, *given: Any) -> Notice:
        if alert.note == "bad":
            raise IndexError("a fault of ours")
        return notice_of(alert, *given)

    monkeypatch.setattr("clickstack.alerts.engine.notice_of", notice)
    home.round("00:01:00")
    assert len(home.messages(good)) == 1
    assert home.stored(bad).execution_errors[0]["type"] == "UNKNOWN"
    monkeypatch.undo()
    home.round("00:02:00")
    assert home.messages(bad)[0].startswith("fire")  # the window was not lost


def test_a_verdict_the_database_refuses_stops_no_other(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    search = home.search("SeverityText:error").id
    bad, good = home.alert(saved_search_id=search), home.alert(saved_search_id=search)
    home.write("00:00:10", "api", "error", 5)
    store = Judgements.store

    def refusing(self: Judgements, verdicts: Sequence[Verdict], lease: Lease) -> int:
        if any(each.alert.id == bad.id for each in verdicts):
            raise MetadataFailed("a text it cannot keep")
        return store(self, verdicts, lease)

    monkeypatch.setattr(Judgements, "store", refusing)
    home.round("00:01:00")
    assert home.stored(good).state == "ALERT"
    assert home.stored(bad).state == "OK"


def test_groups_with_odd_and_endless_names(home: House) -> None:
    search = home.search("SeverityText:error").id
    alert = home.alert(saved_search_id=search, group_by="Body", threshold=1)
    home.write("00:00:10", "api", "error", body="nul \\0 inside")
    for last in "ab":
        home.write("00:00:20", "api", "error", body="x" * 5_000 + last)
    home.round("00:01:00")
    (window,) = home.metadata.judgements.evaluations(alert.id, 0, 2**60, 10)
    groups = [each["group"] for each in window.found["groups"]]
    assert len(set(groups)) == 3
    assert all(len(group) < 600 and "\x00" not in group for group in groups)
    assert "Body:nul \ufffd inside" in groups


def test_what_a_delivery_found_while_the_alert_was_judged_stays(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    alert = home.alert(saved_search_id=home.search("SeverityText:error").id)
    home.write("00:00:10", "api", "error", 5)
    refused = {"timestamp": "2026-01-01T00:01:00.000Z", "type": "WEBHOOK_ERROR", "message": "404"}
    store = Judgements.store

    def late(self: Judgements, verdicts: Sequence[Verdict], lease: Lease) -> int:
        home.metadata.alerts.add_error(alert.id, refused)
        return store(self, verdicts, lease)

    monkeypatch.setattr(Judgements, "store", late)
    home.round("00:01:00")
    assert home.stored(alert).state == "ALERT"
    assert list(home.stored(alert).execution_errors) == [refused]
