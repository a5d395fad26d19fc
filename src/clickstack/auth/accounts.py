"""The door of the room: signing up, in and out, who is calling, and changing keys."""

from __future__ import annotations

from clickstack.core.clock import Clock
from clickstack.core.errors import BadRequest, Conflict, Forbidden, Unauthorized
from clickstack.core.ids import IdSource
from clickstack.core.records import Actor
from clickstack.metadata import IngestionKey, Metadata

from .access_keys import AccessKeys
from .ingestion_keys import IngestionKeys, NewIngestionKey
from .passwords import Passwords, broken_rules
from .sessions import Sessions, Visit
from .throttle import LoginThrottle

WRONG_CREDENTIALS = "E-mail or password is wrong."


class Auth:
    """Safe to use from any thread. `register` and `login` take tens of milliseconds: never on an event loop."""

    def __init__(
        self,
        metadata: Metadata,
        clock: Clock,
        ids: IdSource,
        passwords: Passwords | None = None,
        ingestion_api_key: str = "",
    ) -> None:
        self._metadata = metadata
        self._ids = ids
        self._passwords = passwords or Passwords()
        self._throttle = LoginThrottle(clock)
        self._sessions = Sessions(metadata, ids)
        self._access_keys = AccessKeys(metadata)
        self._ingestion_keys = IngestionKeys(metadata, clock, ids, ingestion_api_key)

    def register(self, email: str, password: str) -> str:
        """Found the installation's team with its first person; the token of their session.

        Raises BadRequest for a weak password, Conflict when a team exists: of parallel callers exactly one succeeds.
        """
        if broken := broken_rules(password):
            raise BadRequest("; ".join(broken))
        if self._metadata.installation.founded():  # spares the hashing; the database has the last word
            raise Conflict("A team already exists. Sign in, or ask its admin for an invitation.")
        _team, user = self._metadata.installation.found(_canonical(email), self._passwords.hash(password))
        self._ingestion_keys.forget()
        return self._sessions.begin(user.id)

    def login(self, email: str, password: str, address: str) -> str:
        """The token of a new session. `address` is where the caller comes from, for throttling.

        Raises Unauthorized for wrong credentials, without a word on which was wrong, and TooManyRequests.
        """
        email = _canonical(email)
        self._throttle.admit(email, address)
        found = self._metadata.users.with_email(email)
        user, password_hash = found or (None, None)
        if not self._passwords.matches(password_hash, password) or user is None or password_hash is None:
            raise Unauthorized(WRONG_CREDENTIALS)
        self._throttle.succeeded(email, address)
        if self._passwords.outdated(password_hash):
            self._metadata.users.replace_password_hash(user.id, self._passwords.hash(password))
        return self._sessions.begin(user.id)

    def logout(self, token: str) -> None:
        """End a session. Ending one that is not is no error."""
        self._sessions.end(token)

    def visit(self, token: str) -> Visit:
        """Who holds a session's token, and whether this visit prolonged the session. Raises Unauthorized."""
        return self._sessions.visit(token)

    def actor_of_access_key(self, key: str) -> Actor:
        """Raises Unauthorized."""
        return self._access_keys.actor(key)

    def ingestion_key_id(self, presented: str) -> str | None:
        """Whose key it is, if telemetry with it may come in: a named key's id, `team` (a classic one) or `setting`.

        None for any other. Before sign-up only the settings' own key may.
        """
        return self._ingestion_keys.identify(presented)

    def readable_ingestion_keys(self) -> list[str]:
        """The keys a challenge can be made of, as Fluent Forward does: classic ones and the settings', no named."""
        return self._ingestion_keys.readable()

    def ingestion_keys(self, actor: Actor) -> list[IngestionKey]:
        """The named keys of the caller's team, oldest first, the revoked ones too."""
        return self._ingestion_keys.list(actor.team.id)

    def create_ingestion_key(self, actor: Actor, name: str) -> NewIngestionKey:
        """Raises Forbidden unless the caller is an admin, and Conflict for a name in use or too many keys."""
        require_admin(actor)
        return self._ingestion_keys.create(actor.team.id, name)

    def revoke_ingestion_key(self, actor: Actor, key_id: str) -> None:
        """End a named key now. Raises Forbidden unless the caller is an admin, and NotFound."""
        require_admin(actor)
        self._ingestion_keys.revoke(actor.team.id, key_id)

    def rotate_access_key(self, actor: Actor) -> str:
        """The caller's new personal key; the old one ends now. Sessions live on."""
        key = self._ids.uuid()
        self._metadata.users.replace_access_key(actor.user.id, key)
        return key

    def rotate_ingestion_key(self, actor: Actor) -> str:
        """The team's new ingestion key; the old one ends now. Raises Forbidden unless the caller is an admin."""
        require_admin(actor)
        key = self._ids.uuid()
        self._metadata.teams.replace_api_key(actor.team.id, key)
        self._ingestion_keys.forget()
        return key


def open_auth(metadata: Metadata, clock: Clock, ids: IdSource, ingestion_api_key: str = "") -> Auth:
    """`ingestion_api_key` is one more key that telemetry may come with; empty for none."""
    return Auth(metadata, clock, ids, ingestion_api_key=ingestion_api_key)


def require_admin(actor: Actor) -> None:
    """Raises Forbidden."""
    if actor.user.role != "admin":
        raise Forbidden("Only an admin of the team may do this.")


def _canonical(email: str) -> str:
    return email.strip().lower()
