"""The managed API: the gate, the envelope, and the objects of a service (reference/managed-api.md)."""

from __future__ import annotations

import base64
import re
from typing import Any

import httpx
import pytest

from api.managed import UNLIMITED, Managed, new_key, service_path
from clickstack.api import Services
from clickstack.api.managed import MANAGED_ROUTERS
from clickstack.auth import rule_of
from clickstack.core.clock import FixedClock
from clickstack.core.limits import DASHBOARD_BODY_BYTES_MAX

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TILE = {
    "name": "Errors",
    "x": 0,
    "y": 0,
    "w": 12,
    "h": 4,
    "config": {"displayType": "number", "sourceId": "", "select": [{"aggFn": "count", "where": ""}]},
}


@pytest.fixture
def program(person: httpx.Client, connect: Any) -> Managed:
    """A program with an admin key."""
    client = connect(managed_api_requests_per_10s=UNLIMITED)
    client.auth = new_key(person)
    return Managed(client, service_path(person))


@pytest.fixture
def source_id(person: httpx.Client) -> str:
    return next(str(each["id"]) for each in person.get("/sources").json() if each["kind"] == "log")


def dashboard_body(source_id: str) -> dict[str, Any]:
    tile = {**TILE, "config": {**TILE["config"], "sourceId": source_id}}  # type: ignore[dict-item]
    return {"name": "Shop", "tags": [], "tiles": [tile]}


# --- the envelope -------------------------------------------------------------------------------------------------


def test_the_envelope(program: Managed) -> None:
    reply = program("GET", "/dashboards")
    assert reply.status_code == 200
    assert list(reply.json()) == ["status", "requestId", "result"]
    assert (reply.json()["status"], reply.json()["result"]) == (200, [])
    assert UUID4.fullmatch(reply.json()["requestId"])
    assert reply.headers["x-request-id"] == reply.json()["requestId"]
    assert reply.headers["content-type"].startswith("application/json")


def test_every_call_leaves_its_request_id_in_the_log(program: Managed, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="clickstack.api"):
        reply = program("GET", "/alerts")
    lines = [record for record in caplog.records if "/v1/" in record.getMessage()]
    assert [line.getMessage() for line in lines] == [
        "GET /v1/organizations/{organizationId}/services/{serviceId}/clickstack/alerts 200"
    ]
    assert reply.json()["requestId"] in str(lines[0].__dict__)


def test_dashboards(program: Managed, source_id: str) -> None:
    made = program.result("POST", "/dashboards", dashboard_body(source_id))
    assert program.result("GET", "/dashboards") == [made]
    assert program.result("GET", f"/dashboards/{made['id']}") == made
    changed = program.result("PUT", f"/dashboards/{made['id']}", {**dashboard_body(source_id), "name": "Shop 2"})
    assert changed["name"] == "Shop 2"
    judged = program.result("POST", "/dashboards/validate", {"name": ""})
    assert (judged["valid"], judged["normalized"]) == (False, None)
    gone = program("DELETE", f"/dashboards/{made['id']}")
    assert sorted(gone.json()) == ["requestId", "status"]
    assert program.error("GET", f"/dashboards/{made['id']}") == (404, "NOT_FOUND: Dashboard not found")


def test_sources(program: Managed, person: httpx.Client, v2: httpx.Client) -> None:
    logs = next(each for each in program.result("GET", "/sources") if each["kind"] == "log")
    settings = {"databaseName": "default", "tableName": "values", "columns": [{"name": "ServiceName", "label": "Who"}]}
    body = {**logs, "name": "More logs", "filterSettings": settings, "id": "ignored"}
    made = program.result("POST", "/sources", body)
    assert (made["name"], made["filterSettings"]) == ("More logs", settings)
    assert made["id"] != logs["id"]
    assert program.result("GET", f"/sources/{made['id']}") == made

    told = v2.put(f"/api/v2/sources/{made['id']}", json={**logs, "name": "By v2"})
    assert "filterSettings" not in told.json()["data"]
    assert program.result("GET", f"/sources/{made['id']}")["filterSettings"] == settings  # v2 cannot say it: it stays
    assert "filterSettings" not in program.result("PUT", f"/sources/{made['id']}", {**body, "filterSettings": None})
    eleven = {**settings, "columns": settings["columns"] * 11}  # type: ignore[operator]
    status, error = program.error("POST", "/sources", {**body, "filterSettings": eleven})
    assert (status, error) == (400, "filterSettings.columns: Array must contain at most 10 element(s)")
    assert "result" not in program("DELETE", f"/sources/{made['id']}").json()


