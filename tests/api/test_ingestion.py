"""Counts and retention, as Team Settings shows them."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import httpx
import pytest

from clickstack.api import Services
from clickstack.core.errors import Conflict
from clickstack.core.lifetime import Lifetime
from clickstack.store import Retention
from clickstack.store.retention import RetainedSignal, SignalRetention


class StandInRetention:
    """Retention in memory; session replays are fixed by a setting."""

    def __init__(self) -> None:
        self.lifetimes: dict[RetainedSignal, Lifetime] = dict.fromkeys(
            ("logs", "traces", "metrics", "sessions"), Lifetime(30 * 86_400)
        )

    def read(self) -> list[SignalRetention]:
        setting = {"sessions": "CLICKSTACK_SESSIONS_TTL"}
        return [
            SignalRetention(signal, lifetime, setting.get(signal, ""), (f"table_of_{signal}",))
            for signal, lifetime in self.lifetimes.items()
        ]

    def require_free(self, signals: Any) -> None:
        if "sessions" in signals:
            raise Conflict("fixed by the setting")

    def change(self, signal: RetainedSignal, lifetime: Lifetime) -> None:
        self.lifetimes[signal] = lifetime


@pytest.fixture
def services(services: Services) -> Services:
    return dataclasses.replace(services, retention=cast(Retention, StandInRetention()))


def test_counts_since_the_start(person: httpx.Client) -> None:
    reply = person.get("/team/ingestion").json()
    assert reply["signals"][0] == {
        "signal": "logs",
        "accepted": 30,
        "bytes": 4500,
        "rejected": 1,
        "rejectedRecords": 6,
        "queued": 7,
        "loaded": 20,
        "dead": 3,
        "failedLoads": 2,
        "ackMs": {"p50": 1.0, "p99": 30_000.0},
        "loadMs": None,
    }
    assert [each["signal"] for each in reply["signals"]] == ["logs", "traces", "metrics"]
    assert reply["keys"][0] == {
        "key": "6900",
        "signal": "logs",
        "accepted": 12,
        "bytes": 1800,
        "rejected": 1,
        "rejectedRecords": 6,
    }
    assert reply["strayRequests"] == 9
    assert (reply["spoolBytes"], reply["spoolBytesMax"]) == (4096, 4096 * 2**20)


def test_retention_is_read_and_changed(person: httpx.Client) -> None:
    before = {each["signal"]: each for each in person.get("/team/retention").json()["data"]}
    assert before["logs"] == {
        "signal": "logs",
        "lifetime": "30d",
        "seconds": 2_592_000,
        "fixedBy": None,
        "tables": ["table_of_logs"],
    }
    assert before["sessions"]["fixedBy"] == "CLICKSTACK_SESSIONS_TTL"
    reply = person.patch("/team/retention", json={"logs": "7d", "traces": "36h"})
    after = {each["signal"]: each["lifetime"] for each in reply.json()["data"]}
    assert after == {"logs": "7d", "traces": "36h", "metrics": "30d", "sessions": "30d"}
    noted = person.get("/team/audit", params={"objectKind": "retention"}).json()["data"]
    assert [(each["objectName"], each["before"], each["after"]) for each in noted] == [
        ("traces", {"lifetime": "30d"}, {"lifetime": "36h"}),
        ("logs", {"lifetime": "30d"}, {"lifetime": "7d"}),
    ]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"logs": "soon"}, 400, "logs: 'soon' is not a time such as 30d"),
        ({"logs": "1m"}, 400, "logs: '1m' is too short; an hour is the least."),
        ({"logs": "4000d"}, 400, "to 3650d"),
        ({"traces": "7d", "logs": "x"}, 400, "logs: 'x' is not"),
        ({"traces": "7d", "sessions": "7d"}, 409, "fixed by the setting"),
    ],
)
def test_a_change_that_is_wrong_changes_nothing(
    person: httpx.Client, body: dict[str, str], status: int, says: str
) -> None:
    reply = person.patch("/team/retention", json=body)
    assert (reply.status_code, says in reply.json()["message"]) == (status, True), reply.text
    assert {each["lifetime"] for each in person.get("/team/retention").json()["data"]} == {"30d"}


def test_only_an_admin_changes_retention(colleague: Any) -> None:
    reply = colleague("editor").patch("/team/retention", json={"logs": "7d"})
    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")


def test_an_index_profile_must_be_a_known_one(person: httpx.Client) -> None:
    wrong = ({}, {"signal": "logs"}, {"signal": "logs", "profile": "best"}, {"signal": "profiles", "profile": "none"})
    for body in wrong:
        assert person.patch("/team/index-profile", json=body).status_code == 400
