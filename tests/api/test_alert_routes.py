"""What alerts found and said, silences, previews, test messages (reference/internal-routes.md §3.7, §3.8)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from alerts.receiver import Answer, Receiver, receiver
from clickstack.api import Services, trial_budget
from clickstack.core.address import AllowedHosts
from clickstack.core.clock import FixedClock
from clickstack.core.errors import NotFound
from clickstack.core.records import Author
from clickstack.core.webhook import WebhookService
from clickstack.metadata import Evaluation, Metadata, Notification, SilenceRecord, Standing, Transition, Verdict
from clickstack.store import Store

HOOK = {"name": "G", "service": "generic", "url": "https://93.184.216.34/services/s3cret"}
NOBODY = "0" * 24
MINUTE = 60_000


@pytest.fixture
def now_ms(clock: FixedClock) -> int:
    return clock.now_ns() // 1_000_000


@pytest.fixture
def webhook(person: httpx.Client) -> str:
    return str(data(person.post("/webhooks", json=HOOK))["_id"])


@pytest.fixture
def body(person: httpx.Client, webhook: str) -> dict[str, Any]:
    source = next(each for each in person.get("/sources").json() if each["kind"] == "log")
    search = {"name": "Errors", "select": "", "where": "SeverityText:error", "source": source["id"], "tags": []}
    return {
        "source": "saved_search",
        "savedSearchId": person.post("/saved-search", json={**search, "whereLanguage": "lucene"}).json()["id"],
        "interval": "1m",
        "threshold": 3,
        "thresholdType": "above",
        "channel": {"type": "webhook", "webhookId": webhook},
    }


@pytest.fixture
def alert(person: httpx.Client, body: dict[str, Any]) -> str:
    return str(data(person.post("/alerts", json=body))["_id"])


def data(reply: httpx.Response) -> Any:
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]


def refusal(reply: httpx.Response) -> str:
    assert reply.status_code == 400, reply.text
    return reply.text


def judged(metadata: Metadata, alert_id: str, now_ms: int, states: str) -> None:
    """Windows of a minute, the last of which ends now; a letter for each: o(k), a(lert), n(o data), e(rror)."""
    team_id = metadata.teams.api_keys()[0][0]
    stored = metadata.alerts.get(team_id, alert_id)
    lease = metadata.leases.take("alerts", "test", 10**12)
    assert stored is not None
    assert lease is not None
    about = {"threshold": 3.0, "thresholdMax": None, "thresholdType": "above", "queryMs": 7, "rowsRead": 9}
    evaluations, transitions, before = [], [], "OK"
    for at, letter in enumerate(states):
        end = now_ms - (len(states) - 1 - at) * MINUTE
        state = {"o": "OK", "a": "ALERT", "n": "NO_DATA", "e": "ERROR"}[letter]
        value = {"o": 1.0, "a": 5.0}.get(letter)
        group = {"state": state, "value": value, "reason": "because", "group": "ServiceName:api"}
        found: dict[str, Any] = {"groups": [group], "groupsTotal": 1, **about, "backfilled": 0, "skipped": 0}
        if letter == "e":
            found = {"errors": [{"timestamp": "t", "type": "QUERY_ERROR", "message": "broken"}]}
        evaluations.append(Evaluation(end - MINUTE, end, end + 1, state, found))
        if state in ("OK", "ALERT") and state != before:
            transitions.append(Transition(f"{at:024x}", "ServiceName:api", state, value, end - MINUTE, end))
            before = state
    verdict = Verdict(
        stored,
        None,
        Standing("d", now_ms, now_ms + MINUTE, b"{}"),
        "ALERT",
        evaluations=tuple(evaluations),
        transitions=tuple(transitions),
    )
    assert metadata.judgements.store([verdict], lease) == 1


# --- what was found ---------------------------------------------------------------------------------------------


def test_a_list_shows_the_last_windows(person: httpx.Client, alert: str, metadata: Metadata, now_ms: int) -> None:
    judged(metadata, alert, now_ms, "o" * 20 + "ane")
    (shown,) = data(person.get("/alerts"))
    assert [each["state"] for each in shown["history"][:4]] == ["ERROR", "INSUFFICIENT_DATA", "ALERT", "OK"]
    assert len(shown["history"]) == 20
    assert shown["history"][2]["lastValues"] == [{"startTime": "2025-12-31T23:57:00.000Z", "count": 5.0}]
    assert "groups" not in shown["history"][2]
    assert data(person.get(f"/alerts/{alert}"))["history"] == shown["history"]


def test_evaluations_are_paged(person: httpx.Client, alert: str, metadata: Metadata, now_ms: int) -> None:
    judged(metadata, alert, now_ms, "oaoe")
    address = f"/alerts/{alert}/evaluations"
    first = person.get(address, params={"limit": 3}).json()
    assert [each["state"] for each in first["data"]] == ["ERROR", "OK", "ALERT"]
    assert first["data"][0]["errors"][0]["message"] == "broken"
    assert first["hasMore"] is True
    rest = person.get(address, params={"limit": 3, "before": first["nextBefore"]}).json()
    assert [each["state"] for each in rest["data"]] == ["OK"]
    assert rest["hasMore"] is False
    assert "nextBefore" not in rest
    window = first["data"][2]
    assert window["groups"] == [
        {
            "group": "ServiceName:api",
            "state": "ALERT",
            "counts": 1,
            "fired": False,
            "reason": "because",
            "lastValue": {"startTime": window["windowStart"], "count": 5.0},
        }
    ]
    assert (window["groupsTotal"], window["threshold"], window["thresholdType"]) == (1, 3.0, "above")
    assert window["analytics"] == {"queryDurationMs": 7, "rowsRead": 9, "backfilledBuckets": 0, "skippedWindows": 0}
    bounds = {"startTime": now_ms - 2 * MINUTE, "endTime": now_ms}
    assert [each["state"] for each in person.get(address, params=bounds).json()["data"]] == ["OK", "ALERT"]


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 201}, {"before": -1}, {"startTime": 5, "endTime": 5}, {"endTime": "x"}]
)
def test_nonsense_about_evaluations_is_refused(person: httpx.Client, alert: str, params: dict[str, Any]) -> None:
    assert person.get(f"/alerts/{alert}/evaluations", params=params).status_code == 400


def test_history_marks_the_crossings(person: httpx.Client, alert: str, metadata: Metadata, now_ms: int) -> None:
    judged(metadata, alert, now_ms, "aaaoa")
    address = f"/alerts/{alert}/history"
    found = data(person.get(address, params={"startTime": now_ms - 2 * MINUTE, "endTime": now_ms + 1}))
    assert [(each["createdAt"][11:16], each["state"], each["group"]) for each in found] == [
        ("23:58", "ALERT", "ServiceName:api"),  # since 23:56, pinned to the start
        ("23:59", "OK", "ServiceName:api"),
        ("00:00", "ALERT", "ServiceName:api"),
    ]
    assert person.get(address).status_code == 400
    assert person.get(address, params={"startTime": 9, "endTime": 9}).status_code == 400
    assert person.get(f"/alerts/{NOBODY}/history", params={"startTime": 1, "endTime": 9}).status_code == 404


def test_deliveries_say_what_became_of_each_message(
    person: httpx.Client, alert: str, webhook: str, metadata: Metadata, now_ms: int
) -> None:
    team_id = metadata.teams.api_keys()[0][0]
    sent = Notification(
        id="1" * 24,
        team_id=team_id,
        alert_id=alert,
        group="",
        lane="l",
        target={"type": "webhook", "webhookId": webhook},
        target_key="t",
        kind="fire",
        words={"title": "It burns", "event_id": "e"},
        created_ms=now_ms,
        next_ms=now_ms,
    )
    mail = {"type": "email", "emailRecipients": ["ada@example.com"]}
    metadata.notifications.add(sent)
    metadata.notifications.add(dataclasses.replace(sent, id="2" * 24, lane="m", target=mail, created_ms=now_ms + 1))
    metadata.notifications.note_failed("2" * 24, "The mail server refused every recipient.", again_ms=None)
    failed, queued = data(person.get(f"/alerts/{alert}/deliveries"))
    assert (failed["state"], failed["error"], failed["target"]) == (
        "failed",
        "The mail server refused every recipient.",
        mail,
    )
    assert (queued["state"], queued["title"], queued["nextAttemptAt"]) == ("queued", "It burns", queued["createdAt"])
    assert queued["target"] == {"type": "webhook", "webhookId": webhook, "name": "G", "service": "generic"}
    assert "s3cret" not in str(queued)
    assert len(data(person.get(f"/alerts/{alert}/deliveries", params={"limit": 1}))) == 1


def test_what_was_fired_ends_with_the_alert(
    person: httpx.Client, alert: str, webhook: str, metadata: Metadata, now_ms: int
) -> None:
    team_id = metadata.teams.api_keys()[0][0]
    fire = Notification(
        "1" * 24, team_id, alert, "", "l", {"type": "webhook", "webhookId": webhook}, "t", "fire",
        {"title": "🚨 It burns"}, now_ms, next_ms=now_ms,
    )  # fmt: skip
    metadata.notifications.add(fire)
    metadata.notifications.note_sent(fire.id)
    assert person.delete(f"/alerts/{alert}").status_code == 200
    end, first = metadata.notifications.of_alert(team_id, alert, 9)
    assert (end.kind, end.lane, end.state, end.words, end.target) == (
        "farewell",
        "l",
        "queued",
        fire.words,
        fire.target,
    )
    assert first.state == "sent"


# --- the superset -----------------------------------------------------------------------------------------------

EXTRAS = {
    "enabled": False,
    "noDataPolicy": "keep",
    "renotifyMinutes": 0,
    "evaluationDelaySeconds": 86_400,
    "severity": "critical",
    "maxGroups": 1,
    "notifyAfterErrors": 3,
}


def test_what_the_published_api_does_not_know_stays_unless_it_is_sent(
    person: httpx.Client, body: dict[str, Any], v2: httpx.Client
) -> None:
    made = data(person.post("/alerts", json={**body, **EXTRAS}))
    assert {key: made[key] for key in EXTRAS} == EXTRAS
    address = f"/api/v2/alerts/{made['_id']}"
    assert {**data(v2.put(address, json=body)), **EXTRAS} == data(v2.get(address))
    changed = data(v2.put(address, json={**body, "noDataPolicy": None, "severity": "info", "enabled": True}))
    assert "noDataPolicy" not in changed
    assert (changed["severity"], changed["enabled"], changed["maxGroups"]) == ("info", True, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("enabled", "yes"),
        ("noDataPolicy", "panic"),
        ("renotifyMinutes", 10_081),
        ("renotifyMinutes", 1.5),
        ("evaluationDelaySeconds", -1),
        ("severity", "awful"),
        ("maxGroups", 1_001),
        ("maxGroups", 0),
        ("notifyAfterErrors", 101),
    ],
)
def test_a_wrong_extra_is_named(v2: httpx.Client, body: dict[str, Any], field: str, value: Any) -> None:
    assert f"{field}: " in refusal(v2.post("/api/v2/alerts", json={**body, field: value}))


def test_people_can_be_told_by_mail(person: httpx.Client, body: dict[str, Any]) -> None:
    mail = {"type": "email", "emailRecipients": ["ada@example.com", "bob@example.com"]}
    made = data(person.post("/alerts", json={**body, "channel": mail, "channels": [mail, body["channel"]]}))
    assert (made["channel"], made["channels"]) == (mail, [mail, body["channel"]])
    assert data(person.put(f"/alerts/{made['_id']}", json=made))["channels"] == made["channels"]
    for wrong in ([], ["nobody"], ["a@b\nBcc: c@d"], ["a@b,c@d"], ["a@b"] * 21):
        channel = {"type": "email", "emailRecipients": wrong}
        assert "emailRecipients" in refusal(person.post("/alerts", json={**body, "channel": channel}))


OTHERS: dict[WebhookService, dict[str, Any]] = {
    "pagerduty": {"queryParams": {"routing_key": "k"}},
    "opsgenie": {"headers": {"Authorization": "GenieKey k"}},
    "microsoft_teams": {},
    "discord": {},
    "telegram": {"queryParams": {"chat_id": "7"}},
    "google_chat": {},
}


def test_every_service_can_be_made(person: httpx.Client, v2: httpx.Client) -> None:
    for service, secrets in OTHERS.items():
        hook = {**HOOK, "service": service, **secrets}
        made = data(v2.post("/api/v2/webhooks", json=hook))
        assert made["service"] == service
        assert "queryParams" not in made
        (listed,) = data(person.get("/webhooks", params={"service": service}))
        assert listed["url"].endswith("/****")
        assert data(v2.put(f"/api/v2/webhooks/{made['id']}", json={**HOOK, "service": service}))["name"] == "G"


def test_a_service_says_what_it_lacks(v2: httpx.Client) -> None:
    assert "routing_key" in refusal(v2.post("/api/v2/webhooks", json={**HOOK, "service": "pagerduty"}))
    made = data(v2.post("/api/v2/webhooks", json={**HOOK, "service": "telegram", **OTHERS["telegram"]}))
    moved = {**HOOK, "url": "https://93.184.216.35/", "service": "telegram"}
    assert "chat_id" in refusal(v2.put(f"/api/v2/webhooks/{made['id']}", json=moved))  # secrets do not move along


# --- test messages ----------------------------------------------------------------------------------------------


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as held:
        yield held


@pytest.fixture
def insider(connect: Callable[..., httpx.Client], person: httpx.Client) -> httpx.Client:
    """The first person, at a server that may call this machine."""
    client = connect(webhook_allowed_hosts=AllowedHosts.parse("127.0.0.1"))
    client.cookies = person.cookies
    return client


def test_a_test_message_arrives(insider: httpx.Client, there: Receiver) -> None:
    body = {"service": "generic", "url": there.url, "headers": {"X-Key": "k"}, "body": '{"is": "{{state}}"}'}
    assert insider.post("/webhooks/test", json=body).json() == {"message": "Test webhook sent successfully"}
    (got,) = there.received
    assert (got.json, got.headers["x-key"]) == ({"is": "INSUFFICIENT_DATA"}, "k")


@pytest.mark.parametrize("service", OTHERS)
def test_a_test_message_of_every_service_arrives(insider: httpx.Client, there: Receiver, service: str) -> None:
    body = {"service": service, "url": there.url, **OTHERS[service]}  # type: ignore[index]  # its own keys
    assert insider.post("/webhooks/test", json=body).status_code == 200
    assert len(there.received) == (2 if service in ("pagerduty", "opsgenie") else 1)
    if service == "pagerduty":  # nobody is left with an incident
        assert [each.json["event_action"] for each in there.received] == ["trigger", "resolve"]


def test_a_stored_webhook_is_tested_with_its_secrets(insider: httpx.Client, there: Receiver) -> None:
    hook = {**HOOK, "url": there.url, "headers": {"A": "s3cret"}}
    made = data(insider.post("/webhooks", json=hook))
    assert insider.post(f"/webhooks/{made['_id']}/test").status_code == 200
    masked = {key: made[key] for key in ("service", "url", "headers")}
    assert insider.post("/webhooks/test", json={**masked, "webhookId": made["_id"]}).status_code == 200
    assert [each.headers["a"] for each in there.received] == ["s3cret", "s3cret"]
    assert "masked" in refusal(insider.post("/webhooks/test", json=masked))
    elsewhere = {**masked, "url": there.url + "/else", "webhookId": made["_id"]}
    assert "enter the value again" in refusal(insider.post("/webhooks/test", json=elsewhere))
    assert insider.post(f"/webhooks/{NOBODY}/test").status_code == 404


def test_a_refusal_of_the_receiver_is_told(insider: httpx.Client, there: Receiver) -> None:
    there.answers.append(Answer(403, body=b"no such key"))
    body = {"service": "generic", "url": there.url}
    assert "The receiver answered 403: no such key" in refusal(insider.post("/webhooks/test", json=body))


def test_a_test_message_reaches_nothing_private(person: httpx.Client, there: Receiver) -> None:
    refusal(person.post("/webhooks/test", json={"service": "generic", "url": there.url}))
    assert there.received == []


def test_a_test_mail_needs_a_mail_server(person: httpx.Client) -> None:
    reply = person.post("/alerts/test-email", json={"emailRecipients": ["ada@example.com"]})
    assert "CLICKSTACK_SMTP_HOST" in refusal(reply)


def test_a_team_has_a_budget_of_test_messages(
    insider: httpx.Client, there: Receiver, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    monkeypatch.setattr(trial_budget, "TRIALS_MAX", 2)
    body = {"service": "generic", "url": there.url}
    refusal(insider.post("/webhooks/test", json={**body, "url": "nowhere"}))  # sends nothing, costs nothing
    assert insider.post("/webhooks/test", json=body).status_code == 200
    refusal(insider.post("/alerts/test-email", json={"emailRecipients": ["ada@example.com"]}))
    for address, sent in (("/webhooks/test", body), ("/alerts/test-email", {"emailRecipients": ["a@example.com"]})):
        reply = insider.post(address, json=sent)
        assert (reply.status_code, reply.headers["retry-after"]) == (429, "60")
        assert "2 test messages within 60 seconds" in reply.text
    assert len(there.received) == 1
    clock.advance(60)
    assert insider.post("/webhooks/test", json=body).status_code == 200


# --- silences ---------------------------------------------------------------------------------------------------

NIGHTS = {"days": [5, 6], "start": "22:00", "minutes": 240, "timezone": "Europe/Berlin"}


def test_a_silence_lives(person: httpx.Client, alert: str, clock: FixedClock, metadata: Metadata) -> None:
    ends = "2026-01-01T02:00:00Z"
    made = data(person.post("/silences", json={"reason": "known", "alertId": alert, "group": "a:b", "endsAt": ends}))
    assert (made["inForce"], made["over"], made["startsAt"]) == (True, False, "2026-01-01T00:00:00.000Z")
    assert made["createdBy"]["email"] == "ada@example.com"
    nights = data(person.post("/silences", json={"reason": "nights", "repeats": NIGHTS}))
    assert (nights["inForce"], nights["endsAt"], nights["repeats"]) == (False, None, NIGHTS)
    assert [each["id"] for each in data(person.get("/silences"))] == [made["id"], nights["id"]]
    assert data(person.get("/silences", params={"alertId": alert})) == [made]
    clock.advance(3 * 3600)
    assert data(person.get("/silences", params={"alertId": alert}))[0]["over"] is True
    longer = {"reason": "longer", "endsAt": "2026-01-01T09:00:00Z"}
    changed = data(person.put(f"/silences/{made['id']}", json=longer))
    assert (changed["reason"], changed["alertId"], changed["startsAt"], changed["inForce"]) == (
        "longer",
        None,
        made["startsAt"],
        True,
    )
    assert changed["revision"] == made["revision"] + 1
    stale = {"If-Match": '"r1-0"'}  # somebody else has changed it since it was read
    assert person.put(f"/silences/{made['id']}", json=longer, headers=stale).status_code == 412
    assert person.delete(f"/silences/{made['id']}", headers=stale).status_code == 412
    assert person.delete(f"/silences/{made['id']}").json() == {}
    assert person.delete(f"/silences/{made['id']}").status_code == 404
    assert person.put(f"/silences/{made['id']}", json=longer).status_code == 404
    actions = [each.action for each in metadata.audit_log.list(metadata.teams.api_keys()[0][0], limit=9)]
    assert actions[:4] == ["delete", "update", "create", "create"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"reason": ""}, "reason"),
        ({"endsAt": None}, "Required, unless the silence repeats"),
        ({"endsAt": "2025-12-31T00:00:00Z"}, "endsAt must be in the future"),
        ({"startsAt": "2027-01-01T00:00:00Z"}, "after startsAt"),
        ({"group": "a:b"}, "send alertId with it"),
        ({"repeats": {**NIGHTS, "days": []}}, "days"),
        ({"repeats": {**NIGHTS, "days": [1, 1]}}, "Each day once"),
        ({"repeats": {**NIGHTS, "days": [7]}}, "days"),
        ({"repeats": {**NIGHTS, "start": "24:00"}}, "Say the time as HH:MM"),
        ({"repeats": {**NIGHTS, "minutes": 0}}, "minutes"),
        ({"repeats": {**NIGHTS, "timezone": "Mars/Base"}}, "Not a time zone"),
    ],
)
def test_a_silence_that_means_nothing_is_refused(person: httpx.Client, fields: dict[str, Any], text: str) -> None:
    body = {"reason": "r", "endsAt": "2026-06-01T00:00:00Z", **fields}
    assert text in refusal(person.post("/silences", json=body))


def test_a_silence_of_nobodys_alert_is_refused(person: httpx.Client) -> None:
    body = {"reason": "r", "endsAt": "2026-06-01T00:00:00Z", "alertId": NOBODY}
    assert person.post("/silences", json=body).status_code == 404


# --- preview ----------------------------------------------------------------------------------------------------


@pytest.fixture
def services(services: Services, store: Store) -> Services:
    return dataclasses.replace(services, store=store)


def test_a_preview_tells_what_would_have_been(
    person: httpx.Client, body: dict[str, Any], store: Store, now_ms: int, metadata: Metadata
) -> None:
    moment = f"fromUnixTimestamp64Milli({now_ms + 90_000}, 'UTC')"
    row = f"{moment}, 'api', 'error', 'x'"
    store.command(f"INSERT INTO otel_logs (Timestamp, ServiceName, SeverityText, Body) SELECT {row} FROM numbers(5)")
    asked = {"alert": body, "startTime": now_ms + 1, "endTime": now_ms + 4 * MINUTE}
    found = data(person.post("/alerts/preview", json=asked))
    assert [(each["windowEnd"][11:16], each["state"]) for each in found["windows"]] == [
        ("00:02", "ALERT"),
        ("00:03", "OK"),
        ("00:04", "OK"),
    ]
    assert [(each["kind"], each["title"]) for each in found["messages"]] == [
        ("fire", '🚨 Alert for "Errors" - 5 lines found'),
        ("resolve", '✅ Alert for "Errors" - 0 lines found'),
    ]
    assert found["messagesTotal"] == 2
    assert "otel_logs" in found["sql"]
    grouped = {**asked, "alert": {**body, "groupBy": "ServiceName", "name": "{{group}} {{#if}}"}}
    message = data(person.post("/alerts/preview", json=grouped))["messages"][0]
    assert (message["group"], len(message["faults"])) == ("ServiceName:api", 1)
    assert metadata.alerts.count(metadata.teams.api_keys()[0][0]) == 0


def test_a_preview_has_bounds(person: httpx.Client, body: dict[str, Any], now_ms: int) -> None:
    def asked(span_ms: int, **fields: Any) -> httpx.Response:
        alert = {**body, **fields}
        return person.post("/alerts/preview", json={"alert": alert, "startTime": now_ms, "endTime": now_ms + span_ms})

    assert "no whole window" in refusal(asked(1000))
    assert "at most 1440" in refusal(asked(2 * 86_400_000))
    assert "before endTime" in refusal(asked(0))
    assert "groupBy" in refusal(asked(MINUTE, groupBy="a("))
    assert "Saved search not found" in refusal(asked(MINUTE, savedSearchId=NOBODY))


def test_a_silence_of_an_alert_that_has_just_gone_is_refused(
    person: httpx.Client, alert: str, metadata: Metadata, now_ms: int
) -> None:
    team_id = metadata.teams.api_keys()[0][0]
    assert person.delete(f"/alerts/{alert}").status_code == 200
    late = SilenceRecord("1" * 24, team_id, "r", now_ms, now_ms + 1, alert)
    with pytest.raises(NotFound):
        metadata.silences.add(late, Author("system", "test", "test"), None)
