"""The door of the room: signing up, in and out, and who is calling. What else people do is in its parts."""

from __future__ import annotations

from clickstack.core.clock import Clock
from clickstack.core.errors import BadRequest, Conflict, TooManyRequests, Unauthorized
from clickstack.core.ids import IdSource
from clickstack.core.limits import EMAIL_CHARS_MAX
from clickstack.core.log import fields, get_logger
from clickstack.core.records import Actor
from clickstack.core.settings import Settings
from clickstack.metadata import IngestionKey, Metadata

from .access_keys import AccessKeys
from .api_keys import ApiKeys
from .ingestion_keys import IngestionKeys, NewIngestionKey
from .oidc import open_oidc
from .passwords import Passwords, broken_rules
from .people import People, canonical_email
from .sessions import Sessions, Visit, Visitor
from .throttle import LoginThrottle

WRONG_CREDENTIALS = "E-mail or password is wrong."
NOWHERE = Visitor()

_log = get_logger("auth")


class Auth:
    """Safe to use from any thread. What takes a password takes tens of milliseconds: never on an event loop.

    Who may do what is in permissions.py, and is asked before any of this is called. `request_id` goes to the audit log.
    """

    def __init__(
        self,
        metadata: Metadata,
        clock: Clock,
        ids: IdSource,
        passwords: Passwords | None = None,
        ingestion_api_key: str = "",
        settings: Settings | None = None,
    ) -> None:
        self._metadata = metadata
        self._ids = ids
        self._passwords = passwords or Passwords()
        self._throttle = LoginThrottle(clock)
        self._ingestion_keys = IngestionKeys(metadata, clock, ids, ingestion_api_key)
        self.sessions = Sessions(metadata, ids)
        self.access_keys = AccessKeys(metadata, clock, ids)
        self.api_keys = ApiKeys(metadata, clock, ids)
        self.people = People(metadata, clock, ids, self._passwords)
        self.oidc = open_oidc(settings, metadata, clock, ids, self.people) if settings else None

    def register(self, email: str, password: str, visitor: Visitor = NOWHERE) -> str:
        """Found the installation's team with its first person; the token of their session.

        Raises BadRequest for a weak password, Conflict when a team exists: of parallel callers exactly one succeeds.
        """
        if broken := broken_rules(password):
            raise BadRequest("; ".join(broken))
        if self._metadata.installation.founded():  # spares the hashing; the database has the last word
            raise Conflict("A team already exists. Sign in, or ask its admin for an invitation.")
        _team, user = self._metadata.installation.found(canonical_email(email), self._passwords.hash(password))
        self._ingestion_keys.forget()
        return self.sessions.begin(user.id, visitor)

    def login(self, email: str, password: str, visitor: Visitor) -> str:
        """The token of a new session.

        Raises Unauthorized for wrong credentials, without a word on which was wrong, and TooManyRequests.
        """
        email = canonical_email(email)
        self._admit(email[: EMAIL_CHARS_MAX + 1], visitor)
        if len(email) > EMAIL_CHARS_MAX:  # nobody's, and told as fast as it comes: there is no person to hide
            raise Unauthorized(WRONG_CREDENTIALS)
        found = self._metadata.users.with_email(email)
        user, password_hash = found or (None, None)
        if not self._passwords.matches(password_hash, password) or user is None or password_hash is None:
            _log.warning("sign-in failed", extra=fields(address=visitor.address))
            raise Unauthorized(WRONG_CREDENTIALS)
        self._throttle.succeeded(email, visitor.address)
        if self._passwords.outdated(password_hash):
            self._metadata.users.rehash_password(user.id, password_hash, self._passwords.hash(password))
        return self.sessions.begin(user.id, visitor)

    def join(self, token: str, password: str, visitor: Visitor, request_id: str | None) -> str:
        """Accept an invitation; the token of a session. Raises as People.accept."""
        return self.sessions.begin(self.people.accept(token, password, request_id).id, visitor)

    def logout(self, token: str) -> None:
        """End a session. Ending one that is not is no error."""
        self.sessions.end(token)

    def visit(self, token: str, address: str = "") -> Visit:
        """Who holds a session's token, and whether this visit prolonged the session. Raises Unauthorized."""
        return self.sessions.visit(token, address)

    def change_password(self, actor: Actor, current: str, new: str, visitor: Visitor, request_id: str | None) -> None:
        """Replace the caller's password and end their other sessions.

        Raises BadRequest for a wrong current password or a weak new one, and TooManyRequests.
        """
        self._admit(actor.user.email, visitor)
        kept = self._metadata.users.password_hash(actor.user.id)
        if kept is None:
            raise BadRequest("You sign in through the identity provider; there is no password here to change.")
        if not self._passwords.matches(kept, current):
            raise BadRequest("The current password is wrong.")
        self._throttle.succeeded(actor.user.email, visitor.address)
        if broken := broken_rules(new):
            raise BadRequest("; ".join(broken))
        new_hash = self._passwords.hash(new)
        self._metadata.users.change_password(actor.user, new_hash, actor.credential, actor.author, request_id)

    def actor_of_access_key(self, key: str) -> Actor:
        """Raises Unauthorized."""
        return self.access_keys.actor(key)

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

    def create_ingestion_key(self, actor: Actor, name: str, request_id: str | None = None) -> NewIngestionKey:
        """Raises Conflict for a name in use or too many keys."""
        return self._ingestion_keys.create(actor.team.id, name, actor.author, request_id)

    def revoke_ingestion_key(self, actor: Actor, key_id: str, request_id: str | None = None) -> None:
        """End a named key now. Raises NotFound."""
        self._ingestion_keys.revoke(actor.team.id, key_id, actor.author, request_id)

    def rotate_ingestion_key(self, actor: Actor, request_id: str | None) -> str:
        """The team's new classic ingestion key; the old one ends now."""
        key = self._ids.uuid()
        self._metadata.teams.replace_api_key(actor.team, key, actor.author, request_id)
        self._ingestion_keys.forget()
        return key

    def _admit(self, email: str, visitor: Visitor) -> None:
        """Count an attempt with a password. Raises TooManyRequests."""
        try:
            self._throttle.admit(email, visitor.address)
        except TooManyRequests:
            _log.warning("sign-ins throttled", extra=fields(address=visitor.address))
            raise


def open_auth(metadata: Metadata, clock: Clock, ids: IdSource, settings: Settings) -> Auth:
    """Raises StartupError for settings of an OpenID provider that contradict each other."""
    return Auth(metadata, clock, ids, ingestion_api_key=settings.ingestion_api_key, settings=settings)
