"""People through HTTP: invitations, members, passwords, sessions; the v2 team routes."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa

from clickstack.auth import PASSWORD_RULES
from clickstack.core.clock import FixedClock
from clickstack.core.limits import INVITE_LIFE_S, LOGIN_FAILURES_MAX, SEEN_EVERY_S
from clickstack.metadata import tables
from threads import in_parallel

EMAIL, PASSWORD = "ada@example.com", "Correct-horse-1"
BOB = {"email": "Bob@Example.com", "name": "Bob"}
NOBODY = "f" * 24


def token_of(url: str) -> str:
    assert urlsplit(url)._replace(query="").geturl() == "http://localhost:8080/join-team"
    (token,) = parse_qs(urlsplit(url).query)["token"]
    return token


def invite(person: httpx.Client, **body: Any) -> str:
    """The token of an invitation."""
    reply = person.post("/team/invitation", json={**BOB, **body})
    assert reply.status_code == 200, reply.text
    return token_of(reply.json()["url"])


def my_id(client: httpx.Client) -> str:
    return str(client.get("/me").json()["id"])


# --- invitations --------------------------------------------------------------------------------------------------


def test_who_is_invited_joins_with_a_password(person: httpx.Client, connect: Any) -> None:
    token, bob = invite(person), connect()
    assert bob.get(f"/team/setup/{token}").json() == {
        "email": "bob@example.com",
        "role": "editor",
        "teamName": "ada@example.com's Team",
    }
    reply = bob.post(f"/team/setup/{token}", data={"password": PASSWORD})
    assert (reply.status_code, reply.headers["location"]) == (303, "http://localhost:8080/")
    me = bob.get("/me").json()
    assert (me["email"], me["name"], me["role"]) == ("bob@example.com", "Bob", "editor")
    assert me["team"]["id"] == person.get("/team").json()["id"]
    members = person.get("/team/members").json()["data"]
    assert {each["email"] for each in members} == {EMAIL, "bob@example.com"}
    assert person.get("/team/invitations").json() == {"data": []}

    again = connect().post(f"/team/setup/{token}", data={"password": PASSWORD})
    assert again.status_code == 401, "an invitation is used up"
    login = {"email": "bob@example.com", "password": PASSWORD}
    assert connect().post("/login/password", json=login).headers["location"] == "http://localhost:8080/"


def test_asked_again_an_address_has_the_same_link_and_the_new_role(person: httpx.Client) -> None:
    first = invite(person)
    assert invite(person, email="bob@example.COM", name="Robert", role="viewer") == first
    (listed,) = person.get("/team/invitations").json()["data"]
    assert listed == {
        "_id": listed["_id"],
        "email": "bob@example.com",
        "name": "Bob",
        "role": "viewer",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "expiresAt": "2026-01-31T00:00:00.000Z",
        "url": f"http://localhost:8080/join-team?token={first}",
    }


def test_parallel_invitations_of_one_address_are_one(person: httpx.Client, services: Any) -> None:
    actor = services.auth.visit(person.cookies["connect.sid"]).actor
    start, tokens = threading.Barrier(6, timeout=30), []

    def ask() -> None:
        start.wait()
        tokens.append(services.auth.people.invite(actor, "bob@example.com", None, "editor", None).token)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    in_parallel(*threads)
    assert (len(tokens), len(set(tokens))) == (6, 1)


def test_an_invitation_ends_after_thirty_days(person: httpx.Client, connect: Any, clock: FixedClock) -> None:
    token = invite(person)
    clock.advance(INVITE_LIFE_S)
    assert person.post("/login/password", json={"email": EMAIL, "password": PASSWORD}).status_code == 303
    assert person.get("/team/invitations").json() == {"data": []}
    for reply in (
        connect().get(f"/team/setup/{token}"),
        connect().post(f"/team/setup/{token}", data={"password": PASSWORD}),
    ):
        assert reply.status_code == 401
        assert "Ask for another one" in reply.json()["message"]
    assert invite(person) != token


def test_a_weak_password_leads_back_with_every_reason(person: httpx.Client, connect: Any) -> None:
    token = invite(person)
    for how in ({"data": {"password": "weak"}}, {"json": {"password": "weak"}}):
        reply = connect().post(f"/team/setup/{token}", **how)
        assert reply.status_code == 303
        where = urlsplit(reply.headers["location"])
        query = parse_qs(where.query)
        assert (where.path, query["err"], query["token"]) == ("/join-team", ["invalid"], [token])
        assert query["reason"] == [rule.text for rule in PASSWORD_RULES if not rule.met("weak")]
        assert "set-cookie" not in reply.headers
    assert len(person.get("/team/invitations").json()["data"]) == 1


@pytest.mark.parametrize("token", ["0" * 64, "x", "%27%20OR%201"])
def test_a_forged_invitation_opens_nothing(person: httpx.Client, connect: Any, token: str) -> None:
    invite(person)
    assert connect().get(f"/team/setup/{token}").status_code == 401
    assert connect().post(f"/team/setup/{token}", data={"password": PASSWORD}).status_code == 401


def test_deleting_an_invitation(person: httpx.Client, connect: Any) -> None:
    token = invite(person)
    (listed,) = person.get("/team/invitations").json()["data"]
    assert person.delete(f"/team/invitation/{listed['_id']}").json() == {"message": "TeamInvite deleted"}
    assert person.delete(f"/team/invitation/{listed['_id']}").status_code == 404
    assert connect().get(f"/team/setup/{token}").status_code == 401


def test_who_is_here_cannot_be_invited(person: httpx.Client) -> None:
    reply = person.post("/team/invitation", json={"email": "ADA@example.com"})
    assert reply.status_code == 400
    assert reply.json()["message"].startswith("User already exists")


def test_parallel_uses_of_one_link_make_one_person(person: httpx.Client, services: Any) -> None:
    token = invite(person)
    start, outcomes = threading.Barrier(5, timeout=30), []

    def join() -> None:
        start.wait()
        try:
            outcomes.append(services.auth.people.accept(token, PASSWORD, None).email)
        except Exception as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=join) for _ in range(5)]
    in_parallel(*threads)
    assert sorted(outcomes) == ["Unauthorized"] * 4 + ["bob@example.com"]


# --- members ------------------------------------------------------------------------------------------------------


def test_the_last_admin_stays(person: httpx.Client, colleague: Any) -> None:
    ada, admin = my_id(person), colleague("admin")
    assert person.patch(f"/team/member/{my_id(admin)}", json={"role": "viewer"}).status_code == 200
    for reply in (person.patch(f"/team/member/{ada}", json={"role": "editor"}), person.delete(f"/team/member/{ada}")):
        assert reply.status_code == 409
        assert "last admin" in reply.json()["message"]
    assert person.patch(f"/team/member/{ada}", json={"role": "admin"}).status_code == 200, "no change is no demotion"
    assert person.get("/me").json()["role"] == "admin"


def test_leaving_ends_the_session(person: httpx.Client, colleague: Any) -> None:
    admin = colleague("admin")
    assert admin.delete(f"/team/member/{my_id(admin)}").json() == {"message": "User deleted"}
    assert "connect.sid" not in admin.cookies
    assert [each["email"] for each in person.get("/team/members").json()["data"]] == [EMAIL]


def test_who_was_removed_can_be_invited_again(person: httpx.Client, colleague: Any) -> None:
    editor = colleague("editor")
    person.delete(f"/team/member/{my_id(editor)}")
    assert colleague("editor").get("/me").json()["email"] == "editor@example.com"


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_nobody_is_not_found(person: httpx.Client, method: str) -> None:
    reply = person.request(method, f"/team/member/{NOBODY}", json={"role": "viewer"})
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


def test_alerts_of_who_is_removed_become_the_removers(person: httpx.Client, colleague: Any, services: Any) -> None:
    editor = colleague("editor")
    ada, bob, team = my_id(person), my_id(editor), person.get("/team").json()["id"]
    alerts, database = tables.alerts, services.metadata._database
    with database.write() as connection:
        connection.execute(
            sa.insert(alerts).values(
                id="a" * 24, team_id=team, source="tile", created_by=bob, spec={}, state="OK", execution_errors=[],
                created_ms=0, updated_ms=0,
            )
        )  # fmt: skip
    assert person.delete(f"/team/member/{bob}").status_code == 200
    with database.read() as connection:
        assert connection.scalars(sa.select(alerts.c.created_by)).all() == [ada]


# --- passwords ------------------------------------------------------------------------------------------------------

NEW = "Better-horse-2"


def test_changing_the_password_ends_the_other_sessions(person: httpx.Client, connect: Any) -> None:
    elsewhere = connect()
    elsewhere.post("/login/password", json={"email": EMAIL, "password": PASSWORD})
    body = {"currentPassword": PASSWORD, "newPassword": NEW}
    assert person.patch("/me/password", json=body).json() == {"status": "success"}
    assert person.get("/me").status_code == 200
    assert elsewhere.get("/me").status_code == 401
    for password, where in ((PASSWORD, "/login?err=authFail"), (NEW, "/")):
        reply = connect().post("/login/password", json={"email": EMAIL, "password": password})
        assert reply.headers["location"] == f"http://localhost:8080{where}"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"currentPassword": "Wrong-horse-1", "newPassword": NEW}, "The current password is wrong."),
        ({"currentPassword": PASSWORD, "newPassword": "Weak-horse-x"}, "Password must include a digit"),
    ],
)
def test_a_password_that_is_not_changed(person: httpx.Client, connect: Any, body: dict[str, str], text: str) -> None:
    reply = person.patch("/me/password", json=body)
    assert (reply.status_code, reply.json()["message"]) == (400, text)
    login = connect().post("/login/password", json={"email": EMAIL, "password": PASSWORD})
    assert login.headers["location"] == "http://localhost:8080/"


def test_a_session_is_no_way_to_guess_the_password(person: httpx.Client) -> None:
    wrong = {"currentPassword": "Wrong-horse-1", "newPassword": NEW}
    for _ in range(LOGIN_FAILURES_MAX):
        assert person.patch("/me/password", json=wrong).status_code == 400
    assert person.patch("/me/password", json={**wrong, "currentPassword": PASSWORD}).status_code == 429


# --- sessions -------------------------------------------------------------------------------------------------------


def sign_in(connect: Any, address: str, user_agent: str) -> httpx.Client:
    browser: httpx.Client = connect(address=address)
    browser.headers["user-agent"] = user_agent
    browser.post("/login/password", json={"email": EMAIL, "password": PASSWORD})
    return browser


def test_sessions_are_listed_with_where_they_are(person: httpx.Client, connect: Any, clock: FixedClock) -> None:
    clock.advance(1)
    phone = sign_in(connect, "198.51.100.7", "Phone " * 100)
    listed = phone.get("/me/sessions").json()["data"]
    assert [(each["address"], each["isCurrent"]) for each in listed] == [("198.51.100.7", True), ("192.0.2.1", False)]
    assert listed[0]["userAgent"] == ("Phone " * 100)[:400]
    assert listed[0]["createdAt"] == listed[0]["lastSeenAt"] == "2026-01-01T00:00:01.000Z"
    assert phone.cookies["connect.sid"] not in phone.get("/me/sessions").text

    clock.advance(SEEN_EVERY_S)
    person.get("/me")
    newest = phone.get("/me/sessions").json()["data"]
    assert {each["address"]: each["lastSeenAt"] for each in newest} == {
        "192.0.2.1": "2026-01-01T00:01:01.000Z",
        "198.51.100.7": "2026-01-01T00:01:01.000Z",
    }


def test_ending_a_session(person: httpx.Client, connect: Any) -> None:
    phone = sign_in(connect, "198.51.100.7", "Phone")
    (other,) = [each["id"] for each in person.get("/me/sessions").json()["data"] if not each["isCurrent"]]
    assert person.delete(f"/me/sessions/{other}").json() == {"id": other}
    assert phone.get("/me").status_code == 401
    assert person.get("/me").status_code == 200
    assert person.delete(f"/me/sessions/{other}").status_code == 404


def test_ending_ones_own_session_is_signing_out(person: httpx.Client) -> None:
    (own,) = [each["id"] for each in person.get("/me/sessions").json()["data"]]
    assert person.delete(f"/me/sessions/{own}").status_code == 200
    assert "connect.sid" not in person.cookies
    assert person.get("/me").status_code == 401


def test_signing_out_everywhere_else(person: httpx.Client, connect: Any, colleague: Any) -> None:
    others, editor = [sign_in(connect, f"198.51.100.{number}", "Phone") for number in range(3)], colleague("editor")
    assert person.delete("/me/sessions").json() == {"ended": 3}
    assert [each.get("/me").status_code for each in (*others, person, editor)] == [401, 401, 401, 200, 200]


def test_sessions_of_others_are_not_found(person: httpx.Client, colleague: Any) -> None:
    (own,) = [each["id"] for each in person.get("/me/sessions").json()["data"]]
    assert colleague("editor").delete(f"/me/sessions/{own}").status_code == 404
    assert person.get("/me").status_code == 200


# --- v2 -------------------------------------------------------------------------------------------------------------


def test_the_team_over_v2(v2: httpx.Client, person: httpx.Client) -> None:
    team = person.get("/team").json()
    assert v2.get("/api/v2/team").json() == {"data": {"id": team["id"], "name": team["name"]}}
    assert v2.get("/api/v2/team/members").json() == {
        "data": [{"id": my_id(person), "email": EMAIL, "name": EMAIL, "role": "admin", "isCurrentUser": True}]
    }


def test_inviting_over_v2(v2: httpx.Client) -> None:
    first = v2.post("/api/v2/team/invitation", json=BOB)
    assert first.status_code == 200
    made = first.json()["data"]
    assert made == {
        "email": "bob@example.com",
        "invitationId": made["invitationId"],
        "status": "pending",
        "url": f"http://localhost:8080/join-team?token={token_of(made['url'])}",
    }
    assert v2.post("/api/v2/team/invitation", json={"email": "bob@example.com"}).json() == first.json()
    (listed,) = v2.get("/api/v2/team/invitations").json()["data"]
    assert {name: listed[name] for name in ("id", "createdAt", "email", "name", "url")} == {
        "id": made["invitationId"],
        "createdAt": "2026-01-01T00:00:00.000Z",
        "email": "bob@example.com",
        "name": "Bob",
        "url": made["url"],
    }
    path = f"/api/v2/team/invitation/{made['invitationId']}"
    assert v2.delete(path).json() == {"data": {"success": True}}
    gone = v2.delete(path)
    assert (gone.status_code, list(gone.json())) == (404, ["message"])


def test_members_over_v2(v2: httpx.Client, person: httpx.Client, colleague: Any) -> None:
    editor = colleague("editor")
    path = f"/api/v2/team/member/{my_id(editor)}"
    assert v2.patch(path, json={"role": "viewer"}).json()["data"]["role"] == "viewer"
    assert v2.delete(path).json() == {"data": {"success": True}}
    assert v2.delete(path).status_code == 404
    oneself = v2.delete(f"/api/v2/team/member/{my_id(person)}")
    assert (oneself.status_code, oneself.json()) == (400, {"message": "You cannot remove yourself from the team"})


@pytest.mark.parametrize(
    ("method", "path", "body", "part", "where", "text"),
    [
        ("POST", "invitation", {}, "Body", ["email"], "Required"),
        ("POST", "invitation", {"email": "bob"}, "Body", ["email"], "Invalid email"),
        ("POST", "invitation", {"email": 1}, "Body", ["email"], "Expected string, received number"),
        ("DELETE", "invitation/nope", None, "Params", ["id"], "Invalid ObjectId"),
        ("DELETE", "member/nope", None, "Params", ["id"], "Invalid ObjectId"),
    ],
)
def test_the_teams_faults_are_arrays(
    v2: httpx.Client, method: str, path: str, body: Any, part: str, where: list[str], text: str
) -> None:
    reply = v2.request(method, f"/api/v2/team/{path}", json=body)
    assert reply.status_code == 400
    ((fault),) = reply.json()
    assert (fault["type"], fault["errors"]["name"]) == (part, "ZodError")
    assert [(issue["path"], issue["message"]) for issue in fault["errors"]["issues"]] == [(where, text)]
