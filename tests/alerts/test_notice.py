"""Titles, bodies and links, to the character of the reference's worksheets (alerts-and-teams.md §3 and §9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clickstack.alerts.notice import Notice, Subject, render
from clickstack.alerts.threshold import Threshold
from clickstack.alerts.window import Window

APP = "http://app:8080"
MINUTE = 60_000
WINDOW = Window(1700172300000, 1700172600000)  # Nov 16 2023, 22:05 to 22:10 UTC
SEARCH = Notice(
    alert_id="a" * 24,
    team_id="b" * 24,
    kind="fire",
    subject=Subject("saved_search", "5" * 24, "My Search"),
    threshold=Threshold("above", 1),
    interval_ms=5 * MINUTE,
    window=WINDOW,
    opened_ms=WINDOW.end_ms,
    value=3.0,
    samples='"2023-11-16 22:05:00","oh no"\n',
)
TILE = replace(SEARCH, subject=Subject("tile", "d" * 24, "Logs Count", "My Dashboard", "17quud"), samples="")


def test_a_saved_search_fires() -> None:
    words = render(SEARCH, APP)
    assert words.title == '🚨 Alert for "My Search" - 3 lines found'
    assert words.link == f"{APP}/search/{'5' * 24}?from=1700172300000&to=1700172600000&isLive=false"
    assert words.body.split("\n") == [
        "",
        "3 lines found, which meets or exceeds the threshold of 1 lines",
        "Time Range (UTC): [Nov 16 10:05:00 PM - Nov 16 10:10:00 PM)",
        "",
        "```",
        '"2023-11-16 22:05:00","oh no"',
        "",
        "```",
    ]


def test_a_group_of_a_saved_search_resolves() -> None:
    words = render(replace(SEARCH, kind="resolve", value=0.0, grouped=True, group="ServiceName:service-b"), APP)
    assert words.title == '✅ Alert for "My Search" - 0 lines found'
    assert words.body.split("\n") == [
        'Group: "ServiceName:service-b" - The alert has been resolved.',
        "Time Range (UTC): [Nov 16 10:05:00 PM - Nov 16 10:10:00 PM)",
        "",
    ]


def test_a_tile_fires() -> None:
    words = render(TILE, APP)
    assert words.title == '🚨 Alert for "Logs Count" in "My Dashboard" - 3 meets or exceeds 1'
    assert words.link == (
        f"{APP}/dashboards/{'d' * 24}?from=1700170200000&granularity=5+minute&to=1700174700000&highlightedTileId=17quud"
    )
    assert words.body.split("\n") == [
        "",
        "3 meets or exceeds 1",
        "Time Range (UTC): [Nov 16 10:05:00 PM - Nov 16 10:10:00 PM)",
        "",
    ]


@pytest.mark.parametrize(
    ("message", "channels", "line"),
    [(None, 1, ""), (None, 2, " "), ("see runbook", 1, "see runbook "), ("hi @here @ada", 1, "hi @here @ada ")],
)
def test_the_line_of_the_message(message: str | None, channels: int, line: str) -> None:
    words = render(replace(TILE, message=message, channels=channels), APP)
    assert words.body.split("\n")[-1] == line
    assert not words.mentions


def test_own_words_may_name_what_happened() -> None:
    title = "{{attributes.k8s.pod.name}}: {{value}} > {{alert.threshold}} in {{granularity}} {{savedSearch.name}}"
    words = render(replace(SEARCH, title=title, attributes={"k8s.pod.name": "web-1"}), APP)
    assert words.title == "🚨 web-1: 3 > 1 in 5 minute My Search"


def test_a_message_mentions_webhooks_and_values_cannot() -> None:
    message = (
        'look @webhook-ops-{{attributes.team}} {{#is_match "attributes.team" "x"}}@webhook-x{{/is_match}} {{group}}'
    )
    words = render(replace(SEARCH, message=message, attributes={"team": "db"}, group="a @webhook-boss"), APP)
    assert words.mentions == ("ops-db",)
    assert "look  a @webhook-boss" in words.body


def test_a_broken_template_gives_way_to_the_default_and_says_so() -> None:
    words = render(replace(SEARCH, title="{{#if value}}", message="{{value"), APP)
    assert words.title == '🚨 Alert for "My Search" - 3 lines found'
    assert [fault.split(",")[0] for fault in words.faults] == [
        "The template in `name` cannot be used",
        "The template in `message` cannot be used",
    ]


def test_silence_of_the_data_is_said() -> None:
    assert render(replace(TILE, value=None), APP).title.endswith('"My Dashboard" - no data')
    assert render(replace(SEARCH, value=None), APP).body.split("\n")[1] == "no data"


def test_a_mention_of_nobody_is_no_mention() -> None:
    assert render(replace(SEARCH, message="ask @webhook-. or @webhook-..."), APP).mentions == ()
