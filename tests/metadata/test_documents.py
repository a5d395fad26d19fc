"""What is edited: revisions, transactions, the audit log, and what keeps what (metadata.documents)."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from clickstack.core.alert import Alert, Channel
from clickstack.core.clock import FixedClock
from clickstack.core.errors import BadRequest, Conflict, NotFound, PreconditionFailed
from clickstack.core.ids import SequentialIds
from clickstack.core.records import Author
from clickstack.core.saved_search import SavedSearch
from clickstack.core.source import Connection
from clickstack.core.webhook import Webhook
from clickstack.metadata import Metadata, audit, open_metadata, tables
from threads import in_parallel

pytestmark = pytest.mark.both_databases

ADA = Author("user", "a" * 24, "ada@example.com")
BOB = Author("api_key", "b" * 24, "bob")


@pytest.fixture
def metadata(metadata_url: str, clock: FixedClock, ids: SequentialIds) -> Iterator[Metadata]:
    opened = open_metadata(metadata_url, clock, ids)
    yield opened
    opened.close()


@pytest.fixture
def team(metadata: Metadata) -> str:
    return metadata.installation.found("ada@example.com", "hash")[0].id


@pytest.fixture
def webhook(metadata: Metadata, team: str, ids: SequentialIds) -> Webhook:
    return metadata.webhooks.insert(Webhook(ids.object_id(), team, "W", "generic", "https://a.example/"), ADA, "r1")


@pytest.fixture
def search(metadata: Metadata, team: str, ids: SequentialIds) -> SavedSearch:
    source = metadata.sources.list(team)[0]
    return metadata.saved_searches.insert(SavedSearch(ids.object_id(), team, "S", source.id), ADA, None)


@pytest.fixture
def alert(metadata: Metadata, webhook: Webhook, search: SavedSearch, ids: SequentialIds) -> Alert:
    unsaved = Alert(
        id=ids.object_id(),
        team_id=search.team_id,
        name=None,
        channels=(Channel(webhook.id),),
        interval="5m",
        threshold=1,
        threshold_type="above",
        source="saved_search",
        saved_search_id=search.id,
        extra={"severity": "page"},
    )
    return metadata.alerts.insert(unsaved, ADA, None)


def renamed(name: str) -> Callable[[Any], Any]:
    return lambda record: dataclasses.replace(record, name=name)


# --- revisions --------------------------------------------------------------------------------------------------


def test_a_write_moves_the_revision_and_dates_it(
    metadata: Metadata, team: str, webhook: Webhook, clock: FixedClock
) -> None:
    assert (webhook.revision, webhook.created_ms, webhook.updated_ms) == (1, 1_767_225_600_000, 1_767_225_600_000)
    clock.advance(1.5)
    changed = metadata.webhooks.update(team, webhook.id, renamed("X"), BOB, None)
    assert (changed.revision, changed.created_ms, changed.updated_ms) == (2, 1_767_225_600_000, 1_767_225_601_500)
    assert metadata.webhooks.get(team, webhook.id) == changed


def test_an_old_revision_is_refused_and_changes_nothing(metadata: Metadata, team: str, webhook: Webhook) -> None:
    changed = metadata.webhooks.replace(dataclasses.replace(webhook, name="X"), ADA, None, expected_revision=1)
    with pytest.raises(PreconditionFailed, match="at revision 2, not 1"):
        metadata.webhooks.replace(dataclasses.replace(webhook, name="Y"), ADA, None, expected_revision=1)
    with pytest.raises(PreconditionFailed):
        metadata.webhooks.delete(team, webhook.id, ADA, None, expected_revision=1)
    assert metadata.webhooks.get(team, webhook.id) == changed
    log = metadata.audit_log.list(team, limit=9, object_id=webhook.id)
    assert [entry.action for entry in log] == ["update", "create"]


def test_what_is_not_there_or_anothers(metadata: Metadata, webhook: Webhook) -> None:
    elsewhere = "f" * 24
    assert metadata.webhooks.get(elsewhere, webhook.id) is None
    assert metadata.webhooks.existing(elsewhere, [webhook.id]) == set()
    assert not metadata.webhooks.delete(elsewhere, webhook.id, ADA, None)
    with pytest.raises(NotFound, match="Webhook not found"):
        metadata.webhooks.update(elsewhere, webhook.id, renamed("X"), ADA, None)


def test_no_edit_is_lost_when_many_write_at_once(metadata: Metadata, team: str, search: SavedSearch) -> None:
    def add_tags(name: str) -> None:
        for number in range(20):
            metadata.saved_searches.update(
                team,
                search.id,
                lambda before, tag=f"{name}{number}": dataclasses.replace(before, tags=(*before.tags, tag)),
                ADA,
                None,
            )

    threads = [threading.Thread(target=add_tags, args=(name,)) for name in "abcd"]
    in_parallel(*threads)
    after = metadata.saved_searches.get(team, search.id)
    assert after is not None
    assert (len(set(after.tags)), after.revision) == (80, 81)
    assert [tag for tag in after.tags if tag.startswith("a")] == [f"a{number}" for number in range(20)]


# --- the audit log ----------------------------------------------------------------------------------------------


def test_every_change_is_written_down_without_its_secrets(
    metadata: Metadata, team: str, webhook: Webhook, clock: FixedClock
) -> None:
    secret = {"headers": {"A": "s3cret"}, "query_params": {"q": "s3cret"}, "url": "https://a.example/s3cret"}
    metadata.webhooks.update(team, webhook.id, lambda before: dataclasses.replace(before, **secret), BOB, "r2")
    metadata.webhooks.delete(team, webhook.id, ADA, "r3")
    deleted, updated, created = metadata.audit_log.list(team, limit=9, object_id=webhook.id)
    assert [(each.action, each.author, each.request_id) for each in (created, updated, deleted)] == [
        ("create", ADA, "r1"),
        ("update", BOB, "r2"),
        ("delete", ADA, "r3"),
    ]
    assert (created.before, deleted.after, updated.before, updated.after) == (
        *(None, None, created.after, deleted.before),
    )
    assert updated.after is not None
    assert (updated.after["headers"], updated.after["url"], updated.after["name"]) == ("***", "***", "W")
    assert "s3cret" not in repr((updated, deleted))


def test_a_refused_change_leaves_no_trace(metadata: Metadata, team: str, webhook: Webhook, alert: Alert) -> None:
    before = metadata.audit_log.list(team, limit=99)
    with pytest.raises(Conflict, match=r"1 alert\(s\) still reference it"):
        metadata.webhooks.delete(team, webhook.id, ADA, None)
    with pytest.raises(ZeroDivisionError):
        metadata.webhooks.update(team, webhook.id, lambda _: 1 / 0, ADA, None)  # type: ignore[arg-type, return-value]
    assert metadata.audit_log.list(team, limit=99) == before
    assert metadata.webhooks.get(team, webhook.id) == webhook


# --- what keeps what --------------------------------------------------------------------------------------------


def test_the_database_itself_keeps_a_webhook_that_is_notified(
    metadata: Metadata, webhook: Webhook, alert: Alert
) -> None:
    with pytest.raises(sa.exc.IntegrityError), metadata._database.write() as connection:
        connection.execute(sa.delete(tables.webhooks).where(tables.webhooks.c.id == webhook.id))


def test_an_alert_survives_storing_whole(metadata: Metadata, team: str, alert: Alert) -> None:
    assert metadata.alerts.get(team, alert.id) == alert
    assert alert.extra == {"severity": "page"}
    again = metadata.alerts.update(team, alert.id, renamed("N"), ADA, None)
    assert again == dataclasses.replace(alert, name="N", revision=2)


def test_an_alert_of_what_has_just_gone_is_refused(metadata: Metadata, team: str, alert: Alert) -> None:
    for gone in ({"saved_search_id": "f" * 24}, {"channels": (Channel("f" * 24),)}):
        with pytest.raises(BadRequest, match="has just been deleted"):
            metadata.alerts.update(
                team, alert.id, lambda before, gone=gone: dataclasses.replace(before, **gone), ADA, None
            )
    assert metadata.alerts.get(team, alert.id) == alert


def test_alerts_go_with_their_search_and_are_written_down(
    metadata: Metadata, team: str, search: SavedSearch, alert: Alert
) -> None:
    assert metadata.saved_searches.delete(team, search.id, BOB, "r9")
    assert metadata.alerts.count(team) == 0
    entries = metadata.audit_log.list(team, limit=2)
    assert [(each.object_kind, each.object_id, each.author) for each in entries] == [
        ("saved_search", search.id, BOB),
        ("alert", alert.id, BOB),
    ]


def test_a_name_is_taken_once_for_each_service(metadata: Metadata, team: str, webhook: Webhook) -> None:
    twin = Webhook("e" * 24, team, "W", "generic", "https://b.example/")
    with pytest.raises(BadRequest, match="already exists"):
        metadata.webhooks.insert(twin, ADA, None)
    metadata.webhooks.insert(dataclasses.replace(twin, service="slack"), ADA, None)
    long = dataclasses.replace(twin, id="d" * 24, name="𝄞" * 1024)  # longer than what an index of PostgreSQL can hold
    assert metadata.webhooks.insert(long, ADA, None).name == long.name


def test_connections_in_use_stay_and_passwords_are_kept_apart(metadata: Metadata, team: str) -> None:
    (embedded,) = metadata.connections.list(team)
    with pytest.raises(Conflict, match=r"4 source\(s\) still use it, such as 'Logs'"):
        metadata.connections.delete(team, embedded.id, ADA, None)
    other = Connection("e" * 24, team, "C", "https://c.example", password="s3cret", setting_prefix="p")
    stored = metadata.connections.insert(other, ADA, None)
    assert (stored.password, stored.setting_prefix, stored.is_prometheus) == ("s3cret", "p", None)
    assert "s3cret" not in repr((stored, metadata.audit_log.list(team, limit=1)))


def test_old_changes_are_forgotten(metadata: Metadata, team: str, clock: FixedClock) -> None:
    before = metadata.audit_log.count(team)
    clock.advance(100)
    metadata.audit_log.note(team, ADA, None, "retention", "logs", {"days": 1}, {"days": 2})
    assert metadata.audit_log.prune(clock.now_ns() // 1_000_000 - 1000, 1) == min(before, 1), "so many at once"
    metadata.audit_log.prune(clock.now_ns() // 1_000_000 - 1000, 100)
    assert [entry.object_name for entry in metadata.audit_log.list(team, limit=100)] == ["logs"]
    assert metadata.audit_log.prune(clock.now_ns() // 1_000_000, 100) == 0


def test_of_too_many_changes_the_oldest_are_forgotten(
    metadata: Metadata, team: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "AUDIT_LOG_ROWS_MAX", 2)
    for days in range(4):
        clock.advance(1)
        metadata.audit_log.note(team, ADA, None, "retention", f"{days}", None, {"days": days})
    metadata.audit_log.prune(0, 100)
    assert [entry.object_name for entry in metadata.audit_log.list(team, limit=100)] == ["3", "2"]


def test_of_large_objects_the_log_keeps_what_differs(metadata: Metadata, team: str) -> None:
    large = {"name": "D", "tiles": ["x" * 40_000, "y" * 40_000]}
    metadata.audit_log.note(team, ADA, None, "dashboard", "D", large, {**large, "name": "E", "tags": ["a"]})
    metadata.audit_log.note(team, ADA, None, "dashboard", "D", {"name": "D"}, {"name": "D", "tags": ["a"]})
    whole, differing = metadata.audit_log.list(team, limit=2)
    if "truncated" in (whole.before or {}):
        whole, differing = differing, whole  # both of one moment
    assert differing.before == {"name": "D", "truncated": True}
    assert differing.after == {"name": "E", "tags": ["a"], "truncated": True}
    assert whole.before == {"name": "D"}
    assert whole.after == {"name": "D", "tags": ["a"]}
