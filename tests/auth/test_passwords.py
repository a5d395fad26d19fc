"""What a password must be, and what is kept of it."""

from __future__ import annotations

import threading
from typing import Literal

import pytest
from argon2 import PasswordHasher

from clickstack.auth import PASSWORD_RULES, Passwords, broken_rules
from clickstack.core.errors import Busy
from threads import joined

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
LENGTH, LOWER, UPPER, DIGIT, SPECIAL = (rule.text for rule in PASSWORD_RULES)


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("Correct-horse-1", []),
        ("Aa1!Aa1!Aa1!", []),  # 12 characters
        ("Aa1!Aa1!Aa1", [LENGTH]),
        ("Aa1!" * 18, []),  # 72 characters
        ("Aa1!" * 18 + "a", [LENGTH]),
        ("CORRECT-HORSE-1", [LOWER]),
        ("correct-horse-1", [UPPER]),
        ("Correct-horse-x", [DIGIT]),
        ("CorrectHorse123", [SPECIAL]),
        ("Correct_horse~1", [SPECIAL]),  # underscore and tilde do not count
        ("Correct/horse'1", [SPECIAL]),
        ("", [LENGTH, LOWER, UPPER, DIGIT, SPECIAL]),
        ("            ", [LOWER, UPPER, DIGIT, SPECIAL]),
        ("Grüße-aus-Köln-7", []),
        ("пароль-Пароль-7", []),  # letters of any script have their cases
    ],
)
def test_password_rules(password: str, broken: list[str]) -> None:
    assert broken_rules(password) == broken


@pytest.mark.parametrize("special", list('!@#$%^&*(),.?":{}|<>;-+='))
def test_every_special_character_counts(special: str) -> None:
    assert broken_rules("CorrectHorse1" + special) == []


def test_what_is_kept_is_an_argon2id_hash() -> None:
    kept = Passwords().hash("Correct-horse-1")
    assert kept.startswith("$argon2id$")
    assert "Correct-horse-1" not in kept


def test_only_the_right_password_matches() -> None:
    passwords = Passwords(CHEAP)
    kept = passwords.hash("Correct-horse-1")
    assert passwords.matches(kept, "Correct-horse-1")
    assert not passwords.matches(kept, "Correct-horse-2")
    assert not passwords.matches("not a hash", "Correct-horse-1")
    assert not passwords.matches(kept, "\ud800")  # JSON can carry half a character


def test_nobody_costs_the_same_work_as_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords(CHEAP)
    verified: list[str] = []
    verify = PasswordHasher.verify

    def note(self: PasswordHasher, hash: str, password: str) -> bool:
        verified.append(hash)
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", note)
    assert not passwords.matches(None, "a password nobody has")
    (nobody,) = verified
    assert not CHEAP.check_needs_rehash(nobody)


def test_hashing_in_a_crowd_is_refused_not_queued_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clickstack.auth.passwords.PASSWORD_HASHES_AT_ONCE", 1)
    monkeypatch.setattr("clickstack.auth.passwords.PASSWORD_WAIT_S_MAX", 0.01)
    busy, done = threading.Event(), threading.Event()

    class Slow(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            busy.set()
            done.wait(10)
            return True

    passwords = Passwords(Slow(time_cost=1, memory_cost=8, parallelism=1))
    first = threading.Thread(target=passwords.matches, args=("hash", "password"))
    first.start()
    busy.wait(10)
    with pytest.raises(Busy) as refusal:
        passwords.matches("hash", "password")
    assert refusal.value.retry_after_s > 0
    done.set()
    joined(first)
    assert passwords.matches("hash", "password")
