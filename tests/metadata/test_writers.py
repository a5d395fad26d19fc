"""Many write at once, in threads and in processes: nothing is lost, nothing happens twice, nobody is turned away."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from clickstack.core.alert import Alert, Channel
from clickstack.core.clock import FixedClock
from clickstack.core.dashboard import Dashboard
from clickstack.core.errors import BadRequest, Conflict
from clickstack.core.ids import RandomIds
from clickstack.core.records import Author
from clickstack.core.saved_search import SavedSearch
from clickstack.core.webhook import Webhook
from clickstack.metadata import KeyState, Metadata, open_metadata, tables
from clickstack.metadata.idempotency_keys import KeyUse
from metadata.writer_child import write
from program import killed_after
from threads import in_parallel

pytestmark = pytest.mark.both_databases

ADA = Author("system", "ada", "ada")


@pytest.fixture
def metadata(metadata_url: str, clock: FixedClock) -> Iterator[Metadata]:
    opened = open_metadata(metadata_url, clock, RandomIds(clock))
    yield opened
    opened.close()


@pytest.fixture
def team(metadata: Metadata, clock: FixedClock) -> str:
    team = metadata.installation.found("ada@example.com", "hash")[0].id
    source = metadata.sources.list(team)[0]
    metadata.saved_searches.insert(SavedSearch("5" * 24, team, "S", source.id), ADA, None)
    return team


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """What they return or raise."""
    start, outcomes = threading.Barrier(len(jobs), timeout=30), [None] * len(jobs)

    def run(index: int) -> None:
        start.wait()
        try:
            outcomes[index] = jobs[index]()
        except Exception as error:
            outcomes[index] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(jobs))]
    in_parallel(*threads)
    return outcomes


def check_what_writers_left(metadata: Metadata, team: str, names: list[str], count: int) -> None:
    (search,) = metadata.saved_searches.list(team)
    expected = {f"{name}{number}" for name in names for number in range(count)}
    assert (set(search.tags), search.revision) == (expected, 1 + len(expected))
    assert len(search.tags) == len(expected)
    kept = {f"{name}{number}" for name in names for number in range(0, count, 2)}
    assert {hook.name for hook in metadata.webhooks.list(team)} == kept
    in_force = [key.name for key in metadata.ingestion_keys.list(team)]
    assert sorted(in_force) == sorted(f"key {number}" for number in range(count))
    log = metadata.audit_log.list(team, limit=10_000)
    assert Counter(each.action for each in log if each.object_kind == "webhook") == {
        "create": len(expected),
        "delete": len(expected) - len(kept),
    }


def test_threads(metadata: Metadata, team: str, clock: FixedClock) -> None:
    ids, names = RandomIds(clock), ["a", "b", "c", "d"]
    jobs = [lambda name=name: write(metadata, ids, name, 8) for name in names]
    assert at_once(*jobs) == [None] * 4
    check_what_writers_left(metadata, team, names, 8)


def test_processes(metadata: Metadata, team: str, metadata_url: str) -> None:
    tests = Path(__file__).parent.parent
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "metadata.writer_child", metadata_url, name, "8"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(tests)},
        )
        for name in ("x", "y")
    ]
    with killed_after(60, *children):
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        for child in children:
            child.communicate(timeout=60)
    assert [child.returncode for child in children] == [0, 0]
    check_what_writers_left(metadata, team, ["x", "y"], 8)


def test_a_dashboard_and_its_alert_are_edited_at_once(metadata: Metadata, team: str, clock: FixedClock) -> None:
    """One locks the dashboard and then its alerts, the other the alert and then its dashboard."""
    ids = RandomIds(clock)
    hook = metadata.webhooks.insert(Webhook(ids.object_id(), team, "W", "generic", "https://a.example/"), ADA, None)
    tile: dict[str, Any] = {"id": "t", "name": "T", "config": {"displayType": "line"}}
    board = metadata.dashboards.insert(Dashboard(ids.object_id(), team, "D", {"tiles": [tile]}, None), ADA, None)

    def edit() -> None:
        for _ in range(10):
            metadata.dashboards.update(team, board.id, lambda before: before, ADA, None)

    def alert() -> None:
        for _ in range(10):
            new = Alert(
                id=ids.object_id(),
                team_id=team,
                name=None,
                channels=(Channel(hook.id),),
                interval="5m",
                threshold=1,
                threshold_type="above",
                source="tile",
                dashboard_id=board.id,
                tile_id="t",
            )
            metadata.alerts.insert(new, ADA, None)
            metadata.alerts.delete(team, new.id, ADA, None)

    assert at_once(edit, alert, edit, alert) == [None] * 4
    found = metadata.dashboards.get(team, board.id)
    assert found is not None
    assert found.revision == 21
    assert metadata.alerts.count(team) == 0


def test_of_two_who_take_the_same_one_gets_it(metadata: Metadata, team: str, clock: FixedClock) -> None:
    ids = RandomIds(clock)

    def hook() -> object:
        return metadata.webhooks.insert(Webhook(ids.object_id(), team, "W", "slack", "https://a.example/"), ADA, None)

    outcomes = at_once(*[hook] * 6)
    assert [type(each) for each in outcomes].count(Webhook) == 1
    assert [type(each) for each in outcomes].count(BadRequest) == 5

    use = KeyUse("caller", team, "k" * 64, "POST /x", "r" * 64)
    outcomes = at_once(*[lambda: metadata.idempotency_keys.take(use)] * 6)
    assert [type(each) for each in outcomes].count(KeyUse) == 1
    assert outcomes.count(KeyState.RUNNING) == 5

    holders = [lambda name=name: metadata.leases.take("work", name, 60_000) for name in "abcdef"]
    assert sum(each is not None for each in at_once(*holders)) == 1

    invited = at_once(*[lambda: metadata.invites.invite(team, "b@example.com", None, "viewer", ADA, None)] * 6)
    assert len({each.token for each in invited}) == 1


def test_a_webhook_goes_or_its_alert_comes(metadata: Metadata, team: str, clock: FixedClock) -> None:
    ids = RandomIds(clock)
    for _ in range(4):
        hook = metadata.webhooks.insert(Webhook(ids.object_id(), team, "W", "generic", "https://a.example/"), ADA, None)
        alert = Alert(
            id=ids.object_id(),
            team_id=team,
            name=None,
            channels=(Channel(hook.id),),
            interval="5m",
            threshold=1,
            threshold_type="above",
            source="saved_search",
            saved_search_id="5" * 24,
        )
        came, went = at_once(
            lambda alert=alert: metadata.alerts.insert(alert, ADA, None),
            lambda hook=hook: metadata.webhooks.delete(team, hook.id, ADA, None),
        )
        assert (type(came), went is True) in ((BadRequest, True), (Alert, False)), (came, went)
        if isinstance(came, Alert):
            assert isinstance(went, Conflict)
            metadata.alerts.delete(team, alert.id, ADA, None)
            metadata.webhooks.delete(team, hook.id, ADA, None)


def test_ids_and_lists_of_two_processes(metadata: Metadata, team: str, metadata_url: str, clock: FixedClock) -> None:
    """Ids are 24 hex digits, and lists are in the order of creation, whoever created what."""
    other = open_metadata(metadata_url, clock, RandomIds(clock))
    sources = {each: RandomIds(clock) for each in (metadata, other)}
    for number in range(8):
        clock.advance(0.002)
        by = (metadata, other)[number % 2]
        by.webhooks.insert(
            Webhook(sources[by].object_id(), team, f"{number}", "generic", "https://a.example/"), ADA, None
        )
    assert [each.name for each in metadata.webhooks.list(team)] == [str(number) for number in range(8)]
    other.close()
    with metadata._database.read() as connection:
        for table in tables.metadata.sorted_tables:
            if "id" in table.c and isinstance(table.c.id.type, sa.String) and table.c.id.type.length == 24:
                found = connection.scalars(sa.select(table.c.id)).all()
                assert all(len(each) == 24 and int(each, 16) for each in found), table.name
