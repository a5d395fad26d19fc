"""Signing in through an OpenID provider that really runs: the whole way there and back, and every way to fail."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from argon2 import PasswordHasher
from joserfc.jwk import OctKey, RSAKey

from clickstack.api import Services, create_api_app, create_app_app
from clickstack.auth import Auth, Passwords
from clickstack.core.clock import FixedClock
from clickstack.core.errors import StartupError
from clickstack.core.ids import RandomIds
from clickstack.core.limits import OIDC_FAILURE_S, OIDC_KEYS_LIFE_S, OIDC_LOGIN_S, OIDC_STEPS_MAX
from openid import CLIENT_ID, CLIENT_SECRET, OpenIdProvider, openid_provider

GRACE = {"sub": "grace-1", "email": "Grace@Corp.example", "email_verified": True, "name": "Grace Hopper"}

Browser = Callable[..., httpx.Client]


@pytest.fixture
def provider(clock: FixedClock) -> Iterator[OpenIdProvider]:
    with openid_provider(clock) as running:
        running.person = dict(GRACE)
        yield running


@pytest.fixture
def browser(
    provider: OpenIdProvider, services: Services, clock: FixedClock, client_of: Any, person: httpx.Client, tmp_path: Any
) -> Browser:
    """Opens browsers at the app port of a server that knows the provider; `settings` change the server's."""

    def open_browser(**settings: Any) -> httpx.Client:
        with_provider = {
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_allowed_domains": "other.example, Corp.example",
            **settings,
        }
        changed = dataclasses.replace(services.settings, **with_provider)
        passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        auth = Auth(services.metadata, clock, RandomIds(clock), passwords, settings=changed)
        server = dataclasses.replace(services, settings=changed, auth=auth)
        app: httpx.Client = client_of(create_app_app(server, create_api_app(server), tmp_path), 8080)
        return app

    return open_browser


def leave(browser: httpx.Client) -> str:
    """To the provider; the address on which it sends the browser back."""
    reply = browser.get("/api/login/oidc")
    assert reply.status_code == 303, reply.text
    back = httpx.get(reply.headers["location"]).headers["location"]
    assert back.startswith("http://localhost:8080/api/login/oidc/callback?")
    return back


def sign_in(browser: httpx.Client) -> str:
    """The whole way; where the browser ends up."""
    reply = browser.get(leave(browser))
    assert reply.status_code == 303, reply.text
    assert "clickstack.oidc" not in browser.cookies
    return str(reply.headers["location"])


def me(browser: httpx.Client) -> dict[str, Any]:
    return dict(browser.get("/api/me").json())


# --- who comes in ---------------------------------------------------------------------------------------------------


def test_somebody_of_an_allowed_domain_joins(browser: Browser, person: httpx.Client) -> None:
    grace = browser()
    assert sign_in(grace) == "/"
    shown = me(grace)
    assert (shown["email"], shown["name"], shown["role"]) == ("grace@corp.example", "Grace Hopper", "viewer")
    assert shown["team"]["id"] == person.get("/team").json()["id"]
    people = {each["email"]: each["hasPasswordAuth"] for each in person.get("/team/members").json()["data"]}
    assert people == {"ada@example.com": True, "grace@corp.example": False}
    body = {"currentPassword": "anything", "newPassword": "Better-horse-2"}
    assert "no password here" in grace.patch("/api/me/password", json=body).json()["message"]
    assert [each["author"]["name"] for each in person.get("/team/audit").json()["data"]][:2] == [
        "grace@corp.example"
    ] * 2


def test_the_second_time_one_is_known_by_identity(browser: Browser, provider: OpenIdProvider) -> None:
    grace = browser()
    sign_in(grace)
    first = me(grace)["id"]
    provider.person = {"sub": "grace-1", "email": "married@elsewhere.example"}  # not even verified
    again = browser(oidc_allowed_domains="")
    assert sign_in(again) == "/"
    assert me(again)["id"] == first


