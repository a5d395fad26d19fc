"""Keys of the managed API, by the hash of their id. A change is in the audit log of every service it touches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock, iso_millis
from clickstack.core.errors import Conflict, NotFound
from clickstack.core.ids import IdSource
from clickstack.core.limits import API_KEYS_MAX
from clickstack.core.records import Author

from . import tables
from .audit import Action, Change, Values
from .db import Database
from .moments import moment, moment_or_none, ms_of, now_ms

_KEY = tables.api_keys.c
KIND = "api_key"  # in the audit log
ApiKeyState = Literal["enabled", "disabled"]


@dataclass(frozen=True, slots=True)
class IpSource:
    """An address or a network that a key may be used from."""

    source: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as people see it: neither its id nor its secret, only the id's last characters.

    `services` None: every service of the organization. `roles` are names of the older roles and ids of others.
    `ip_access_list` empty: from anywhere. `expires_at` None: never.
    """

    id: str
    organization_id: str
    services: tuple[str, ...] | None
    name: str
    suffix: str
    state: ApiKeyState
    expires_at: datetime | None
    ip_access_list: tuple[IpSource, ...]
    roles: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None = None


class ApiKeys:
    """`author` and `request_id` go to the audit log."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    def add(self, key: ApiKey, id_hash: str, secret_hash: str, author: Author, request_id: str | None) -> None:
        """Raises Conflict when the organization has API_KEYS_MAX keys, or one of this very id exists."""
        values = {"key_id_hash": id_hash, "secret_hash": secret_hash, "created_ms": ms_of(key.created_at)}
        count = sa.select(sa.func.count()).where(_KEY.organization_id == key.organization_id)
        try:
            with self._database.write() as transaction:
                _lock_organization(transaction, key.organization_id)
                if transaction.execute(count).scalar_one() >= API_KEYS_MAX:
                    raise Conflict(f"The organization has {API_KEYS_MAX} API keys. Delete one first.")
                transaction.execute(sa.insert(tables.api_keys).values(**_row(key), **values))
                self._note(transaction, "create", key, None, _shown(key), author, request_id)
        except IntegrityError:
            raise Conflict("A key of this id exists already.") from None

    def list(self, organization_id: str) -> list[ApiKey]:
        """Oldest first."""
        query = sa.select(tables.api_keys).where(_KEY.organization_id == organization_id)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query.order_by(_KEY.created_ms, _KEY.id))]

    def get(self, organization_id: str, id: str) -> ApiKey | None:
        with self._database.read() as connection:
            row = connection.execute(_one(organization_id, id)).first()
        return _record(row) if row else None

    def with_id_hash(self, id_hash: str) -> tuple[ApiKey, str] | None:
        """The key and the hash of its secret."""
        query = sa.select(tables.api_keys).where(_KEY.key_id_hash == id_hash)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return (_record(row), row.secret_hash) if row else None

    def update(
        self,
        organization_id: str,
        id: str,
        edit: Callable[[ApiKey], ApiKey],
        author: Author,
        request_id: str | None,
    ) -> ApiKey:
        """Store what `edit` makes of the newest state. Raises NotFound, and what `edit` raises."""
        with self._database.write() as transaction:
            before = _find(transaction, organization_id, id)
            after = edit(before)
            transaction.execute(sa.update(tables.api_keys).where(_KEY.id == id).values(**_row(after)))
            self._note(transaction, "update", after, _shown(before), _shown(after), author, request_id)
        return after

    def delete(self, organization_id: str, id: str, author: Author, request_id: str | None) -> None:
        """Raises NotFound."""
        with self._database.write() as transaction:
            before = _find(transaction, organization_id, id)
            transaction.execute(sa.delete(tables.api_keys).where(_KEY.id == id))
            self._note(transaction, "delete", before, _shown(before), None, author, request_id)

    def note_used(self, id: str) -> None:
        with self._database.write() as connection:
            connection.execute(sa.update(tables.api_keys).where(_KEY.id == id).values(last_used_ms=now_ms(self._clock)))

    def _note(
        self,
        transaction: Connection,
        action: Action,
        key: ApiKey,
        before: Values | None,
        after: Values | None,
        author: Author,
        request_id: str | None,
    ) -> None:
        for team_id in _touched(transaction, key.organization_id, key.services):
            change = Change(transaction, self._ids, team_id, now_ms(self._clock), author, request_id)
            change.note(action, KIND, key, before, after)


def _lock_organization(transaction: Connection, organization_id: str) -> None:
    """Let nobody else add keys until the transaction ends. SQLite has one writer anyway."""
    column = tables.organizations.c.id
    transaction.execute(sa.select(column).where(column == organization_id).with_for_update())


def _one(organization_id: str, id: str) -> sa.Select[Any]:
    return sa.select(tables.api_keys).where(_KEY.organization_id == organization_id, _KEY.id == id)


def _find(transaction: Connection, organization_id: str, id: str) -> ApiKey:
    row = transaction.execute(_one(organization_id, id).with_for_update()).first()
    if row is None:
        raise NotFound("API key not found")
    return _record(row)


def _touched(transaction: Connection, organization_id: str, services: Iterable[str] | None) -> list[str]:
    """The teams whose data a key opens."""
    column = tables.teams.c
    query = sa.select(column.id).where(column.organization_id == organization_id)
    if services is not None:
        query = query.where(column.service_id.in_(list(services)))
    return list(transaction.scalars(query.order_by(column.id)))


def _row(key: ApiKey) -> dict[str, Any]:
    """The columns an edit may change, and the id."""
    return {
        "id": key.id,
        "organization_id": key.organization_id,
        "services": None if key.services is None else list(key.services),
        "name": key.name,
        "key_id_suffix": key.suffix,
        "state": key.state,
        "expires_ms": ms_of(key.expires_at) if key.expires_at else None,
        "ip_access_list": [_ip_row(each) for each in key.ip_access_list],
        "roles": list(key.roles),
    }


def _ip_row(each: IpSource) -> dict[str, str]:
    described = {} if each.description is None else {"description": each.description}
    return {"source": each.source, **described}


def _record(row: sa.Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        organization_id=row.organization_id,
        services=None if row.services is None else tuple(row.services),
        name=row.name,
        suffix=row.key_id_suffix,
        state=row.state,
        expires_at=moment_or_none(row.expires_ms),
        ip_access_list=tuple(IpSource(each["source"], each.get("description")) for each in row.ip_access_list),
        roles=tuple(row.roles),
        created_at=moment(row.created_ms),
        last_used_at=moment_or_none(row.last_used_ms),
    )


def _shown(key: ApiKey) -> Values:
    row = _row(key)
    return {
        "name": key.name,
        "suffix": key.suffix,
        "state": key.state,
        "expiresAt": iso_millis(key.expires_at) if key.expires_at else None,
        "services": row["services"],
        "roles": row["roles"],
        "ipAccessList": row["ip_access_list"],
    }
