"""How bad it is: what a channel says about it counts before what the alert says (reference/managed-api.md §4.2)."""

from __future__ import annotations

from clickstack.alerts.notice import Notice, Subject
from clickstack.alerts.queueing import notifications_of
from clickstack.alerts.threshold import Threshold
from clickstack.alerts.window import Window
from clickstack.core.alert import Alert, Channel
from clickstack.core.ids import SequentialIds
from clickstack.core.webhook import Webhook

TEAM = "b" * 24
NOTICE = Notice(
    alert_id="a" * 24,
    team_id=TEAM,
    kind="fire",
    subject=Subject("saved_search", "5" * 24, "My Search"),
    threshold=Threshold("above", 1),
    interval_ms=30_000,
    window=Window(1700172300000, 1700172330000),
    opened_ms=1700172330000,
    value=3.0,
    severity="info",
)


def test_the_severity_of_a_channel() -> None:
    webhooks = [
        Webhook("1" * 24, TEAM, "Pager", "generic", "https://pager.example.com"),
        Webhook("2" * 24, TEAM, "Chat", "generic", "https://chat.example.com"),
    ]
    channels = (Channel("1" * 24, severity="critical"), Channel("2" * 24))
    alert = Alert("a" * 24, TEAM, "Errors", channels, "30s", 1, "above", "saved_search", saved_search_id="5" * 24)
    queued, faults = notifications_of(alert, NOTICE, webhooks, "http://app:8080", SequentialIds(), 0)
    assert [each.words["values"]["severity"] for each in queued] == ["critical", "info"]
    assert faults == []
