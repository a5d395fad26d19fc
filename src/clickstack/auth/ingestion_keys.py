"""Ingestion keys, which telemetry must present: each team's classic one, named ones beside it, one of the settings.

Receivers ask for every request, on the event loop too: the answer is one hash and one look-up in memory. What is known
of the keys is read anew behind their back while requests come, so a key made or revoked by another process counts
within INGESTION_KEYS_LIFE_S; what is older is read first, never on an event loop.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from clickstack.core.blocking import refuse_on_loop
from clickstack.core.clock import Clock, utc_datetime
from clickstack.core.errors import MetadataFailed, NotFound
from clickstack.core.ids import IdSource
from clickstack.core.limits import INGESTION_KEY_USE_S, INGESTION_KEYS_AHEAD_S, INGESTION_KEYS_LIFE_S
from clickstack.core.log import fields, get_logger
from clickstack.core.records import Author
from clickstack.metadata import IngestionKey, Metadata

PREFIX = "cs_ingest_"  # so that scanners for leaked secrets, and people, know one when they see one
CLASSIC, OF_SETTINGS = "team", "setting"  # what the keys without an id are called in counters
_HINT_CHARS = 4

_log = get_logger("auth")


@dataclass(frozen=True, slots=True)
class NewIngestionKey:
    """A key just made. `secret` is shown now and never again."""

    key: IngestionKey
    secret: str


class IngestionKeys:
    def __init__(self, metadata: Metadata, clock: Clock, ids: IdSource, of_settings: str = "") -> None:
        self._teams = metadata.teams
        self._stored = metadata.ingestion_keys
        self._clock = clock
        self._ids = ids
        self._of_settings = of_settings
        self._fixed = {_hash(of_settings): OF_SETTINGS} if of_settings else {}
        self._behind = ThreadPoolExecutor(1, thread_name_prefix="ingestion-keys")  # never on a receiver's time
        self._reading = threading.Lock()  # one reads, others wait for it
        self._lock = threading.Lock()  # guards what follows; held for moments
        self._known: Mapping[str, str] = {}  # hash → id
        self._read_s = float("-inf")  # when they were read
        self._forgotten = 0  # times; what was being read meanwhile may be of before
        self._refreshing = False
        self._away = False  # the database, at the last attempt
        self._noted_s: dict[str, float] = {}  # id → when its use was last noted
        self._used_ms: dict[str, int] = {}  # id → moment of the use that was noted last
        self._unwritten: dict[str, int] = {}  # those of them that the database does not know yet

    def identify(self, presented: str) -> str | None:
        """The id of the key, CLASSIC, or OF_SETTINGS; None for a stranger's. Notes the use.

        Raises WouldBlock on an event loop when what is known is too old: ask in a thread then.
        """
        key_id = self._current().get(_hash(presented)) if presented else None
        if key_id is not None:
            self._note(key_id)
        return key_id

    def readable(self) -> list[str]:
        """The keys that are known in full: classic ones and the settings'. Of named keys only hashes are."""
        classic = [key for _, key in self._teams.api_keys()]
        return [*classic, self._of_settings] if self._of_settings else classic

    def create(self, team_id: str, name: str, author: Author, request_id: str | None) -> NewIngestionKey:
        """Raises Conflict."""
        secret = PREFIX + self._ids.token()
        key = IngestionKey(
            id=self._ids.object_id(),
            team_id=team_id,
            name=name,
            hint=secret[-_HINT_CHARS:],
            created_at=utc_datetime(self._clock.now_ns() // 1_000_000 * 1_000_000),
            last_used_at=None,
            revoked_at=None,
        )
        self._stored.add(key, _hash(secret), author, request_id)
        self.forget()
        return NewIngestionKey(key, secret)

    def list(self, team_id: str) -> list[IngestionKey]:
        with self._lock:
            used_ms = dict(self._used_ms)  # ahead of the database, if anything
        return [
            replace(key, last_used_at=utc_datetime(used_ms[key.id] * 1_000_000)) if key.id in used_ms else key
            for key in self._stored.list(team_id)
        ]

    def revoke(self, team_id: str, key_id: str, author: Author, request_id: str | None) -> None:
        """Raises NotFound."""
        if not self._stored.revoke(team_id, key_id, author, request_id):
            raise NotFound("The team has no such ingestion key in force.")
        self.forget()

    def forget(self) -> None:
        """Read the keys anew at the next question: one has changed."""
        with self._lock:
            self._forgotten += 1
            self._read_s = float("-inf")
            self._away = False

    def _current(self) -> Mapping[str, str]:
        """Raises WouldBlock on an event loop when the keys must be read first."""
        with self._lock:
            age_s = self._clock.monotonic_s() - self._read_s
            if age_s >= INGESTION_KEYS_AHEAD_S and not self._refreshing and self._known:
                self._refreshing = True
                self._behind.submit(self._refresh)
            if age_s < INGESTION_KEYS_LIFE_S or self._away:
                return self._known
        refuse_on_loop()
        return self._refresh()

    def _refresh(self) -> Mapping[str, str]:
        """Read the keys, unless another thread just has. While the database is away, or fails in any other way, those
        of before stay: senders would throw away what is refused with a 500. Raises MetadataFailed when there are none.
        """
        with self._reading:
            with self._lock:
                if self._clock.monotonic_s() - self._read_s < INGESTION_KEYS_AHEAD_S:
                    self._refreshing = False
                    return self._known
                forgotten = self._forgotten
            found, away = None, False
            try:
                found = self._read()
            except MetadataFailed as error:
                away = bool(self._known)
                if not away:
                    raise
                if not self._away:
                    _log.warning("ingestion keys not read", extra=fields(reason=f"{error}; those of before stay"))
            finally:
                with self._lock:
                    self._refreshing = False
                    self._away = away
                    if found is not None:
                        self._known = found
                    if (found is not None or away) and forgotten == self._forgotten:
                        self._read_s = self._clock.monotonic_s()
            return self._known

    def _read(self) -> Mapping[str, str]:
        return {
            **{_hash(key): CLASSIC for _, key in self._teams.api_keys()},
            **{key.key_hash: key.id for key in self._stored.valid()},
            **self._fixed,
        }

    def _note(self, key_id: str) -> None:
        if key_id in (CLASSIC, OF_SETTINGS):
            return
        with self._lock:
            now_s = self._clock.monotonic_s()
            if now_s - self._noted_s.get(key_id, float("-inf")) < INGESTION_KEY_USE_S:
                return
            self._noted_s[key_id] = now_s
            self._used_ms[key_id] = self._unwritten[key_id] = self._clock.now_ns() // 1_000_000
        self._behind.submit(self._write_uses)

    def _write_uses(self) -> None:
        with self._lock:
            uses, self._unwritten = self._unwritten, {}
        if not uses:
            return
        try:
            self._stored.note_used(uses)
        except MetadataFailed as error:
            _log.warning("use of ingestion keys not kept", extra=fields(reason=str(error)))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