def test_who_is_here_comes_in_by_verified_address(browser: Browser, provider: OpenIdProvider) -> None:
    provider.person = {"sub": "ada-1", "email": "ADA@example.com", "email_verified": True}
    ada = browser(oidc_allowed_domains="")
    assert sign_in(ada) == "/"
    assert (me(ada)["email"], me(ada)["role"]) == ("ada@example.com", "admin")


def test_who_is_invited_comes_in_as_invited(browser: Browser, provider: OpenIdProvider, person: httpx.Client) -> None:
    person.post("/team/invitation", json={"email": "grace@corp.example", "role": "editor"})
    grace = browser(oidc_allowed_domains="")
    assert sign_in(grace) == "/"
    assert me(grace)["role"] == "editor"
    assert person.get("/team/invitations").json() == {"data": []}


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "grace@corp.example.evil.example"},
        {"email": "grace@sub.corp.example"},
        {"email": "corp.example"},
        {"email_verified": False},
        {"email_verified": "maybe"},
        {"email_verified": None},
        {"email": None},
        {"email": "ada@example.com", "email_verified": False},  # somebody who is here
    ],
)
def test_who_may_not_come_in(browser: Browser, provider: OpenIdProvider, claims: dict[str, Any]) -> None:
    provider.person = {**GRACE, **claims}
    grace = browser()
    assert sign_in(grace) == "/login?err=oidcNotAllowed"
    assert grace.get("/api/me").status_code == 401


def test_claims_may_come_from_userinfo(browser: Browser, provider: OpenIdProvider) -> None:
    provider.in_userinfo = True
    grace = browser()
    assert sign_in(grace) == "/"
    assert me(grace)["email"] == "grace@corp.example"


def test_a_provider_that_wants_the_secret_in_the_body(browser: Browser, provider: OpenIdProvider) -> None:
    provider.auth_methods = ("client_secret_post",)
    assert sign_in(browser()) == "/"


# --- roles ------------------------------------------------------------------------------------------------------------

ROLES = {"oidc_roles": "obs-admins=admin, devs=editor"}


def test_groups_give_the_role_at_each_sign_in(browser: Browser, provider: OpenIdProvider) -> None:
    for groups, role in ((["devs", "other"], "editor"), (["devs", "obs-admins"], "admin"), ("devs", "editor")):
        provider.person = {**GRACE, "groups": groups}
        grace = browser(**ROLES)
        sign_in(grace)
        assert me(grace)["role"] == role


def test_groups_that_give_none_leave_the_role(browser: Browser, provider: OpenIdProvider) -> None:
    for groups in (None, [], ["other"], [1, None], {"devs": 1}):
        provider.person = {**GRACE, "groups": groups}
        grace = browser(**ROLES, oidc_default_role="editor")
        sign_in(grace)
        assert me(grace)["role"] == "editor"


def test_groups_do_not_demote_the_last_admin(browser: Browser, provider: OpenIdProvider) -> None:
    provider.person = {"sub": "ada-1", "email": "ada@example.com", "email_verified": True, "groups": ["devs"]}
    ada = browser(**ROLES)
    assert sign_in(ada) == "/"
    assert me(ada)["role"] == "admin"


# --- what goes wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "somebody-else"},
        {"aud": ["somebody-else", "another"]},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1_767_225_600 - 61},
        {"exp": None},
        {"sub": ""},
        {"sub": None},
        {"sub": 7},
    ],
)
def test_an_id_token_that_is_not_good(browser: Browser, provider: OpenIdProvider, wrong: dict[str, Any]) -> None:
    provider.wrong = wrong
    grace = browser()
    assert sign_in(grace) == "/login?err=oidcFailed"
    assert grace.get("/api/me").status_code == 401


def test_a_signature_of_another_key(browser: Browser, provider: OpenIdProvider) -> None:
    provider.signs_with = RSAKey.generate_key(2048)
    assert sign_in(browser()) == "/login?err=oidcFailed"


def test_a_signature_with_our_own_secret(browser: Browser, provider: OpenIdProvider) -> None:
    provider.algorithm, provider.signs_with = "HS256", OctKey.import_key(CLIENT_SECRET * 2)
    assert sign_in(browser()) == "/login?err=oidcFailed"


