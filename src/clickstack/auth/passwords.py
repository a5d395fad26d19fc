"""Passwords: the rules they must meet, and argon2id hashes of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from clickstack.core.errors import Busy
from clickstack.core.limits import (
    PASSWORD_CHARS_MAX,
    PASSWORD_CHARS_MIN,
    PASSWORD_HASHES_AT_ONCE,
    PASSWORD_WAIT_S_MAX,
)

Result = TypeVar("Result")

SPECIAL_CHARACTERS = '!@#$%^&*(),.?":{}|<>;-+='  # reference/alerts-and-teams.md §4.2


@dataclass(frozen=True, slots=True)
class PasswordRule:
    """One rule: what a person reads when a password breaks it, and the test."""

    text: str
    met: Callable[[str], bool]


PASSWORD_RULES = (
    PasswordRule(
        f"Password must have {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters",
        lambda password: PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX,
    ),
    PasswordRule(
        "Password must include a lower case letter",
        lambda password: any(character.islower() for character in password),
    ),
    PasswordRule(
        "Password must include an upper case letter",
        lambda password: any(character.isupper() for character in password),
    ),
    PasswordRule(
        "Password must include a digit",
        lambda password: any(character in "0123456789" for character in password),
    ),
    PasswordRule(
        f"Password must include a special character: {SPECIAL_CHARACTERS}",
        lambda password: any(character in SPECIAL_CHARACTERS for character in password),
    ),
)


def broken_rules(password: str) -> list[str]:
    """The texts of the rules a password breaks, in the order of PASSWORD_RULES.

    >>> broken_rules("Correct-horse-1")
    []
    >>> broken_rules("correct-horse-1")
    ['Password must include an upper case letter']
    """
    return [rule.text for rule in PASSWORD_RULES if not rule.met(password)]


class Passwords:
    """Hashes and checks, a few at a time. Each takes tens of milliseconds of a thread: never on an event loop.

    The default parameters are argon2-cffi's (RFC 9106, low memory). Raises Busy when the queue is long.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(PASSWORD_HASHES_AT_ONCE)
        self._nobody = self._hasher.hash("a password nobody has")

    def hash(self, password: str) -> str:
        return self._in_turn(lambda: self._hasher.hash(_bytes(password)))

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right. None (no such person, or no password) takes the same work and is wrong."""
        right = self._in_turn(lambda: self._verify(password_hash or self._nobody, password))
        return right and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False

    def _in_turn(self, work: Callable[[], Result]) -> Result:
        if not self._turns.acquire(timeout=PASSWORD_WAIT_S_MAX):
            raise Busy("Too many people are signing in at once. Try again in a few seconds.", retry_after_s=5)
        try:
            return work()
        finally:
            self._turns.release()


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")  # JSON can carry a lone surrogate