@pytest.mark.parametrize("path", ["/alerts", "/webhooks", "/saved-searches"])
def test_pages(program: Managed, source_id: str, path: str) -> None:
    for number in range(3):
        _stock(program, source_id, number)
    whole = program.result("GET", path)
    assert len(whole) == 3
    page = program("GET", f"{path}?limit=2&offset=1")
    assert page.json()["result"] == whole[1:]
    assert page.headers["x-total-count"] == "3"
    assert program.result("GET", f"{path}?limit=200&offset=3") == []
    for wrong in ("limit=0", "limit=1001", "limit=x", "offset=-1"):
        status, error = program.error("GET", f"{path}?{wrong}")
        assert (status, error.partition(":")[0]) == (400, wrong.partition("=")[0])


def _stock(program: Managed, source_id: str, number: int) -> None:
    search = program.result("POST", "/saved-searches", {"name": f"Search {number}", "sourceId": source_id})
    hook = program.result(
        "POST",
        "/webhooks",
        {
            "name": f"Hook {number}",
            "service": "generic",
            "url": "https://hooks.example.com/",
            "headers": {"X-Key": "secret"},
        },
    )
    assert "headers" not in hook
    program.result(
        "POST",
        "/alerts",
        {
            "source": "saved_search",
            "savedSearchId": search["id"],
            "threshold": number,
            "thresholdType": "above",
            "interval": "5m",
            "channel": {"type": "webhook", "webhookId": hook["id"]},
        },
    )


def test_alerts_webhooks_and_saved_searches(program: Managed, source_id: str) -> None:
    _stock(program, source_id, 1)
    for path in ("/alerts", "/saved-searches"):
        kept = program.result("GET", path)[0]
        assert program.result("GET", f"{path}/{kept['id']}") == kept
    alert = program.result("GET", "/alerts")[0]
    changed = program.result("PUT", f"/alerts/{alert['id']}", {**alert, "threshold": 7, "note": "why"})
    assert (changed["threshold"], changed["note"], changed["id"]) == (7, "why", alert["id"])

    hook = program.result("GET", "/webhooks")[0]
    assert program("GET", f"/webhooks/{hook['id']}").status_code == 404  # not served: the contract has no such route
    status, _ = program.error("DELETE", f"/webhooks/{hook['id']}")
    assert status == 409
    assert program.result("PUT", f"/webhooks/{hook['id']}", {**hook, "name": "Renamed"})["name"] == "Renamed"

    search = program.result("GET", "/saved-searches")[0]
    assert program("DELETE", f"/saved-searches/{search['id']}").json().keys() == {"status", "requestId"}
    assert program.result("GET", "/alerts") == []  # they go with it
    assert program("DELETE", f"/webhooks/{hook['id']}").status_code == 200


def test_people_by_e_mail(program: Managed, source_id: str) -> None:
    search = program.result("POST", "/saved-searches", {"name": "Errors", "sourceId": source_id})
    channel = {"type": "email", "emailRecipients": ["ada@example.com"]}
    body = {"savedSearchId": search["id"], "threshold": 1, "thresholdType": "above", "interval": "5m"}
    made = program.result("POST", "/alerts", {**body, "channel": channel, "severity": "critical"})
    assert (made["channel"], made["channels"], made["severity"]) == (channel, [channel], "critical")


def test_what_a_key_makes_has_no_person_and_its_name_in_the_audit_log(
    program: Managed, person: httpx.Client, source_id: str
) -> None:
    made = program.result("POST", "/dashboards", dashboard_body(source_id))
    entry = next(each for each in person.get("/team/audit").json()["data"] if each["objectId"] == made["id"])
    assert (entry["author"]["kind"], entry["author"]["name"]) == ("api_key", "deploys")


