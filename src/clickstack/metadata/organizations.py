"""Organizations, whose services are teams."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import tables
from .db import Database
from .moments import moment

_ORGANIZATION = tables.organizations.c


@dataclass(frozen=True, slots=True)
class Organization:
    """`id` is a UUID."""

    id: str
    name: str
    created_at: datetime


class Organizations:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, organization_id: str) -> Organization | None:
        query = sa.select(tables.organizations).where(_ORGANIZATION.id == organization_id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return Organization(row.id, row.name, moment(row.created_ms)) if row else None


def ensure_organization(connection: Connection, organization_id: str, name: str, created_ms: int) -> None:
    """Make the organization unless it exists."""
    exists = connection.scalar(sa.select(_ORGANIZATION.id).where(_ORGANIZATION.id == organization_id))
    if exists is None:
        connection.execute(sa.insert(tables.organizations).values(id=organization_id, name=name, created_ms=created_ms))
