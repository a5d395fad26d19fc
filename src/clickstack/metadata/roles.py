"""Roles that teams made themselves, and who has one. A role somebody has stays."""

from __future__ import annotations

import dataclasses
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock
from clickstack.core.custom_role import CustomRole, Permission
from clickstack.core.errors import Conflict, Exposed, NotFound
from clickstack.core.ids import IdSource
from clickstack.core.records import Author

from . import tables
from .audit import Change, Setting
from .db import Database
from .documents import Documents, Kind

MEMBER_KIND = "member_role"  # in the audit log
IN_USE = "Cannot delete the role: people or API keys have it. Give them another one first."


class Roles(Documents[CustomRole]):
    """Oldest first."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        super().__init__(database, clock, ids, ROLES)

    def of_user(self, user_id: str) -> CustomRole | None:
        """The role a person has instead of one of the three."""
        member = tables.member_roles.c
        query = sa.select(tables.roles).join(tables.member_roles).where(member.user_id == user_id)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return _record(row) if row else None

    def assign(self, team_id: str, user_id: str, role_id: str, author: Author, request_id: str | None) -> None:
        """Give a person a role of the team. Raises NotFound for either."""
        with self.change(team_id, author, request_id) as change:
            role = ROLES.find_in(change, team_id, role_id)
            user, member = tables.users.c, tables.member_roles
            query = sa.select(user.id).where(user.team_id == team_id, user.id == user_id)
            if role is None or change.transaction.execute(query).first() is None:
                raise NotFound("Role not found" if role is None else "Member not found")
            forget_role(change, user_id)
            change.transaction.execute(sa.insert(member).values(user_id=user_id, role_id=role_id))
            change.note("update", MEMBER_KIND, Setting(user_id, role.name), None, {"role": role.name})


def forget_role(change: Change, user_id: str) -> None:
    """Take a person's role of the team's own away, if there is one."""
    member = tables.member_roles
    query = sa.select(tables.roles).join(member).where(member.c.user_id == user_id)
    row = change.transaction.execute(query).first()
    if row is not None:
        change.transaction.execute(sa.delete(member).where(member.c.user_id == user_id))
        change.note("update", MEMBER_KIND, Setting(user_id, row.name), {"role": row.name}, None)


def _row(role: CustomRole) -> dict[str, Any]:
    permissions = [dataclasses.asdict(each) for each in role.permissions]
    return {"name": role.name, "spec": {"description": role.description, "permissions": permissions}}


def _record(row: sa.Row[Any]) -> CustomRole:
    return CustomRole(
        id=row.id,
        team_id=row.team_id,
        name=row.name,
        description=row.spec.get("description"),
        permissions=tuple(Permission(**each) for each in row.spec["permissions"]),
        revision=row.revision,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
    )


def _refuse_in_use(change: Change, role: CustomRole) -> None:
    member, key, team = tables.member_roles.c, tables.api_keys.c, tables.teams.c
    of_organization = sa.select(key.roles).join(
        tables.teams, team.organization_id == key.organization_id
    ).where(team.id == role.team_id)  # fmt: skip
    held = change.transaction.execute(sa.select(member.user_id).where(member.role_id == role.id)).first()
    if held is not None or any(role.id in roles for roles in change.transaction.scalars(of_organization)):
        raise Conflict(IN_USE)


def _broken(error: IntegrityError) -> Exposed:
    return Conflict("A role of this name exists already." if "unique" in str(error.orig).lower() else IN_USE)


ROLES: Kind[CustomRole] = Kind(
    name="role",
    title="Role",
    table=tables.roles,
    to_row=_row,
    from_row=_record,
    order=(tables.roles.c.created_ms, tables.roles.c.id),
    before_delete=_refuse_in_use,
    broken=_broken,
)
