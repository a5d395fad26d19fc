"""Silences and maintenance windows: by the clock of their zone, past midnight, and in the nights the clocks change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from clickstack.alerts.quiet import Quiet, covers
from clickstack.core.alert import Alert, Silence
from clickstack.metadata import SilenceRecord

TEAM, OTHER = "a" * 24, "b" * 24
ALERT = Alert(
    id="1" * 24,
    team_id=TEAM,
    name=None,
    channels=(),
    interval="1m",
    threshold=1,
    threshold_type="above",
    source="saved_search",
)
NIGHTLY = {"days": [4], "start": "22:00", "minutes": 240, "timezone": "Europe/Berlin"}  # Fridays


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def silence(**fields: object) -> SilenceRecord:
    whole = SilenceRecord("5" * 24, TEAM, "work", at("2026-01-01T00:00+00:00"), None)
    return replace(whole, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-07-03T21:59+02:00", False),
        ("2026-07-03T22:00+02:00", True),
        ("2026-07-04T01:59+02:00", True),  # Saturday, still the Friday's window
        ("2026-07-04T02:00+02:00", False),
        ("2026-07-04T22:30+02:00", False),
        ("2026-01-02T22:00+01:00", True),  # the same clock in winter
        ("2026-01-02T21:00+01:00", False),
    ],
)
def test_a_maintenance_window_follows_the_clock_of_its_zone(moment: str, quiet: bool) -> None:
    assert covers(silence(repeats=NIGHTLY), at(moment)) == quiet


def test_it_lasts_its_minutes_in_the_night_the_clocks_change() -> None:
    saturday = silence(repeats={**NIGHTLY, "days": [5]})  # 2026-03-28, four hours; at 2:00 it is 3:00
    assert covers(saturday, at("2026-03-29T01:59+01:00"))
    assert not covers(saturday, at("2026-03-29T03:00+02:00"))


def test_it_begins_and_ends_when_it_is_said_to() -> None:
    once = silence(starts_ms=at("2026-02-01T00:00+00:00"), ends_ms=at("2026-02-02T00:00+00:00"))
    assert [covers(once, once.starts_ms + each) for each in (-1, 0, 86_400_000 - 1, 86_400_000)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "work"),
        ({"alert_id": ALERT.id}, "work"),
        ({"alert_id": "2" * 24}, None),
        ({"alert_id": ALERT.id, "group": "g"}, "work"),
        ({"alert_id": ALERT.id, "group": "other"}, None),
        ({"team_id": OTHER}, None),
        ({"reason": ""}, "silenced"),
    ],
)
def test_whom_a_silence_covers(fields: dict[str, object], reason: str | None) -> None:
    assert Quiet([silence(**fields)]).reason(ALERT, "g", at("2026-05-01T00:00+00:00")) == reason


def test_an_acknowledgement_ends_by_itself() -> None:
    until = at("2026-05-01T00:00+00:00")
    known = replace(ALERT, silenced=Silence(None, 0, until))
    assert Quiet([]).reason(known, "", until - 1) == "acknowledged"
    assert Quiet([]).reason(known, "", until) is None
