"""Signing up, in and out through HTTP, and one's own account."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from clickstack.api import Services, create_api_app
from clickstack.api.lanes import Lane
from clickstack.auth import PASSWORD_RULES, Auth, Passwords
from clickstack.core.clock import FixedClock
from clickstack.core.errors import Busy
from clickstack.core.ids import RandomIds
from clickstack.core.limits import LOGIN_ATTEMPTS_MAX, LOGIN_FAILURES_MAX, SESSION_LIFE_S, SESSION_ROLL_S
from clickstack.metadata import open_metadata

EMAIL, PASSWORD = "ada@example.com", "Correct-horse-1"
REGISTRATION = {"email": EMAIL, "password": PASSWORD, "confirmPassword": PASSWORD}
LOGIN = {"email": EMAIL, "password": PASSWORD}


def issues(reply: httpx.Response) -> list[tuple[str, str]]:
    """(path, text) of the body's faults."""
    (part,) = reply.json()
    assert (part["type"], part["errors"]["name"]) == ("Body", "ZodError")
    return [(".".join(map(str, issue["path"])), issue["message"]) for issue in part["errors"]["issues"]]


def test_the_first_person(api: httpx.Client) -> None:
    assert api.get("/installation").json() == {"isTeamExisting": False}

    reply = api.post("/register/password", json=REGISTRATION)
    assert (reply.status_code, reply.json()) == (200, {"status": "success"})
    assert api.get("/installation").json() == {"isTeamExisting": True}

    me = api.get("/me").json()
    team = me["team"]
    assert (me["email"], me["name"], me["role"]) == (EMAIL, EMAIL, "admin")
    assert me["createdAt"] == "2026-01-01T00:00:00.000Z"
    assert (team["name"], team["collectorAuthenticationEnforced"]) == ("ada@example.com's Team", True)
    assert team["_id"] == team["id"]
    assert len({me["accessKey"], team["apiKey"], team["hookId"]}) == 3

    assert api.get("/team").json() == {
        "_id": team["id"],
        "id": team["id"],
        "name": team["name"],
        "apiKey": team["apiKey"],
        "allowedAuthMethods": [],
        "createdAt": "2026-01-01T00:00:00.000Z",
        "isMetricsSeriesTableEnabled": False,
    }
    assert api.get("/team/members").json()["data"] == [
        {
            "_id": me["id"],
            "email": EMAIL,
            "name": EMAIL,
            "role": "admin",
            "hasPasswordAuth": True,
            "isCurrentUser": True,
        }
    ]
    assert [source["name"] for source in api.get("/sources").json()] == ["Logs", "Traces", "Metrics", "Sessions"]
    assert [link["name"] for link in api.get("/connections").json()] == ["Local ClickHouse"]

    version = api.get("/api/v2", headers={"Authorization": f"Bearer {me['accessKey']}"})
    assert version.json()["user"]["_id"] == me["id"]


def test_a_second_registration_is_refused(person: httpx.Client, connect: Any) -> None:
    reply = connect().post("/register/password", json={**REGISTRATION, "email": "bob@example.com"})
    assert reply.status_code == 409
    assert reply.json()["error"] == "teamAlreadyExists"
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"email": None}, [("email", "Expected string, received null")]),
        ({"email": "ada"}, [("email", "Invalid email")]),
        ({"email": "ada@localhost"}, [("email", "Invalid email")]),
        ({"email": "a\x00@example.com"}, [("email", "Invalid email")]),
        ({"email": "a d a@example.com"}, [("email", "Invalid email")]),
        ({"email": f"{'a' * 250}@example.com"}, [("email", "String must contain at most 254 character(s)")]),
        ({"confirmPassword": "Another-horse-1"}, [("confirmPassword", "Passwords do not match")]),
        (
            {"password": "", "confirmPassword": ""},
            [("password", rule.text) for rule in PASSWORD_RULES],
        ),
    ],
)
def test_a_registration_that_is_wrong(api: httpx.Client, changed: dict[str, Any], expected: Any) -> None:
    reply = api.post("/register/password", json={**REGISTRATION, **changed})
    assert reply.status_code == 400
    assert issues(reply) == expected
    assert api.get("/installation").json() == {"isTeamExisting": False}


def test_an_empty_registration_names_every_field(api: httpx.Client) -> None:
    assert issues(api.post("/register/password")) == [
        ("email", "Required"),
        ("password", "Required"),
        ("confirmPassword", "Required"),
    ]


def test_registering_with_a_form(api: httpx.Client) -> None:
    assert api.post("/register/password", data=REGISTRATION).json() == {"status": "success"}