def test_userinfo_about_somebody_else(browser: Browser, provider: OpenIdProvider) -> None:
    provider.in_userinfo, provider.wrong = True, {"sub": "mallory"}
    assert sign_in(browser()) == "/login?err=oidcFailed"


def test_new_keys_are_fetched_when_they_are_needed(browser: Browser, provider: OpenIdProvider) -> None:
    grace = browser()
    assert sign_in(grace) == "/"
    provider.key = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
    assert sign_in(grace) == "/"


def test_the_providers_document_is_read_once_an_hour(
    browser: Browser, provider: OpenIdProvider, clock: FixedClock
) -> None:
    grace = browser()
    sign_in(grace)
    sign_in(grace)
    assert provider.asked.count("/.well-known/openid-configuration") == 1
    clock.advance(OIDC_KEYS_LIFE_S)
    sign_in(grace)
    assert provider.asked.count("/.well-known/openid-configuration") == 2


def test_only_the_browser_that_left_may_come_back(browser: Browser) -> None:
    victim, attacker = browser(), browser()
    reply = victim.get(leave(attacker))
    assert reply.headers["location"] == "/login?err=oidcFailed"
    assert victim.get("/api/me").status_code == 401


def test_a_state_of_another_start(browser: Browser) -> None:
    grace = browser()
    first = leave(grace)
    leave(grace)
    assert grace.get(first).headers["location"] == "/login?err=oidcFailed"


def test_a_code_works_once(browser: Browser) -> None:
    grace = browser()
    back = leave(grace)
    ticket = grace.cookies["clickstack.oidc"]
    assert grace.get(back).headers["location"] == "/"
    again = grace.get(back, headers={"cookie": f"clickstack.oidc={ticket}"})
    assert again.headers["location"] == "/login?err=oidcFailed"


def test_saying_no_at_the_provider(browser: Browser, provider: OpenIdProvider) -> None:
    provider.refuses = "access_denied"
    assert sign_in(browser()) == "/login?err=oidcFailed"


def test_a_wrong_client_secret(browser: Browser) -> None:
    assert sign_in(browser(oidc_client_secret="wrong")) == "/login?err=oidcFailed"


def test_a_provider_that_is_away(browser: Browser) -> None:
    reply = browser(oidc_issuer="http://127.0.0.1:9").get("/api/login/oidc")
    assert (reply.status_code, reply.headers["location"]) == (303, "/login?err=oidcFailed")


def test_a_provider_of_another_name(browser: Browser, provider: OpenIdProvider) -> None:
    reply = browser(oidc_issuer=provider.issuer.replace("127.0.0.1", "localhost")).get("/api/login/oidc")
    assert reply.headers["location"] == "/login?err=oidcFailed"


def test_the_ticket_is_out_of_reach(browser: Browser) -> None:
    reply = browser(frontend_url="https://obs.example").get("/api/login/oidc")
    cookie = reply.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=lax", "secure", "max-age=600"))
    query = parse_qs(urlsplit(reply.headers["location"]).query)
    assert query["redirect_uri"] == ["https://obs.example/api/login/oidc/callback"]


# --- settings ---------------------------------------------------------------------------------------------------


def test_the_ui_is_told_of_the_provider(browser: Browser, api: httpx.Client) -> None:
    assert browser().get("/api/installation").json() == {"isTeamExisting": True, "oidc": True}
    assert api.get("/installation").json() == {"isTeamExisting": True}
    assert api.get("/login/oidc").status_code == 404


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"oidc_client_id": ""}, "CLICKSTACK_OIDC_CLIENT_ID"),
        ({"oidc_issuer": "id.example"}, "CLICKSTACK_OIDC_ISSUER"),
        ({"oidc_roles": "devs"}, "CLICKSTACK_OIDC_ROLES: 'devs'"),
        ({"oidc_roles": "devs=owner"}, "CLICKSTACK_OIDC_ROLES: 'devs=owner'"),
        ({"oidc_roles": "=admin"}, "CLICKSTACK_OIDC_ROLES"),
    ],
)
def test_settings_that_contradict_each_other(browser: Browser, settings: dict[str, str], names: str) -> None:
    with pytest.raises(StartupError, match=names):
        browser(**settings)