def test_a_write_may_name_the_revision_it_is_meant_for(program: Managed, source_id: str) -> None:
    reply = program("POST", "/saved-searches", {"name": "One", "sourceId": source_id})
    path, body = f"/saved-searches/{reply.json()['result']['id']}", {"name": "Two", "sourceId": source_id}
    assert program("PUT", path, body, **{"If-Match": reply.headers["etag"]}).status_code == 200
    assert program("PUT", path, body, **{"If-Match": reply.headers["etag"]}).status_code == 412


# --- a POST that is sent twice --------------------------------------------------------------------------------------


HOOK = {"name": "W", "service": "generic", "url": "https://93.184.216.34/hook"}
ONCE = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def test_what_is_sent_again_happens_once(program: Managed) -> None:
    first = program("POST", "/webhooks", HOOK, **ONCE)
    again = program("POST", "/webhooks", HOOK, **ONCE)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["result"] == again.json()["result"]
    assert program.result("GET", "/webhooks") == [first.json()["result"]]
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["x-ratelimit-remaining"]
    said = [reply.json()["requestId"] for reply in (first, again)]
    assert said == [reply.headers["x-request-id"] for reply in (first, again)]
    assert said[0] != said[1]


def test_refusals_of_an_idempotency_key_are_in_the_envelope(program: Managed) -> None:
    assert program("POST", "/webhooks", {**HOOK, "name": ""}, **ONCE).status_code == 400, "uses up no key"
    assert program("POST", "/webhooks", HOOK, **ONCE).status_code == 200
    other = program("POST", "/webhooks", {**HOOK, "name": "V"}, **ONCE)
    assert (other.status_code, other.json()["status"]) == (422, 422)
    assert other.json()["error"] == "This Idempotency-Key was used for another request. Use a new key."
    wrong = program("POST", "/webhooks", HOOK, **{"Idempotency-Key": "a b"})
    assert (wrong.status_code, sorted(wrong.json())) == (400, ["error", "requestId", "status"])
    assert len(program.result("GET", "/webhooks")) == 1


def test_a_key_that_may_no_longer_do_it_is_not_told_what_it_did(
    program: Managed, person: httpx.Client, connect: Any
) -> None:
    other = Managed(connect(managed_api_requests_per_10s=UNLIMITED), program.path)
    other.client.auth = new_key(person, name="other")
    assert "idempotent-replayed" not in other("POST", "/webhooks", HOOK, **ONCE).headers
    key = next(each for each in person.get("/team/api-keys").json()["data"] if each["name"] == "other")
    person.patch(f"/team/api-keys/{key['id']}", json={"roles": ["developer"]})
    refused = other("POST", "/webhooks", HOOK, **ONCE)
    assert (refused.status_code, "result" in refused.json()) == (403, False)


def test_a_reply_with_a_secret_is_not_kept(program: Managed) -> None:
    keys = program.path.partition("/services/")[0] + "/keys"
    made = [program.client.post(keys, json={"name": "CI"}, headers=ONCE).json()["result"] for _ in range(2)]
    assert made[0]["keySecret"] != made[1]["keySecret"]
    judged = [program("POST", "/dashboards/validate", {}, **ONCE) for _ in range(2)]
    assert all("idempotent-replayed" not in each.headers for each in judged)


@pytest.mark.parametrize("given", ["abc", "x" * 36, "0" * 32])
def test_the_request_id_is_a_uuid_whatever_the_caller_names_it(program: Managed, given: str) -> None:
    assert UUID4.fullmatch(program("GET", "/alerts", **{"X-Request-Id": given}).json()["requestId"])


def test_a_uuid_of_the_caller_is_the_request_id(program: Managed) -> None:
    given = "0f8fad5b-d9cb-469f-a165-70867728950e"
    reply = program("GET", "/alerts", **{"X-Request-Id": given})
    assert reply.json()["requestId"] == reply.headers["x-request-id"] == given


