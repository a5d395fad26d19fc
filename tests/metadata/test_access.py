"""Migration 0004, and what the tables of access hold by themselves."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import FixedClock
from clickstack.core.errors import BadRequest, Conflict
from clickstack.core.ids import SequentialIds
from clickstack.core.limits import INVITES_MAX
from clickstack.core.records import Author
from clickstack.metadata import Metadata, open_metadata
from clickstack.metadata.db import Database, open_database
from clickstack.metadata.upgrade import downgrade, upgrade

pytestmark = pytest.mark.both_databases

SYSTEM = Author("system", "", "")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def database(metadata_url: str) -> Iterator[Database]:
    opened = open_database(metadata_url)
    yield opened
    opened.close()


@pytest.fixture
def metadata(metadata_url: str, clock: FixedClock, ids: SequentialIds) -> Iterator[Metadata]:
    opened = open_metadata(metadata_url, clock, ids)
    yield opened
    opened.close()


def test_what_exists_is_kept_and_completed(empty_url: str) -> None:
    database = open_database(empty_url)
    upgrade(database, "0003")
    with database.write() as connection:
        for number in (1, 2):
            connection.exec_driver_sql(
                "INSERT INTO teams (id, name, api_key, hook_id, created_ms, updated_ms) "
                f"VALUES ('{number}', 'Team {number}', 'key {number}', 'hook {number}', {number}, {number})"
            )
            connection.exec_driver_sql(
                "INSERT INTO users VALUES "
                f"('{number}', '{number}', 'p{number}@example.com', 'P', 'admin', NULL, 'access {number}', 0, 0)"
            )
            connection.exec_driver_sql(f"INSERT INTO sessions VALUES ('hash {number}', '{number}', {number}, 99)")
    upgrade(database)
    with database.read() as connection:
        teams = connection.execute(
            sa.text(
                "SELECT t.*, o.name AS organization, o.created_ms AS founded_ms FROM teams t "
                "JOIN organizations o ON o.id = t.organization_id ORDER BY t.id"
            )
        ).all()
        sessions = connection.execute(sa.text("SELECT * FROM sessions ORDER BY token_hash")).all()
    assert [(team.name, team.organization, team.founded_ms) for team in teams] == [
        ("Team 1", "Team 1", 1),
        ("Team 2", "Team 2", 2),
    ]
    uuids = [uuid for team in teams for uuid in (team.organization_id, team.service_id)]
    assert len(set(uuids)) == 4
    assert all(UUID.fullmatch(uuid) for uuid in uuids)
    assert [(each.token_hash, each.user_id, each.last_seen_ms, each.expires_ms) for each in sessions] == [
        ("hash 1", "1", 1, 99),
        ("hash 2", "2", 2, 99),
    ]
    assert len({each.id for each in sessions}) == 2

    downgrade(database, "0003")
    with database.read() as connection:
        assert connection.execute(sa.text("SELECT * FROM sessions WHERE user_id = '1'")).all() == [
            ("hash 1", "1", 1, 99)
        ]
        assert connection.execute(sa.text("SELECT name FROM teams WHERE id = '2'")).scalar() == "Team 2"
    upgrade(database)
    database.close()


def test_a_team_is_a_service_of_an_organization(metadata: Metadata) -> None:
    team, _user = metadata.installation.found("ada@example.com", "hash")
    organization = metadata.organizations.get(team.organization_id)
    assert organization is not None
    assert (organization.id, organization.name) == (team.organization_id, team.name)
    assert UUID.fullmatch(team.service_id)
    assert metadata.organizations.get(team.service_id) is None


def test_who_leaves_takes_their_ways_in_along(metadata: Metadata, database: Database) -> None:
    team, ada = metadata.installation.found("ada@example.com", "hash")
    invite = metadata.invites.invite(team.id, "bob@example.com", None, "admin", SYSTEM, None)
    bob = dataclasses.replace(ada, id="b" * 24, email="bob@example.com", access_key="bobs-key")
    metadata.invites.accept(invite, bob, None, None)
    metadata.sessions.add(bob.id, "bobs-session", 60)
    metadata.identities.link(bob, "https://id.example", "bob", None)
    assert metadata.identities.find("https://id.example", "bob") == bob
    metadata.users.remove(team.id, bob.id, SYSTEM, None)
    assert metadata.sessions.find("bobs-session") is None
    assert metadata.users.with_access_key("bobs-key") is None
    assert metadata.identities.find("https://id.example", "bob") is None
    assert metadata.audit_log.list(team.id, limit=1)[0].object_id == bob.id


def test_an_identity_is_one_person(metadata: Metadata) -> None:
    _team, ada = metadata.installation.found("ada@example.com", "hash")
    metadata.identities.link(ada, "https://id.example", "ada", None)
    twin = dataclasses.replace(ada, id="c" * 24, email="c@example.com", access_key="key")
    metadata.users.add(twin, None)
    with pytest.raises(Conflict):
        metadata.identities.link(twin, "https://id.example", "ada", None)
    assert metadata.identities.find("https://id.example", "ada") == ada
    with pytest.raises(Conflict):
        metadata.users.add(dataclasses.replace(twin, id="d" * 24, access_key="another key"), None)


def test_open_invitations_are_bounded(metadata: Metadata, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clickstack.metadata.invites.INVITES_MAX", 2)
    team, _ada = metadata.installation.found("ada@example.com", "hash")
    for number in range(2):
        metadata.invites.invite(team.id, f"p{number}@example.com", None, "viewer", SYSTEM, None)
    assert metadata.invites.invite(team.id, "p0@example.com", None, "viewer", SYSTEM, None)
    with pytest.raises(Conflict, match="Delete some first"):
        metadata.invites.invite(team.id, "one-more@example.com", None, "viewer", SYSTEM, None)
    with pytest.raises(BadRequest, match="User already exists"):
        metadata.invites.invite(team.id, "ada@example.com", None, "viewer", SYSTEM, None)
    assert INVITES_MAX > 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET role = 'owner'",
        "INSERT INTO access_keys VALUES ('1', 'nobody', 'x', 'h', 'h', 'read', 0, NULL, NULL, NULL)",
        "INSERT INTO access_keys SELECT '1', id, 'x', 'h', 'h', 'root', 0, NULL, NULL, NULL FROM users",
        "INSERT INTO invites SELECT '1', id, 'e', NULL, 'owner', 't', 0, 0 FROM teams",
        "INSERT INTO identities VALUES ('i', 's', 'nobody', 0)",
        "UPDATE teams SET organization_id = 'nowhere'",
    ],
)
def test_the_database_refuses_nonsense_by_itself(metadata: Metadata, database: Database, statement: str) -> None:
    metadata.installation.found("ada@example.com", "hash")
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.exec_driver_sql(statement)
