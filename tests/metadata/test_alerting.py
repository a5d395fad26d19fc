"""What the alerts' room keeps: leases, verdicts with their messages, the outbox, silences."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from clickstack.core.alert import Alert, Channel
from clickstack.core.clock import FixedClock
from clickstack.core.errors import NotFound, PreconditionFailed
from clickstack.core.ids import SequentialIds
from clickstack.core.records import Author
from clickstack.core.saved_search import SavedSearch
from clickstack.core.webhook import Webhook
from clickstack.metadata import (
    Evaluation,
    Lease,
    LostLease,
    Metadata,
    Notification,
    SilenceRecord,
    Standing,
    Transition,
    Verdict,
    open_metadata,
)

pytestmark = pytest.mark.both_databases

ADA = Author("system", "ada", "ada")
NOW_MS = 1_767_225_600_000


@pytest.fixture
def metadata(metadata_url: str, clock: FixedClock, ids: SequentialIds) -> Iterator[Metadata]:
    opened = open_metadata(metadata_url, clock, ids)
    yield opened
    opened.close()


@pytest.fixture
def team(metadata: Metadata) -> str:
    return metadata.installation.found("ada@example.com", "hash")[0].id


@pytest.fixture
def alert(metadata: Metadata, team: str, ids: SequentialIds) -> Alert:
    source = metadata.sources.list(team)[0]
    search = metadata.saved_searches.insert(SavedSearch(ids.object_id(), team, "S", source.id), ADA, None)
    hook = metadata.webhooks.insert(Webhook(ids.object_id(), team, "W", "generic", "https://a.example/"), ADA, None)
    unsaved = Alert(
        id=ids.object_id(),
        team_id=team,
        name="A",
        channels=(Channel(hook.id),),
        interval="1m",
        threshold=1,
        threshold_type="above",
        source="saved_search",
        saved_search_id=search.id,
    )
    return metadata.alerts.insert(unsaved, ADA, None)


@pytest.fixture
def lease(metadata: Metadata) -> Lease:
    taken = metadata.leases.take("alerts", "a", 20_000)
    assert taken is not None
    return taken


def message(ids: SequentialIds, alert: Alert, lane: str = "l", target: str = "t", next_ms: int = 0) -> Notification:
    words = {"title": "it happened: ≥ 3 ☃", "values": {"a": None}}
    return Notification(
        ids.object_id(), alert.team_id, alert.id, "g", lane, {"type": "email"}, target, "fire", words, NOW_MS,
        next_ms=next_ms,
    )  # fmt: skip


def verdict(ids: SequentialIds, alert: Alert, before: Standing | None, minute: int, state: str = "ALERT") -> Verdict:
    start_ms, end_ms = NOW_MS + minute * 60_000, NOW_MS + (minute + 1) * 60_000
    return Verdict(
        alert=alert,
        before=before,
        after=Standing("definition", end_ms, end_ms + 60_000, b'{"groups": []}', "SELECT 1"),
        state="ALERT" if state == "ALERT" else "OK",
        errors=({"message": "slow"},),
        evaluations=(Evaluation(start_ms, end_ms, end_ms, state, {"groups": {"g": 4.5}}),),
        transitions=(Transition(ids.object_id(), "g", state, 4.5, start_ms, end_ms),),
        notifications=(message(ids, alert),),
    )


def test_a_lease_has_one_holder_and_a_number_that_grows(metadata: Metadata, lease: Lease, clock: FixedClock) -> None:
    assert metadata.leases.take("alerts", "b", 20_000) is None
    assert metadata.leases.take("alerts", "a", 20_000) == lease
    clock.advance(20.1)
    second = metadata.leases.take("alerts", "b", 20_000)
    assert second == Lease("alerts", "b", lease.fence + 1)
    metadata.leases.give_back(lease)  # too late to matter
    assert metadata.leases.take("alerts", "a", 20_000) is None
    metadata.leases.give_back(second)
    assert metadata.leases.take("alerts", "a", 20_000) == Lease("alerts", "a", lease.fence + 2)


def test_what_a_clock_far_ahead_wrote_holds_up_nothing(
    metadata: Metadata, alert: Alert, ids: SequentialIds, clock: FixedClock
) -> None:
    clock.advance(86_400)
    lost = metadata.leases.take("alerts", "ahead", 20_000)
    assert lost is not None
    later = verdict(ids, alert, None, 24 * 60)
    queued = message(ids, alert, next_ms=NOW_MS + 86_400_000)
    metadata.judgements.store([dataclasses.replace(later, notifications=(queued,))], lost)
    clock.advance(-86_400)
    assert metadata.leases.take("alerts", "right", 20_000) == Lease("alerts", "right", lost.fence + 1)
    assert [each.id for each, _ in metadata.judgements.due(NOW_MS)] == [alert.id]
    assert [each.id for each in metadata.notifications.due(10, 2)] == [queued.id]
    assert metadata.judgements.prune(0, 100) == 1
    assert metadata.judgements.transitions(alert.id, 0, 2**60, 9) == []


def test_a_verdict_is_stored_whole(metadata: Metadata, alert: Alert, lease: Lease, ids: SequentialIds) -> None:
    [(found, standing)] = metadata.judgements.due(NOW_MS)
    assert (found, standing) == (alert, None)
    first = verdict(ids, alert, None, 0)
    assert metadata.judgements.store([first], lease) == 1
    assert metadata.judgements.standing(alert.id) == first.after
    assert metadata.judgements.evaluations(alert.id, 0, 2**60, 9) == list(first.evaluations)
    assert metadata.judgements.recent([alert.id], 9) == {alert.id: list(first.evaluations)}
    assert metadata.judgements.transitions(alert.id, 0, 2**60, 9) == list(first.transitions)
    assert metadata.notifications.of_alert(alert.team_id, alert.id, 9) == list(first.notifications)
    shown = metadata.alerts.get(alert.team_id, alert.id)
    assert shown is not None
    assert (shown.state, shown.execution_errors, shown.revision) == ("ALERT", ({"message": "slow"},), alert.revision)
    assert list(metadata.judgements.due(NOW_MS + 60_000)) == []
    assert [each.id for each, _ in metadata.judgements.due(NOW_MS + 120_000)] == [alert.id]


def test_a_window_is_judged_once(metadata: Metadata, alert: Alert, lease: Lease, ids: SequentialIds) -> None:
    first = verdict(ids, alert, None, 0)
    assert metadata.judgements.store([first], lease) == 1
    assert metadata.judgements.store([verdict(ids, alert, None, 0)], lease) == 0
    second = verdict(ids, alert, first.after, 1, "OK")
    assert metadata.judgements.store([second, verdict(ids, alert, None, 0)], lease) == 1
    edited = metadata.alerts.update(
        alert.team_id, alert.id, lambda before: dataclasses.replace(before, name="B"), ADA, None
    )
    assert metadata.judgements.store([verdict(ids, alert, second.after, 2)], lease) == 0  # of the alert as it was
    assert metadata.judgements.store([verdict(ids, edited, second.after, 2)], lease) == 1
    assert metadata.notifications.waiting() == 3


def test_who_lost_the_lease_stores_nothing(
    metadata: Metadata, alert: Alert, lease: Lease, ids: SequentialIds, clock: FixedClock
) -> None:
    clock.advance(21)
    assert metadata.leases.take("alerts", "b", 20_000) is not None
    with pytest.raises(LostLease):
        metadata.judgements.store([verdict(ids, alert, None, 0)], lease)
    assert metadata.judgements.standing(alert.id) is None
    assert metadata.notifications.waiting() == 0


def test_the_outbox_keeps_order_in_a_lane_and_fairness_between_targets(
    metadata: Metadata, alert: Alert, ids: SequentialIds, clock: FixedClock
) -> None:
    first, second, other = (message(ids, alert, lane, target) for lane, target in (("1", "t"), ("1", "t"), ("2", "u")))
    many = [message(ids, alert, f"many {number}", "t") for number in range(4)]
    for each in (first, second, other, *many):
        metadata.notifications.add(each)

    def due(**given: Any) -> list[str]:
        return [each.id for each in metadata.notifications.due(10, 2, **given)]

    assert due() == [first.id, other.id, many[0].id]  # the second waits for the first; two to one target
    assert due(busy={"t"}) == [other.id]
    metadata.notifications.note_sent(first.id)
    metadata.notifications.note_failed(other.id, "refused", again_ms=NOW_MS + 1_000)
    assert due() == [second.id, many[0].id]
    clock.advance(1)
    assert other.id in due()
    metadata.notifications.note_failed(other.id, "refused", again_ms=None)
    assert other.id not in due()
    states = {each.id: (each.state, each.attempts, each.error) for each in metadata.notifications.of_alert(
        alert.team_id, alert.id, 99
    )}  # fmt: skip
    assert states[first.id] == ("sent", 1, None)
    assert states[other.id] == ("failed", 2, "refused")
    assert metadata.notifications.prune(NOW_MS + 500) == 1
    assert metadata.notifications.waiting() == 5


class OfProcess:
    """Ids as a process of this number makes them: those of one second are ordered by the number of the process."""

    def __init__(self, clock: FixedClock, process: int) -> None:
        self._clock, self._process, self._last = clock, process, 0

    def object_id(self) -> str:
        self._last += 1
        return f"{self._clock.now_ns() // 1_000_000_000:08x}{self._process:010x}{self._last:06x}"


@pytest.mark.parametrize("later_s", [0, -3_600], ids=["within a second", "the clock was set back"])
def test_messages_of_two_processes_are_sent_in_the_order_they_were_queued(
    metadata: Metadata, metadata_url: str, alert: Alert, ids: SequentialIds, clock: FixedClock, later_s: int
) -> None:
    heir = open_metadata(metadata_url, clock, ids)
    try:
        first = dataclasses.replace(message(ids, alert), id=OfProcess(clock, 0xFF).object_id())
        metadata.notifications.add(first)
        clock.advance(later_s)
        second = dataclasses.replace(message(ids, alert), id=OfProcess(clock, 0).object_id(), kind="resolve")
        heir.notifications.add(second)
        assert second.id < first.id
        for opened in (metadata, heir):
            assert [each.kind for each in opened.notifications.due(10, 2)] == ["fire"]
        metadata.notifications.note_sent(first.id)
        assert [each.kind for each in metadata.notifications.due(10, 2)] == ["resolve"]
        metadata.notifications.note_sent(second.id)
        assert metadata.notifications.prune(2**60) == 2  # the fire was answered: nobody needs it any more
    finally:
        heir.close()


def test_two_edits_of_one_silence_are_both_kept_or_one_is_told(
    metadata: Metadata, alert: Alert, ids: SequentialIds
) -> None:
    silence = SilenceRecord(ids.object_id(), alert.team_id, "deploy", NOW_MS, NOW_MS + 60_000, alert.id)
    kept = metadata.silences
    kept.add(silence, ADA, None)

    def longer(before: SilenceRecord) -> SilenceRecord:
        assert before.ends_ms is not None
        return dataclasses.replace(before, ends_ms=before.ends_ms + 60_000)

    def edit() -> None:
        for _ in range(5):
            kept.update(alert.team_id, silence.id, longer, ADA, None)

    editors = [threading.Thread(target=edit) for _ in range(2)]
    for each in editors:
        each.start()
    for each in editors:
        each.join(30)
        assert not each.is_alive()
    (found,) = kept.list(alert.team_id)
    assert (found.ends_ms, found.revision) == (NOW_MS + 11 * 60_000, 11)
    with pytest.raises(PreconditionFailed, match="at revision 11, not 1"):
        kept.update(alert.team_id, silence.id, longer, ADA, None, expected_revision=1)
    with pytest.raises(PreconditionFailed):
        kept.remove(alert.team_id, silence.id, ADA, None, expected_revision=1)
    with pytest.raises(NotFound):
        kept.update("0" * 24, silence.id, longer, ADA, None)
    kept.remove(alert.team_id, silence.id, ADA, None, expected_revision=11)
    assert kept.list(alert.team_id) == []


def test_what_is_wrong_with_the_last_message_of_each_lane(metadata: Metadata, alert: Alert, ids: SequentialIds) -> None:
    kept = metadata.notifications
    fire, other = message(ids, alert, "1"), message(ids, alert, "2")
    for each in (fire, other):
        kept.add(each)
    kept.note_failed(fire.id, "refused", again_ms=None)
    kept.note_sent(other.id, "the default body was sent")
    assert kept.faults(alert.id) == {"refused", "the default body was sent"}
    resolve, farewell = message(ids, alert, "1"), dataclasses.replace(message(ids, alert, "2"), kind="farewell")
    for each in (resolve, farewell):
        kept.add(each)
    assert len(kept.faults(alert.id)) == 2  # what waits may still arrive
    kept.note_sent(resolve.id)
    kept.note_failed(farewell.id, "gone", again_ms=None)
    assert kept.faults(alert.id) == set()


def test_what_is_old_goes_and_what_belongs_to_an_alert_goes_with_it(
    metadata: Metadata, alert: Alert, lease: Lease, ids: SequentialIds
) -> None:
    first = verdict(ids, alert, None, 0)
    second = verdict(ids, alert, first.after, 1, "OK")
    metadata.judgements.store([first], lease)
    metadata.judgements.store([second], lease)
    assert metadata.judgements.prune(NOW_MS + 60_001, 100) == 1
    assert metadata.judgements.evaluations(alert.id, 0, 2**60, 9) == list(second.evaluations)
    assert metadata.judgements.transitions(alert.id, 0, 2**60, 9) == list(second.transitions)
    quiet = SilenceRecord(ids.object_id(), alert.team_id, "deploy", NOW_MS, None, alert.id, repeats={"days": [0]})
    metadata.silences.add(quiet, ADA, None)
    assert [each.reason for each in metadata.silences.in_force(NOW_MS)] == ["deploy"]
    assert metadata.alerts.delete(alert.team_id, alert.id, ADA, None)
    assert metadata.judgements.standing(alert.id) is None
    assert metadata.judgements.evaluations(alert.id, 0, 2**60, 9) == []
    assert metadata.silences.list(alert.team_id) == []
    assert metadata.notifications.waiting() >= 2  # what was said before is still delivered