# --- strangers --------------------------------------------------------------------------------------------------


def test_a_provider_that_failed_is_left_alone_for_a_while(
    browser: Browser, provider: OpenIdProvider, clock: FixedClock
) -> None:
    document, provider.document = provider.document, dict  # type: ignore[method-assign]
    grace = browser()
    for _ in range(3):
        assert grace.get("/api/login/oidc").headers["location"] == "/login?err=oidcFailed"
    assert len(provider.asked) == 1
    provider.document = document  # type: ignore[method-assign]
    clock.advance(OIDC_FAILURE_S)
    assert sign_in(grace) == "/"


def test_nobody_waits_while_the_provider_is_asked(clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    from clickstack.auth.oidc_provider import Provider
    from clickstack.auth.oidc_ticket import Client, OidcFailed, Ticket

    slow = Provider(Client("https://id.example", CLIENT_ID, "", "https://obs.example/back"), clock)
    ticket = Ticket("state", "nonce", "verifier", 0)
    refusals = []

    def ask_meanwhile(_self: Provider, _url: str) -> dict[str, Any]:
        with pytest.raises(OidcFailed) as refusal:
            slow.sign_in_url(ticket)
        refusals.append(str(refusal.value))
        raise OidcFailed("it does not answer")

    monkeypatch.setattr(Provider, "_get", ask_meanwhile)
    with pytest.raises(OidcFailed, match="it does not answer"):
        slow.sign_in_url(ticket)
    assert refusals == ["the provider is being asked already and has not answered yet"]


def test_sign_ins_of_one_address_are_counted(browser: Browser, provider: OpenIdProvider) -> None:
    grace = browser()
    replies = [grace.get("/api/login/oidc/callback?code=x&state=y") for _ in range(OIDC_STEPS_MAX)]
    assert {each.headers["location"] for each in replies} == {"/login?err=oidcFailed"}
    assert grace.get("/api/login/oidc").headers["location"] == "/login?err=tooManyAttempts"
    assert provider.asked == []


def test_a_ticket_of_ones_own_making_leads_nowhere(browser: Browser, provider: OpenIdProvider) -> None:
    made = f"state.nonce.{'v' * 64}"
    for cookie in (made, f"{made}.9999999999.{'0' * 64}", f"{made}.x", "...", ""):
        reply = browser().get(
            "/api/login/oidc/callback?code=x&state=state", headers={"cookie": f"clickstack.oidc={cookie}"}
        )
        assert reply.headers["location"] == "/login?err=oidcFailed"
    assert provider.asked == []


def test_a_ticket_is_used_once_and_soon(browser: Browser, provider: OpenIdProvider, clock: FixedClock) -> None:
    grace = browser()
    back = leave(grace)
    cookie = {"cookie": f"clickstack.oidc={grace.cookies['clickstack.oidc']}"}
    for code in ("one", "two"):
        grace.get(back.replace("code=", f"code={code}"), headers=cookie)
    assert provider.asked.count("/token") == 1
    late = leave(grace)
    clock.advance(OIDC_LOGIN_S + 1)
    assert grace.get(late).headers["location"] == "/login?err=oidcFailed"
    assert provider.asked.count("/token") == 1


def test_an_address_given_to_somebody_else_opens_nothing(browser: Browser, provider: OpenIdProvider) -> None:
    assert sign_in(browser()) == "/"
    provider.person = {**GRACE, "sub": "another-grace"}
    newcomer = browser()
    assert sign_in(newcomer) == "/login?err=oidcNotAllowed"
    assert newcomer.get("/api/me").status_code == 401


def test_without_a_group_any_more_the_role_is_the_default(browser: Browser, provider: OpenIdProvider) -> None:
    for groups, role in ((["obs-admins"], "admin"), ([], "viewer"), (["devs"], "editor"), (None, "viewer")):
        provider.person = {**GRACE, "groups": groups}
        grace = browser(**ROLES)
        sign_in(grace)
        assert me(grace)["role"] == role
