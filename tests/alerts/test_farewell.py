"""An alert goes, is switched off, or tells others: whoever was told of a fire is told that it is over."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.house import SYSTEM, House, house
from alerts.receiver import Received, Receiver, receiver
from clickstack.alerts.counts import AlertCounts
from clickstack.alerts.delivery import Deliverer
from clickstack.core.alert import Alert, Channel
from clickstack.core.webhook import Webhook
from clickstack.store import Store


@pytest.fixture
def home(tmp_path: Path, store: Store) -> Iterator[House]:
    with house(tmp_path, store) as opened:
        yield opened


@pytest.fixture
def there(home: House) -> Iterator[Receiver]:
    with receiver() as held:
        home.webhook = home.metadata.webhooks.replace(replace(home.webhook, url=held.url), SYSTEM, None)
        yield held


@pytest.fixture
def counts() -> AlertCounts:
    return AlertCounts()


@pytest.fixture
def deliverer(home: House, counts: AlertCounts) -> Deliverer:
    return home.deliverer(counts=counts)


def send(sender: Deliverer) -> None:
    while started := sender.send_due():
        wait(started)


def burning(home: House) -> Alert:
    """Fires at 00:01, for two services."""
    for service in ("api", "web"):
        home.write("00:00:10", service, "error", 5)
    alert = home.alert(saved_search_id=home.search("SeverityText:error").id, group_by="ServiceName")
    home.round("00:01:00")
    return home.stored(alert)


def kinds(home: House, alert: Alert) -> list[str]:
    return [each.partition(" ")[0] for each in home.messages(alert)]


def test_a_deleted_alert_says_that_it_is_over(
    home: House, there: Receiver, deliverer: Deliverer, counts: AlertCounts
) -> None:
    alert = burning(home)
    send(deliverer)
    home.metadata.alerts.delete(home.team_id, alert.id, SYSTEM, None)
    send(deliverer)
    assert len(there.received) == 4

    def event(got: Received) -> str:
        return str(got.json["text"].split(" | ")[-1])

    fires, ends = sorted(there.received[:2], key=event), sorted(there.received[2:], key=event)
    for fire, end in zip(fires, ends, strict=True):
        said, over = fire.json["text"].split(" | "), end.json["text"].split(" | ")
        assert (said[-1], over[0][0], over[-4]) == (over[-1], "✅", "OK")
        assert "Nobody watches this any more" in over[1]
        assert fire.headers["idempotency-key"] != end.headers["idempotency-key"]
    assert counts.deliveries == {("generic", "sent"): 4}


def test_what_is_over_is_not_said_again(home: House) -> None:
    alert = burning(home)
    home.round("00:02:00")
    home.metadata.alerts.delete(home.team_id, alert.id, SYSTEM, None)
    assert kinds(home, alert) == ["fire", "fire", "resolve", "resolve"]


def test_an_alert_that_is_switched_off_says_so_and_begins_anew(home: House) -> None:
    alert = burning(home)
    off = home.metadata.alerts.replace(replace(alert, extra={"enabled": False}), SYSTEM, None)
    home.round("00:02:00")
    home.round("00:03:00")
    assert kinds(home, alert) == ["fire", "fire", "farewell", "farewell"]
    assert home.stored(alert).state == "DISABLED"
    crossings = home.metadata.judgements.transitions(alert.id, 0, 2**60, 9)
    assert [each.state for each in crossings] == ["ALERT", "ALERT", "OK", "OK"]
    home.write("02:29:10", "api", "error", 5)
    home.metadata.alerts.replace(replace(home.stored(off), extra={}), SYSTEM, None)
    home.round("02:30:00")
    assert kinds(home, alert)[4:] == ["fire"]
    windows = home.metadata.judgements.evaluations(alert.id, 0, 2**60, 9)
    assert len(windows) == 2, "the hours it was off are nobody's"


def test_a_channel_that_is_taken_away_is_told_the_end(home: House) -> None:
    alert = burning(home)
    other = Webhook(home.ids.object_id(), home.team_id, "other", "generic", "https://example.com/other")
    home.metadata.webhooks.insert(other, SYSTEM, None)
    home.metadata.alerts.replace(replace(alert, channels=(Channel(other.id),)), SYSTEM, None)
    home.round("00:02:00")
    found = home.metadata.notifications.of_alert(home.team_id, alert.id, 9)[::-1]
    assert [(each.kind, each.target["webhookId"] == other.id) for each in found] == [
        ("fire", False),
        ("fire", False),
        ("farewell", False),
        ("farewell", False),
        ("resolve", True),
        ("resolve", True),
    ]


def test_another_severity_takes_no_channel_away_and_none_keeps_it(home: House) -> None:
    alert = burning(home)
    louder = home.metadata.alerts.replace(
        replace(alert, channels=(Channel(home.webhook.id, severity="critical"),)), SYSTEM, None
    )
    assert [message.split()[0] for message in home.messages(alert)] == ["fire", "fire"]
    home.metadata.alerts.replace(replace(louder, channels=(Channel(recipients=("ada@example.com",)),)), SYSTEM, None)
    assert [message.split()[0] for message in home.messages(alert)] == ["fire", "fire", "farewell", "farewell"]


def test_an_alert_that_goes_with_its_tile_says_so(home: House) -> None:
    config = {
        "sourceId": home.logs.id,
        "displayType": "line",
        "select": [{"aggFn": "count", "where": "SeverityText:error"}],
    }
    dashboard = home.tile(config)
    alert = home.alert(dashboard_id=dashboard.id, tile_id="t1")
    home.write("00:00:10", "api", "error", 5)
    home.round("00:01:00")
    home.metadata.dashboards.replace(replace(dashboard, spec={**dashboard.spec, "tiles": []}), SYSTEM, None)
    assert kinds(home, alert) == ["fire", "farewell"]


def test_a_fire_without_its_end_is_remembered(home: House) -> None:
    alert = burning(home)
    for each in home.metadata.notifications.of_alert(home.team_id, alert.id, 9):
        home.metadata.notifications.note_sent(each.id)
    assert home.metadata.notifications.prune(2**60) == 0
    home.metadata.alerts.delete(home.team_id, alert.id, SYSTEM, None)
    assert home.metadata.notifications.prune(2**60) == 2
