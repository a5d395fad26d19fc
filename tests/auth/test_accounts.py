"""Signing up, in and out; sessions; keys; and those who guess."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from clickstack.auth import Auth, Passwords, Visitor
from clickstack.core.clock import FixedClock
from clickstack.core.errors import BadRequest, Conflict, TooManyRequests, Unauthorized
from clickstack.core.ids import RandomIds, SequentialIds
from clickstack.core.limits import LOGIN_FAILURES_MAX, LOGIN_WINDOW_S, SESSION_LIFE_S, SESSION_ROLL_S
from clickstack.core.records import Author
from clickstack.metadata import Metadata
from threads import in_parallel

EMAIL, PASSWORD, HOME = "ada@example.com", "Correct-horse-1", Visitor("192.0.2.1", "Firefox")


@pytest.fixture
def token(auth: Auth) -> str:
    """The session of the first person, who has just registered."""
    return auth.register(EMAIL, PASSWORD)


# --- registration -----------------------------------------------------------------------------------------------


def test_who_registers_first_is_signed_in_as_admin(auth: Auth) -> None:
    actor = auth.visit(auth.register("  Ada@Example.COM ", PASSWORD)).actor
    assert (actor.user.email, actor.user.role, actor.via) == (EMAIL, "admin", "session")
    assert actor.team.name == "ada@example.com's Team"


def test_a_second_registration_is_a_conflict(auth: Auth, token: str) -> None:
    with pytest.raises(Conflict, match="A team already exists"):
        auth.register("bob@example.com", PASSWORD)


def test_a_weak_password_names_every_broken_rule(auth: Auth, metadata: Metadata) -> None:
    with pytest.raises(BadRequest, match=r"12 to 72 characters; .*upper case.*; .*digit.*; .*special"):
        auth.register(EMAIL, "weak")
    assert not metadata.installation.founded()


def test_of_parallel_registrations_exactly_one_succeeds(metadata: Metadata, clock: FixedClock) -> None:
    auth = Auth(metadata, clock, RandomIds(clock), Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))
    start, tokens, conflicts = threading.Barrier(6, timeout=30), [], []

    def register(number: int) -> None:
        start.wait()
        try:
            tokens.append(auth.register(f"user{number}@example.com", PASSWORD))
        except Conflict as conflict:
            conflicts.append(conflict)

    threads = [threading.Thread(target=register, args=(number,)) for number in range(6)]
    in_parallel(*threads)
    assert (len(tokens), len(conflicts)) == (1, 5)
    actor = auth.visit(tokens[0]).actor
    assert [user.id for user, _ in metadata.users.list(actor.team.id)] == [actor.user.id]


# --- signing in and out -----------------------------------------------------------------------------------------


def test_signing_in_with_the_right_password(auth: Auth, token: str) -> None:
    second = auth.login("ADA@example.com", PASSWORD, HOME)
    assert second != token
    assert auth.visit(second).actor.user == auth.visit(token).actor.user


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "Wrong-horse-1"), ("nobody@example.com", PASSWORD)])
def test_a_stranger_learns_not_what_was_wrong(auth: Auth, token: str, email: str, password: str) -> None:
    with pytest.raises(Unauthorized) as refusal:
        auth.login(email, password, HOME)
    assert refusal.value.message == "E-mail or password is wrong."


def test_a_hash_of_old_parameters_is_renewed_when_its_owner_signs_in(
    metadata: Metadata, clock: FixedClock, ids: SequentialIds, auth: Auth, token: str
) -> None:
    stronger = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    Auth(metadata, clock, ids, Passwords(stronger)).login(EMAIL, PASSWORD, HOME)
    found = metadata.users.with_email(EMAIL)
    assert found is not None
    assert found[1] is not None
    assert not stronger.check_needs_rehash(found[1])
    assert auth.login(EMAIL, PASSWORD, HOME)


def test_guessing_is_stopped_for_the_pair_of_email_and_address(auth: Auth, token: str, clock: FixedClock) -> None:
    for _ in range(LOGIN_FAILURES_MAX):
        with pytest.raises(Unauthorized):
            auth.login(EMAIL, "Wrong-horse-1", HOME)
    with pytest.raises(TooManyRequests) as refusal:
        auth.login(EMAIL, PASSWORD, HOME)  # even the right one: else guessing goes on
    assert (refusal.value.status, refusal.value.retry_after_s) == (429, LOGIN_WINDOW_S)
    assert auth.login(EMAIL, PASSWORD, Visitor("192.0.2.2")), "a stranger must not lock the person out"
    clock.advance(LOGIN_WINDOW_S)
    assert auth.login(EMAIL, PASSWORD, HOME)


def test_success_wipes_the_slate(auth: Auth, token: str) -> None:
    for _round in range(2):
        for _ in range(LOGIN_FAILURES_MAX - 1):
            with pytest.raises(Unauthorized):
                auth.login(EMAIL, "Wrong-horse-1", HOME)
        assert auth.login(EMAIL, PASSWORD, HOME)


def test_signing_out_ends_that_session_only(auth: Auth, token: str) -> None:
    other = auth.login(EMAIL, PASSWORD, HOME)
    auth.logout(token)
    auth.logout(token)
    with pytest.raises(Unauthorized):
        auth.visit(token)
    assert auth.visit(other).actor


# --- sessions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "0" * 64, "f" * 64, "\ud800"])
def test_no_token_is_no_session(auth: Auth, token: str) -> None:
    with pytest.raises(Unauthorized):
        auth.visit(token)


def test_a_session_ends_after_its_life(auth: Auth, token: str, clock: FixedClock) -> None:
    clock.advance(SESSION_LIFE_S)
    with pytest.raises(Unauthorized):
        auth.visit(token)


def test_a_used_session_rolls_on(auth: Auth, token: str, clock: FixedClock) -> None:
    assert not auth.visit(token).prolonged
    clock.advance(SESSION_ROLL_S)
    assert auth.visit(token).prolonged
    assert not auth.visit(token).prolonged
    clock.advance(SESSION_LIFE_S - 1)
    assert auth.visit(token).prolonged


def test_the_database_holds_no_token_and_no_password(
    auth: Auth, clock: FixedClock, tmp_path: Path, metadata: Metadata
) -> None:
    auth = Auth(metadata, clock, RandomIds(clock), Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))
    token = auth.register(EMAIL, PASSWORD)
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert EMAIL.encode() in kept
    assert token.encode() not in kept
    assert PASSWORD.encode() not in kept


# --- keys -------------------------------------------------------------------------------------------------------


def test_an_access_key_names_its_holder(auth: Auth, token: str) -> None:
    user = auth.visit(token).actor.user
    actor = auth.actor_of_access_key(user.access_key)
    assert (actor.user, actor.via) == (user, "access_key")


@pytest.mark.parametrize("key", ["", "x", "é" * 36, "0" * 36, "0" * 10_000, "' OR 1=1 --", "\x00"])
def test_a_wrong_access_key_is_refused(auth: Auth, token: str, key: str) -> None:
    with pytest.raises(Unauthorized):
        auth.actor_of_access_key(key)


def test_the_ingestion_key_opens_no_api_and_the_access_key_no_ingestion(auth: Auth, token: str) -> None:
    actor = auth.visit(token).actor
    with pytest.raises(Unauthorized):
        auth.actor_of_access_key(actor.team.api_key)
    assert not auth.ingestion_key_id(actor.user.access_key)


def test_rotating_the_access_key_ends_the_old_one_at_once(auth: Auth, token: str) -> None:
    actor = auth.visit(token).actor
    new = auth.access_keys.rotate_classic(actor, None)
    assert auth.actor_of_access_key(new).user.id == actor.user.id
    with pytest.raises(Unauthorized):
        auth.actor_of_access_key(actor.user.access_key)
    assert auth.visit(token).actor.user.access_key == new


def test_ingestion_is_open_to_the_teams_key_only(auth: Auth) -> None:
    assert not auth.ingestion_key_id("")
    assert not auth.ingestion_key_id("anything")
    key = auth.visit(auth.register(EMAIL, PASSWORD)).actor.team.api_key
    assert auth.ingestion_key_id(key)
    for wrong in ("", key[:-1], key + " ", key.upper() + "x", "\ud800", "é"):
        assert not auth.ingestion_key_id(wrong)


def test_rotating_the_ingestion_key_ends_the_old_one_at_once(auth: Auth, token: str) -> None:
    actor = auth.visit(token).actor
    assert auth.ingestion_key_id(actor.team.api_key)
    new = auth.rotate_ingestion_key(actor, None)
    assert auth.ingestion_key_id(new)
    assert not auth.ingestion_key_id(actor.team.api_key)


def test_a_key_rotated_elsewhere_ends_within_two_seconds(
    auth: Auth, metadata: Metadata, token: str, clock: FixedClock
) -> None:
    team = auth.visit(token).actor.team
    assert auth.ingestion_key_id(team.api_key)
    metadata.teams.replace_api_key(team, "made-by-another-process", Author("system", "", ""), None)
    clock.advance(2)
    assert not auth.ingestion_key_id(team.api_key)
    assert auth.ingestion_key_id("made-by-another-process")