def test_what_only_this_surface_knows_about_channels_and_intervals(
    program: Managed, v2: httpx.Client, source_id: str
) -> None:
    _stock(program, source_id, 1)
    alert = program.result("GET", "/alerts")[0]
    channel = {
        **alert["channel"], "webhookService": "pagerduty_api", "slackChannelId": "C123", "severity": "warning",
    }  # fmt: skip
    body = {**alert, "channel": channel, "channels": [channel], "interval": "30s"}
    changed = program.result("PUT", f"/alerts/{alert['id']}", body)
    assert (changed["channel"], changed["interval"]) == (channel, "30s")
    assert program.result("GET", f"/alerts/{alert['id']}") == changed
    path = f"/api/v2/alerts/{alert['id']}"
    assert v2.get(path).json()["data"] == changed
    refused = v2.put(path, json=changed)
    assert (refused.status_code, "interval: Invalid enum value" in refused.json()["message"]) == (400, True)
    wrong = {**body, "channels": [], "channel": {**channel, "severity": "loud"}}
    status, error = program.error("PUT", f"/alerts/{alert['id']}", wrong)
    assert (status, "channel.severity: Invalid enum value" in error) == (400, True)


# --- what is refused ----------------------------------------------------------------------------------------------


BAD: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    "no JSON": ("POST", "/dashboards", {"content": b"{", "headers": {"content-type": "application/json"}}, 400, "JSON"),
    "no JSON for a model": (
        "POST", "/alerts", {"content": b"nonsense", "headers": {"content-type": "application/json"}}, 400, "JSON"),
    "no type": ("POST", "/webhooks", {"content": b'{"name": "x"}'}, 400, "Content-Type: application/json"),
    "a form": ("POST", "/dashboards", {"data": {"name": "x"}}, 400, "Content-Type: application/json"),
    "a list": ("POST", "/alerts", {"json": []}, 400, "JSON object"),
    "a text": ("POST", "/dashboards", {"json": "x"}, 400, "JSON object"),
    "no body": ("POST", "/webhooks", {}, 400, "JSON object"),
    "no body at all": ("PUT", "/dashboards/" + "0" * 24, {}, 400, "JSON object"),
    "an empty object": ("POST", "/saved-searches", {"json": {}}, 400, "name: Required"),
    "an empty dashboard": ("POST", "/dashboards", {"json": {}}, 400, "name: Required"),
    "not UTF-8": (
        "POST", "/sources", {"content": b'"\xff"', "headers": {"content-type": "application/json"}}, 400, "JSON"),
    "an id that is none": ("GET", "/alerts/17", {}, 400, "id: Invalid ObjectId"),
    "a zero byte": ("GET", "/alerts/%00", {}, 400, "id: Invalid ObjectId"),
    "nobody's object": ("DELETE", "/alerts/" + "0" * 24, {}, 404, "NOT_FOUND: Alert not found"),
    "a wrong tile": (
        "POST", "/dashboards", {"json": {"name": "x", "tiles": [{"x": 99}]}}, 400, "tiles.0."),
    "half a character": (
        "POST", "/webhooks", {"content": b'{"name": "\\ud800", "service": "generic", "url": "https://x.example"}',
                              "headers": {"content-type": "application/json"}}, 400, "name: "),
    "deep": (
        "POST", "/dashboards", {"content": b"[" * 100_000, "headers": {"content-type": "application/json"}}, 400, ""),
    "if-match": ("PUT", "/saved-searches/" + "0" * 24, {"json": {"name": "x", "sourceId": "0" * 24},
                                                       "headers": {"if-match": "nonsense"}}, 412, "If-Match"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_the_envelope(program: Managed, case: str) -> None:
    method, path, request, status, text = BAD[case]
    reply = program.client.request(method, program.path + path, **request)
    said = reply.json()
    assert (reply.status_code, said["status"]) == (status, status), said
    assert sorted(said) == ["error", "requestId", "status"]
    assert text in said["error"]
    assert "Traceback" not in reply.text
    assert "<" not in reply.text


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://["])
def test_a_page_of_another_origin_cannot_use_a_key_the_browser_remembers(program: Managed, origin: str) -> None:
    def made() -> httpx.Response:
        body = {"name": "W", "service": "generic", "url": "https://93.184.216.34/w"}
        return program.client.request("POST", f"{program.path}/webhooks", json=body, headers={"origin": origin})

    assert made().status_code == 403


def test_too_much(program: Managed) -> None:
    headers = {"content-type": "application/json", "content-length": str(DASHBOARD_BODY_BYTES_MAX + 1)}
    reply = program.client.request("POST", f"{program.path}/dashboards", content=b"{}", headers=headers)
    assert (reply.status_code, reply.json()["status"]) == (413, 413)
    assert "32768 KiB" in reply.json()["error"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/connections"), ("POST", "/charts/series"), ("PATCH", "/dashboards"), ("GET", ""), ("GET", "/nothing")],
)
def test_what_is_not_served_is_a_plain_404(program: Managed, method: str, path: str) -> None:
    reply = program(method, path)
    assert (reply.status_code, reply.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert reply.text == f"Cannot {method} {program.path}{path}"


def test_a_fault_of_ours_is_masked_in_the_envelope(
    program: Managed, services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(services.metadata.alerts, "list", broken)
    status, error = program.error("GET", "/alerts")
    assert (status, error) == (500, "Something went wrong :(")
    assert "the disk is on fire" in caplog.text
    assert program("GET", "/webhooks").headers["x-ratelimit-limit"] == str(UNLIMITED)


# --- the gate -----------------------------------------------------------------------------------------------------


def basic(key_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{key_id}:{secret}".encode()).decode()


def test_strangers(person: httpx.Client, connect: Any) -> None:
    path, (key_id, secret) = service_path(person) + "/dashboards", new_key(person)
    wrong = {
        "": "HTTP Basic",
        "Bearer x": "HTTP Basic",
        "Basic !": "HTTP Basic",
        "Basic " + base64.b64encode(b"no colon").decode(): "HTTP Basic",
        "Basic " + base64.b64encode(b"\xff:x").decode(): "HTTP Basic",
        basic(key_id, ""): "Key is not found",
        basic("", secret): "Key is not found",
        basic(key_id, secret + "x"): "Key is not found",
        basic(secret, key_id): "Key is not found",
        basic("0" * 32, secret): "Key is not found",
        basic("é", secret): "Key is not found",
    }
    stranger = connect(managed_api_requests_per_10s=UNLIMITED)
    for header, text in wrong.items():
        reply = stranger.get(path, headers={"authorization": header} if header else {})
        assert (reply.status_code, reply.json()["status"]) == (401, 401), header
        assert text in reply.json()["error"]
        assert reply.headers["www-authenticate"].startswith("Basic ")
    for scheme in ("Basic", "basic", "BASIC"):
        header = scheme + basic(key_id, secret)[5:]
        assert stranger.get(path, headers={"authorization": header}).status_code == 200


def test_states_and_expiry(person: httpx.Client, program: Managed, clock: FixedClock) -> None:
    key = person.get("/team/api-keys").json()["data"][0]

    def change(**body: Any) -> httpx.Response:
        return person.patch(f"/team/api-keys/{key['id']}", json=body)

    assert change(state="disabled").json()["state"] == "disabled"
    status, error = program.error("GET", "/alerts")
    assert (status, error) == (401, "The key 'deploys' is disabled. Enable it, or use another one.")
    assert change(state="enabled", expireAt="2026-01-01T00:01:00Z").json()["expireAt"] == "2026-01-01T00:01:00.000Z"
    assert program("GET", "/alerts").status_code == 200
    clock.advance(60)
    status, error = program.error("GET", "/alerts")
    assert (status, "expired at 2026-01-01T00:01:00.000Z" in error) == (401, True)
    assert "expireAt" not in change(expireAt=None).json()
    assert program("GET", "/alerts").status_code == 200
    assert person.delete(f"/team/api-keys/{key['id']}").status_code == 200
    assert program.error("GET", "/alerts") == (401, "Key is not found")


@pytest.mark.parametrize(
    ("sources", "address", "admitted"),
    [
        (["192.0.2.1"], "192.0.2.1", True),
        (["192.0.2.0/24", "10.0.0.0/8"], "192.0.2.77", True),
        (["192.0.2.5/24"], "192.0.2.77", True),  # host bits may be set
        (["192.0.2.0/24"], "198.51.100.1", False),
        (["2001:db8::/32"], "2001:db8::17", True),
        (["2001:db8::17"], "2001:DB8:0::17", True),
        (["2001:db8::/32"], "192.0.2.1", False),
        (["192.0.2.1"], "::ffff:192.0.2.1", True),
        (["0.0.0.0/0"], "2001:db8::17", True),  # "anywhere"
        (["192.0.2.1"], "unknown", False),
        ([], "unknown", True),
    ],
)
def test_addresses(person: httpx.Client, connect: Any, sources: list[str], address: str, admitted: bool) -> None:
    program = connect(address=address)
    program.auth = new_key(person, ipAccessList=[{"source": each} for each in sources])
    reply = program.get(service_path(person) + "/alerts")
    assert reply.status_code == (200 if admitted else 403)
    if not admitted:
        assert f"may not be used from the address {address}" in reply.json()["error"]


def test_roles(person: httpx.Client, connect: Any) -> None:
    path, page = service_path(person), person.get("/team/api-keys").json()
    roles = {each["name"]: each["id"] for each in page["roles"]}
    worth: dict[str, list[dict[str, Any]]] = {
        "admin": [{"roles": ["admin"]}, {"assignedRoleIds": [roles["Admin"]]}],
        "editor": [{"assignedRoleIds": [roles["Service admin"]]}],
        "viewer": [{"roles": ["developer"]}, {"assignedRoleIds": [roles["Service reader"]]}],
        "": [{"roles": ["query_endpoints"]}, {"assignedRoleIds": []}],
    }
    for role, bodies in worth.items():
        for body in bodies:
            program = connect(managed_api_requests_per_10s=UNLIMITED)
            made = person.post("/team/api-keys", json=body).json()
            program.auth = (made["keyId"], made["keySecret"])
            organization = path.partition("/services/")[0]
            statuses = (
                program.get(f"{path}/alerts").status_code,
                program.post(f"{path}/saved-searches", json={}).status_code,
                program.get(f"{organization}/keys").status_code,
            )
            assert (
                statuses
                == {
                    "admin": (200, 400, 200),
                    "editor": (200, 400, 403),
                    "viewer": (200, 403, 403),
                    "": (403, 403, 403),
                }[role]
            ), body


def test_the_budget(person: httpx.Client, connect: Any, clock: FixedClock) -> None:
    path, program = service_path(person) + "/alerts", connect()
    program.auth = new_key(person)
    for used in range(1, 11):
        reply = program.get(path)
        assert reply.status_code == 200
        assert (reply.headers["x-ratelimit-limit"], reply.headers["x-ratelimit-remaining"]) == ("10", str(10 - used))
        assert 0 < float(reply.headers["x-ratelimit-reset"]) <= 10
    clock.advance(4)
    refused = program.get(path)
    assert (refused.status_code, refused.json()["status"]) == (429, 429)
    assert (refused.headers["retry-after"], refused.headers["x-ratelimit-reset"]) == ("6", "6")
    other = connect()
    other.auth = new_key(person)
    assert other.get(path).status_code == 200  # each key has its own
    clock.advance(6)
    assert program.get(path).status_code == 200


def test_the_budget_of_strangers_is_by_address(person: httpx.Client, connect: Any) -> None:
    path, stranger = service_path(person) + "/alerts", connect(managed_api_requests_per_10s=2)
    stranger.auth = ("x", "y")
    assert [stranger.get(path).status_code for _ in range(3)] == [401, 401, 429]


def test_through_the_app_port(person: httpx.Client, connect: Any) -> None:
    program = connect(app_port=True)
    program.auth = new_key(person)
    assert program.get(f"/api{service_path(person)}/dashboards").json()["result"] == []
    assert program.get("/api/v1").json()["openapi"].startswith("3.1")


# --- the tables ---------------------------------------------------------------------------------------------------


def test_every_route_has_a_rule_and_nobody_comes_in_without_one(connect: Any, person: httpx.Client) -> None:
    stranger = connect(managed_api_requests_per_10s=UNLIMITED)
    for router, prefix, admit in MANAGED_ROUTERS:
        for route in router.routes:
            path = prefix + route.path  # type: ignore[attr-defined]
            for method in route.methods:  # type: ignore[attr-defined]
                rule = rule_of(method, path)
                assert rule is not None, f"{method} {path}"
                assert (rule.role is None) == (admit is None) == (path == "/v1")
                if admit:
                    assert stranger.request(method, re.sub(r"\{[^}]*\}", "0" * 24, path), json={}).status_code == 401