def test_everything_survives_a_restart(
    person: httpx.Client, access_key: str, services: Services, clock: FixedClock, client_of: Any, tmp_path: Path
) -> None:
    sources = person.get("/sources").json()
    services.metadata.close()

    ids = RandomIds(clock)
    metadata = open_metadata(f"sqlite:///{tmp_path / 'metadata.sqlite'}", clock, ids)
    again = dataclasses.replace(services, metadata=metadata, auth=Auth(metadata, clock, ids))
    browser = client_of(create_api_app(again))
    browser.cookies.update(person.cookies)
    assert browser.get("/me").json()["accessKey"] == access_key
    assert browser.get("/sources").json() == sources
    assert browser.post("/register/password", json=REGISTRATION).status_code == 409
    assert browser.get("/api/v2", headers={"Authorization": f"Bearer {access_key}"}).status_code == 200
    metadata.close()


# --- signing in -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{"json": LOGIN}, {"data": LOGIN}, {"files": {k: (None, v) for k, v in LOGIN.items()}}])
def test_signing_in(person: httpx.Client, connect: Any, how: dict[str, Any]) -> None:
    browser = connect()
    reply = browser.post("/login/password", **how)
    assert (reply.status_code, reply.headers["location"]) == (303, "http://localhost:8080/")
    assert browser.get("/me").json()["email"] == EMAIL


@pytest.mark.parametrize(
    ("body", "err"),
    [
        ({**LOGIN, "password": "Wrong-horse-1"}, "authFail"),
        ({**LOGIN, "email": "nobody@example.com"}, "authFail"),
        ({"email": EMAIL}, "missing"),
        ({**LOGIN, "password": ""}, "missing"),
        ({}, "missing"),
    ],
)
def test_failing_to_sign_in(person: httpx.Client, connect: Any, body: dict[str, str], err: str) -> None:
    for how in ({"json": body}, {"data": body}):
        reply = connect().post("/login/password", **how)
        assert (reply.status_code, reply.headers["location"]) == (303, f"http://localhost:8080/login?err={err}")
        assert "set-cookie" not in reply.headers


def test_guessing_passwords_is_stopped(person: httpx.Client, connect: Any) -> None:
    guesser = connect(address="198.51.100.7")
    for _ in range(LOGIN_FAILURES_MAX):
        assert guesser.post("/login/password", json={**LOGIN, "password": "Wrong-horse-1"}).status_code == 303

    reply = guesser.post("/login/password", json=LOGIN)
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "900")
    assert reply.json() == {
        "message": "Too many failed sign-ins. Try again in 15 minutes.",
        "code": "too_many_requests",
    }
    by_form = guesser.post("/login/password", data=LOGIN)
    assert by_form.headers["location"] == "http://localhost:8080/login?err=tooManyAttempts"
    assert by_form.headers["retry-after"] == "900"

    assert connect(address="198.51.100.8").post("/login/password", json=LOGIN).headers["location"].endswith(":8080/")


def test_after_signing_in_one_goes_where_the_ui_is(person: httpx.Client, connect: Any) -> None:
    cases = [
        (connect(app_port=True), "/api/login/password", "/"),  # where the person already is, whatever they call it
        (connect(app_port=True, frontend_url="https://obs.example/"), "/api/login/password", "https://obs.example/"),
        (connect(frontend_url="https://obs.example"), "/login/password", "https://obs.example/"),
        (connect(app_port=False), "/login/password", "http://localhost:8080/"),
    ]
    for browser, path, location in cases:
        assert browser.post(path, data=LOGIN).headers["location"] == location


# --- the session cookie -----------------------------------------------------------------------------------------


def cookie_of(reply: httpx.Response) -> dict[str, str]:
    parts = [part.strip().partition("=") for part in reply.headers["set-cookie"].split(";")]
    return {name.lower(): value for name, _, value in parts}


@pytest.mark.parametrize(("frontend_url", "secure"), [("", False), ("https://obs.example", True)])
def test_the_cookie_is_out_of_reach(person: httpx.Client, connect: Any, frontend_url: str, secure: bool) -> None:
    cookie = cookie_of(connect(frontend_url=frontend_url).post("/login/password", json=LOGIN))
    assert len(cookie["connect.sid"]) == 64
    assert cookie["samesite"] == "lax"
    assert cookie["path"] == "/"
    assert int(cookie["max-age"]) == SESSION_LIFE_S
    assert "httponly" in cookie
    assert ("secure" in cookie) is secure
    assert "domain" not in cookie


