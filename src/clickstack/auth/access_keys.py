"""What programs present to the REST API: a person's classic key, which is one UUID, or one of their named keys."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from clickstack.core.clock import Clock, iso_millis, utc_datetime
from clickstack.core.errors import MetadataFailed, Unauthorized
from clickstack.core.ids import IdSource
from clickstack.core.limits import SEEN_EVERY_S
from clickstack.core.log import fields, get_logger
from clickstack.core.records import Actor, Scope
from clickstack.metadata import AccessKey, Metadata

PREFIX = "cs_key_"  # so that scanners for leaked secrets, and people, know one when they see one
ACCESS_KEY_CHARS_MAX = 80  # a named key has 71; longer text is no key and needs no look-up
UNKNOWN_KEY = "Unauthorized access. API key is missing or invalid."  # the text of the published contract
_HINT_CHARS = 4

_log = get_logger("auth")


@dataclass(frozen=True, slots=True)
class NewAccessKey:
    """A key just made. `secret` is shown now and never again."""

    key: AccessKey
    secret: str


class AccessKeys:
    """`request_id` goes to the audit log."""

    def __init__(self, metadata: Metadata, clock: Clock, ids: IdSource) -> None:
        self._users = metadata.users
        self._stored = metadata.access_keys
        self._clock = clock
        self._ids = ids

    def actor(self, key: str) -> Actor:
        """Who holds the key. Raises Unauthorized; for a key that has expired it says so."""
        if not _plausible(key):
            raise Unauthorized(UNKNOWN_KEY)
        if key.startswith(PREFIX):
            return self._of_named(key)
        found = self._users.with_access_key(key)
        if found is None:
            raise Unauthorized(UNKNOWN_KEY)
        user, team = found
        return Actor(user=user, team=team, via="access_key")

    def list(self, actor: Actor) -> list[AccessKey]:
        """The caller's named keys, oldest first, those that ended too."""
        return self._stored.list(actor.user.id)

    def create(self, actor: Actor, name: str, scope: Scope, life_s: int | None, request_id: str | None) -> NewAccessKey:
        """A key of the caller's that ends after `life_s`, or never. Raises Conflict for a name in use or too many."""
        secret = PREFIX + self._ids.token()
        now = utc_datetime(self._clock.now_ns() // 1_000_000 * 1_000_000)
        key = AccessKey(
            id=self._ids.object_id(),
            user_id=actor.user.id,
            name=name,
            hint=secret[-_HINT_CHARS:],
            scope=scope,
            created_at=now,
            expires_at=None if life_s is None else now + timedelta(seconds=life_s),
            last_used_at=None,
            revoked_at=None,
        )
        self._stored.add(actor.team.id, key, _hash(secret), actor.author, request_id)
        return NewAccessKey(key, secret)

    def revoke(self, actor: Actor, key_id: str, request_id: str | None) -> None:
        """End one of the caller's keys now. Raises NotFound."""
        self._stored.revoke(actor.team.id, actor.user.id, key_id, actor.author, request_id)

    def rotate_classic(self, actor: Actor, request_id: str | None) -> str:
        """The caller's new classic key; the old one ends now. Sessions and named keys live on."""
        key = self._ids.uuid()
        self._users.replace_access_key(actor.user, key, actor.author, request_id)
        return key

    def _of_named(self, secret: str) -> Actor:
        found = self._stored.with_hash(_hash(secret))
        if found is None:
            raise Unauthorized(UNKNOWN_KEY)
        key, user, team = found
        now = utc_datetime(self._clock.now_ns())
        if key.expires_at is not None and key.expires_at <= now:
            raise Unauthorized(f"This access key expired at {iso_millis(key.expires_at)}. Create another one.")
        if key.last_used_at is None or (now - key.last_used_at).total_seconds() >= SEEN_EVERY_S:
            self._note_used(key)
        return Actor(user=user, team=team, via="access_key", scope=key.scope, credential=key.id)

    def _note_used(self, key: AccessKey) -> None:
        try:
            self._stored.note_used(key.id)
        except MetadataFailed as error:
            _log.warning("use of an access key not kept", extra=fields(key=key.id, reason=str(error)))


def _plausible(key: str) -> bool:
    return 0 < len(key) <= ACCESS_KEY_CHARS_MAX and key.isascii() and key.isprintable()


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
