"""Who may do what: every route has its rule, and the rules hold on both ports."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute

from clickstack.api.app import ROUTERS
from clickstack.api.context import admission
from clickstack.auth import Rule, permit, rule_of
from clickstack.auth.permissions import ANYBODY, RESOURCES, ROUTES
from clickstack.core.errors import Forbidden
from clickstack.core.records import Role

Colleague = Callable[[str], httpx.Client]


def routes() -> Iterator[tuple[str, str]]:
    """(method, path template) of every route of the API."""
    for router, prefix in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute), f"{route}: the walk must know every kind of route"
            yield from ((method, prefix + route.path) for method in sorted(route.methods))


@pytest.mark.parametrize(("method", "template"), sorted(set(routes())))
def test_every_route_has_a_rule(method: str, template: str) -> None:
    assert rule_of(method, template), f"{method} {template}: say in auth/permissions.py who may do it"


def test_what_strangers_may_do_is_a_short_list() -> None:
    assert sorted(f"{method} {path}" for method, path in routes() if rule_of(method, path) == ANYBODY) == [
        "GET /api/v2/docs",
        "GET /api/v2/docs/{file}",
        "GET /api/v2/openapi.json",
        "GET /config",
        "GET /health",
        "GET /installation",
        "GET /login/oidc",
        "GET /login/oidc/callback",
        "GET /logout",
        "GET /metrics",
        "GET /ready",
        "GET /team/setup/{token}",
        "POST /login/password",
        "POST /logout",
        "POST /register/password",
        "POST /team/setup/{token}",
    ]


def test_strangers_get_nothing_else(person: httpx.Client, connect: Any) -> None:
    stranger = connect(api_requests_per_minute=10_000)
    for method, template in set(routes()):
        rule = rule_of(method, template)
        if rule != ANYBODY:
            path = re.sub(r"\{[^}]*\}", "0" * 24, template)
            reply = stranger.request(method, path, json={})
            assert (reply.status_code, "message" in reply.json()) == (401, True), f"{method} {template}"


def test_viewers_change_nothing_of_the_teams(colleague: Colleague, connect: Any) -> None:
    """Every route that needs more than a viewer refuses one, before it looks at anything."""
    viewer, program = colleague("viewer"), connect(api_requests_per_minute=10_000)
    program.headers["Authorization"] = f"Bearer {viewer.get('/me').json()['accessKey']}"
    for method, template in set(routes()):
        rule = rule_of(method, template)
        assert rule is not None
        if rule.role in ("editor", "admin"):
            client = program if template.startswith("/api/v2") else viewer
            reply = client.request(method, re.sub(r"\{[^}]*\}", "0" * 24, template), json={})
            assert reply.status_code == 403, f"{method} {template}: {reply.text}"


def test_exceptions_name_routes_of_resources() -> None:
    for route in ROUTES:
        _method, path = route.split(" ")
        assert any(path.startswith(resource + "/") for resource in RESOURCES), route


def _nothing() -> dict[str, str]:
    return {}


def test_a_route_without_a_rule_is_for_nobody(probe: Any) -> None:
    app, client = probe
    unknown = APIRouter(prefix="/unknown")
    unknown.get("")(_nothing)
    app.include_router(unknown, dependencies=[Depends(admission(""))])
    assert client.get("/unknown").status_code == 403


# --- roles ------------------------------------------------------------------------------------------------------

READS = ["/me", "/team", "/team/members", "/sources", "/connections", "/me/sessions", "/me/access-keys"]
ADMINS = [
    ("PATCH", "/team/name"),
    ("PATCH", "/team/apiKey"),
    ("PATCH", "/team/retention"),
    ("PATCH", "/team/index-profile"),
    ("POST", "/team/ingestion-keys"),
    ("DELETE", "/team/ingestion-keys/1"),
    ("POST", "/team/invitation"),
    ("GET", "/team/invitations"),
    ("DELETE", f"/team/invitation/{'0' * 24}"),
    ("PATCH", f"/team/member/{'0' * 24}"),
    ("DELETE", f"/team/member/{'0' * 24}"),
    ("GET", "/team/audit"),
]


@pytest.mark.parametrize("role", ["editor", "viewer"])
def test_what_is_for_admins(colleague: Colleague, role: Role) -> None:
    browser = colleague(role)
    for path in READS:
        assert browser.get(path).status_code == 200, path
    for method, path in ADMINS:
        reply = browser.request(method, path, json={})
        assert (reply.status_code, reply.json()["code"]) == (403, "forbidden"), f"{method} {path}"
        assert f"needs the role admin; yours is {role}" in reply.json()["message"]


def test_everybody_has_their_own_account(colleague: Colleague) -> None:
    viewer = colleague("viewer")
    assert viewer.patch("/me/accessKey").status_code == 200
    assert viewer.post("/me/access-keys", json={"name": "laptop", "scope": "read"}).status_code == 200


def test_a_viewer_reads_and_asks_over_v2_and_changes_nothing(colleague: Colleague, connect: Any) -> None:
    viewer, program = colleague("viewer"), connect()
    program.headers["Authorization"] = f"Bearer {viewer.get('/me').json()['accessKey']}"
    for path in ("", "/sources", "/team", "/team/members"):
        assert program.get(f"/api/v2{path}").status_code == 200, path
    for path in ("/charts/series", "/search"):
        assert program.post(f"/api/v2{path}", json={}).status_code == 400, path  # asked, and not understood
    reply = program.post("/api/v2/saved-searches", json={})
    assert reply.status_code == 403
    assert list(reply.json()) == ["message"]


def test_a_role_counts_from_the_next_request(person: httpx.Client, colleague: Colleague) -> None:
    editor = colleague("editor")
    assert editor.get("/team/audit").status_code == 403
    assert person.patch(f"/team/member/{editor.get('/me').json()['id']}", json={"role": "admin"}).status_code == 200
    assert editor.get("/team/audit").status_code == 200


def test_the_ingestion_key_is_not_shown_to_viewers(colleague: Colleague) -> None:
    viewer, editor = colleague("viewer"), colleague("editor")
    assert viewer.get("/team").json()["apiKey"] == viewer.get("/me").json()["team"]["apiKey"] == ""
    assert editor.get("/team").json()["apiKey"] == editor.get("/me").json()["team"]["apiKey"] != ""


# --- scopes -----------------------------------------------------------------------------------------------------


def test_a_key_that_may_read_asks_and_changes_nothing(person: httpx.Client, connect: Any) -> None:
    key = person.post("/me/access-keys", json={"name": "dashboards", "scope": "read"}).json()["key"]
    program = connect()
    program.headers["Authorization"] = f"Bearer {key}"
    assert program.get("/api/v2/team/invitations").status_code == 200  # an admin's
    assert program.post("/api/v2/charts/series", json={}).status_code == 400
    reply = program.post("/api/v2/team/invitation", json={"email": "bob@example.com"})
    assert (reply.status_code, reply.json()) == (
        403,
        {"message": "This access key may only read. Use a key with the scope write."},
    )


# --- which team is meant ------------------------------------------------------------------------------------------


def test_the_team_header_must_name_ones_own_team(v2: httpx.Client, person: httpx.Client) -> None:
    team_id = person.get("/team").json()["id"]
    for client, path in ((v2, "/api/v2/sources"), (person, "/sources")):
        for own in (team_id, team_id.upper(), f" {team_id} ", ""):
            assert client.get(path, headers={"x-hdx-team": own}).status_code == 200, own
        for other in ("f" * 24, "Engine room", "0"):
            reply = client.get(path, headers={"x-hdx-team": other})
            assert reply.status_code == 403, other
            assert "x-hdx-team" in reply.json()["message"]


# --- the table itself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "scope", "rule", "allowed"),
    [
        ("viewer", "write", Rule("viewer", "read"), True),
        ("viewer", "write", Rule("editor", "write"), False),
        ("editor", "write", Rule("editor", "write"), True),
        ("editor", "write", Rule("admin", "read"), False),
        ("admin", "write", Rule("admin", "write"), True),
        ("admin", "read", Rule("admin", "read"), True),
        ("admin", "read", Rule("viewer", "write"), False),
    ],
)
def test_the_least_role_and_the_scope(
    services: Any, person: Any, role: Role, scope: Any, rule: Rule, allowed: bool
) -> None:
    actor = services.auth.visit(person.cookies["connect.sid"]).actor
    caller = dataclasses.replace(actor, user=dataclasses.replace(actor.user, role=role), scope=scope)
    if allowed:
        permit(caller, rule)
    else:
        with pytest.raises(Forbidden):
            permit(caller, rule)