def test_a_used_session_lives_on_and_so_does_its_cookie(person: httpx.Client, clock: FixedClock) -> None:
    assert "set-cookie" not in person.get("/me").headers
    clock.advance(SESSION_ROLL_S)
    renewed = person.get("/me")
    assert cookie_of(renewed)["connect.sid"] == person.cookies["connect.sid"]
    assert int(cookie_of(renewed)["max-age"]) == SESSION_LIFE_S
    clock.advance(SESSION_LIFE_S - 1)
    assert person.get("/me").status_code == 200


def test_an_unused_session_ends(person: httpx.Client, clock: FixedClock) -> None:
    clock.advance(SESSION_LIFE_S)
    assert person.get("/me").status_code == 401


@pytest.mark.parametrize(("method", "status"), [("GET", 302), ("POST", 303)])
def test_signing_out(person: httpx.Client, method: str, status: int) -> None:
    token = person.cookies["connect.sid"]
    reply = person.request(method, "/logout")
    assert (reply.status_code, reply.headers["location"]) == (status, "http://localhost:8080/login")
    assert "connect.sid" not in person.cookies
    assert person.get("/me", headers={"cookie": f"connect.sid={token}"}).status_code == 401


def test_signing_in_again_ends_the_browsers_former_session(person: httpx.Client) -> None:
    former = person.cookies["connect.sid"]
    person.post("/login/password", json=LOGIN)
    assert person.get("/me").status_code == 200
    assert person.get("/me", headers={"cookie": f"connect.sid={former}"}).status_code == 401


PRIVATE = [
    ("GET", "/me"),
    ("PATCH", "/me/accessKey"),
    ("GET", "/team"),
    ("PATCH", "/team/apiKey"),
    ("PATCH", "/team/name"),
    ("GET", "/team/members"),
    ("GET", "/team/ingestion-keys"),
    ("POST", "/team/ingestion-keys"),
    ("DELETE", "/team/ingestion-keys/0"),
    ("GET", "/team/ingestion"),
    ("GET", "/team/retention"),
    ("PATCH", "/team/retention"),
    ("GET", "/sources"),
    ("GET", "/connections"),
]


@pytest.mark.parametrize(("method", "path"), PRIVATE)
@pytest.mark.parametrize("cookie", [None, "connect.sid=", "connect.sid=forged", f"connect.sid={'0' * 64}"])
def test_without_a_session_there_is_nothing(
    person: httpx.Client, connect: Any, method: str, path: str, cookie: str | None
) -> None:
    headers = {"cookie": cookie} if cookie else {}
    body = {"name": "Engine room"} if method in ("PATCH", "POST") else None
    reply = connect().request(method, path, headers=headers, json=body)
    assert (reply.status_code, reply.json()["message"]) == (401, "Unauthorized")


def test_an_access_key_is_no_session(v2: httpx.Client) -> None:
    assert v2.get("/me").status_code == 401


# --- pages of other origins -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://localhost:8000", 200),  # this host
        ("http://localhost:8080", 200),  # the UI's address
        ("http://localhost:9999", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
        ("http://localhost:8000.evil.example", 403),
        ("http://[", 403),  # no address at all
        ("https://localhost:8000", 200),  # a proxy in front has the TLS
        ("ftp://localhost:8000", 403),
    ],
)
def test_a_foreign_page_cannot_act_for_the_person(person: httpx.Client, origin: str | None, status: int) -> None:
    reply = person.patch("/me/accessKey", headers={} if origin is None else {"origin": origin})
    assert reply.status_code == status
    if status == 403:
        assert reply.json()["code"] == "forbidden"
        assert "CLICKSTACK_FRONTEND_URL" in reply.json()["message"]


def test_a_page_without_tls_is_foreign_to_a_server_with_it(connect: Any, person: httpx.Client) -> None:
    secure = connect(frontend_url="https://obs.example")
    for origin, status in (("https://obs.example", 401), ("http://obs.example", 403)):
        assert secure.patch("/me/accessKey", headers={"origin": origin}).status_code == status


def test_a_foreign_page_cannot_sign_a_browser_in(person: httpx.Client, connect: Any) -> None:
    reply = connect().post("/login/password", data=LOGIN, headers={"origin": "https://evil.example"})
    assert reply.status_code == 403
    assert "set-cookie" not in reply.headers


def test_reading_is_left_to_the_browsers_own_rule(person: httpx.Client) -> None:
    reply = person.get("/me", headers={"origin": "https://evil.example"})
    assert reply.headers["access-control-allow-origin"] == "http://localhost:8080"


# --- keys, names and health -------------------------------------------------------------------------------------


def test_rotating_the_personal_key(person: httpx.Client, access_key: str) -> None:
    new = person.patch("/me/accessKey").json()["newAccessKey"]
    assert person.get("/me").json()["accessKey"] == new != access_key
    for key, status in ((new, 200), (access_key, 401)):
        assert person.get("/api/v2/sources", headers={"Authorization": f"Bearer {key}"}).status_code == status


def test_rotating_the_ingestion_key(person: httpx.Client, services: Services) -> None:
    old = person.get("/team").json()["apiKey"]
    assert services.auth.ingestion_key_id(old)
    new = person.patch("/team/apiKey").json()["newApiKey"]
    assert person.get("/team").json()["apiKey"] == new
    assert services.auth.ingestion_key_id(new)
    assert not services.auth.ingestion_key_id(old)


def test_no_cache_keeps_a_reply_with_a_key(person: httpx.Client) -> None:
    for reply in (
        person.get("/me"),
        person.get("/team"),
        person.patch("/me/accessKey"),
        person.patch("/team/apiKey"),
    ):
        assert reply.headers["cache-control"] == "no-store"


def test_renaming_the_team(person: httpx.Client) -> None:
    assert person.patch("/team/name", json={"name": "Engine room"}).json() == {"name": "Engine room"}
    assert person.get("/me").json()["team"]["name"] == "Engine room"
    assert issues(person.patch("/team/name", json={"name": ""})) == [
        ("name", "String must contain at least 1 character(s)")
    ]
    assert issues(person.patch("/team/name", json={"name": "x" * 101})) == [
        ("name", "String must contain at most 100 character(s)")
    ]
    assert issues(person.patch("/team/name", json={})) == [("name", "Required")]
    half = person.patch("/team/name", content=b'{"name": "\\ud800"}', headers={"content-type": "application/json"})
    assert half.status_code == 400
    assert half.json()["message"].startswith("name: Not Unicode")


def test_a_hash_is_never_shown(person: httpx.Client, services: Services) -> None:
    found = services.metadata.users.with_email(EMAIL)
    assert found is not None
    assert found[1] is not None
    PasswordHasher().verify(found[1], PASSWORD)
    for path in ("/me", "/team", "/team/members", "/sources", "/connections"):
        assert found[1] not in person.get(path).text
        assert person.cookies["connect.sid"] not in person.get(path).text


# --- floods -----------------------------------------------------------------------------------------------------


def test_sign_ins_of_one_address_are_counted_whoever_signs_in(person: httpx.Client, connect: Any) -> None:
    stranger = connect(address="198.51.100.7")
    for index in range(LOGIN_ATTEMPTS_MAX):
        wrong = {"email": f"{index}@example.com", "password": "x"}
        assert stranger.post("/login/password", data=wrong).headers["location"].endswith("err=authFail")
    assert stranger.post("/login/password", data=LOGIN).headers["location"].endswith("err=tooManyAttempts")
    assert connect(address="198.51.100.8").post("/login/password", data=LOGIN).headers["location"].endswith("/")


def test_a_household_is_one_address(person: httpx.Client, connect: Any) -> None:
    """Or who has an IPv6 network could guess from 2^64 addresses."""
    wrong = {**LOGIN, "password": "Wrong-horse-1"}
    for index in range(LOGIN_FAILURES_MAX):
        guess = connect(address=f"2001:db8:1:2::{index:x}").post("/login/password", data=wrong)
        assert guess.headers["location"].endswith("err=authFail")
    neighbour = connect(address="2001:db8:1:2:ffff::1").post("/login/password", data=LOGIN)
    assert neighbour.headers["location"].endswith("err=tooManyAttempts")
    assert connect(address="2001:db8:1:3::1").post("/login/password", data=LOGIN).headers["location"].endswith("/")


def test_an_address_nobody_has_costs_no_hash(person: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Passwords, "matches", lambda *_: pytest.fail("hashed"))
    wrong = {"email": "x" * 300 + "@example.com", "password": "x"}
    assert person.post("/login/password", data=wrong).headers["location"].endswith("err=authFail")


def test_a_lane_that_is_full_says_so_at_once() -> None:
    lane, begun, go_on = Lane("test", at_once=1, waiting_max=1), threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        go_on.wait(10)
        return "done"

    async def crowd() -> list[object]:
        two = [asyncio.create_task(lane.run(work)) for _ in range(2)]
        while not begun.is_set():
            await asyncio.sleep(0.001)
        with pytest.raises(Busy):
            await lane.run(work)
        go_on.set()
        return [*await asyncio.gather(*two), await lane.run(work)]

    assert asyncio.run(crowd()) == ["done"] * 3
