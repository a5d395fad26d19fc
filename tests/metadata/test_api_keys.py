"""Keys of organizations and roles of teams, as the database holds them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest

from clickstack.core.clock import FixedClock, utc_datetime
from clickstack.core.custom_role import CustomRole, Permission
from clickstack.core.errors import Conflict, NotFound
from clickstack.core.ids import SequentialIds
from clickstack.core.records import Author
from clickstack.metadata import ApiKey, IpSource, Metadata, open_metadata

pytestmark = pytest.mark.both_databases
SYSTEM = Author("system", "", "")


@pytest.fixture
def metadata(metadata_url: str, clock: FixedClock, ids: SequentialIds) -> Iterator[Metadata]:
    opened = open_metadata(metadata_url, clock, ids)
    yield opened
    opened.close()


def key(metadata: Metadata, clock: FixedClock, ids: SequentialIds, **fields: object) -> ApiKey:
    team = metadata.installation.team() or metadata.installation.found("ada@example.com", "hash")[0]
    now = utc_datetime(clock.now_ns())
    spec = ApiKey(ids.uuid(), team.organization_id, None, "CI", "abcd", "enabled", None, (), ("admin",), now)
    return dataclasses.replace(spec, **fields)  # type: ignore[arg-type]


def test_a_key_is_kept_found_changed_and_forgotten(metadata: Metadata, clock: FixedClock, ids: SequentialIds) -> None:
    expires = utc_datetime(clock.now_ns()) + timedelta(days=1)
    sources = (IpSource("10.0.0.0/8", "office"), IpSource("::1"))
    kept = key(metadata, clock, ids, expires_at=expires, ip_access_list=sources, services=("s",))
    keys = metadata.api_keys
    keys.add(kept, "1" * 64, "2" * 64, SYSTEM, "request")
    assert keys.with_id_hash("1" * 64) == (kept, "2" * 64)
    assert keys.with_id_hash("2" * 64) is None
    assert keys.list(kept.organization_id) == [keys.get(kept.organization_id, kept.id)] == [kept]
    assert keys.get("other", kept.id) is None
    with pytest.raises(Conflict, match="exists already"):
        keys.add(key(metadata, clock, ids), "1" * 64, "3" * 64, SYSTEM, None)

    clock.advance(90)
    keys.note_used(kept.id)
    changed = keys.update(
        kept.organization_id,
        kept.id,
        lambda each: dataclasses.replace(each, services=None, state="disabled"),
        SYSTEM,
        None,
    )
    assert (changed.services, changed.state) == (None, "disabled")
    assert changed.last_used_at == utc_datetime(clock.now_ns())
    assert keys.get(kept.organization_id, kept.id) == changed
    with pytest.raises(NotFound):
        keys.delete("other", kept.id, SYSTEM, None)
    keys.delete(kept.organization_id, kept.id, SYSTEM, None)
    assert keys.list(kept.organization_id) == []


def test_every_service_it_opens_has_it_in_the_audit_log(
    metadata: Metadata, clock: FixedClock, ids: SequentialIds
) -> None:
    kept = key(metadata, clock, ids)
    metadata.api_keys.add(kept, "1" * 64, "2" * 64, SYSTEM, "request")
    team = metadata.installation.team()
    assert team is not None
    entry = metadata.audit_log.list(team.id, limit=1)[0]
    assert (entry.object_kind, entry.object_id, entry.request_id) == ("api_key", kept.id, "request")
    assert "1" * 64 not in str(entry)
    assert "2" * 64 not in str(entry)


def test_a_role_somebody_has_stays(metadata: Metadata, clock: FixedClock, ids: SequentialIds) -> None:
    holder = key(metadata, clock, ids)
    team = metadata.installation.team()
    assert team is not None
    user = metadata.users.list(team.id)[0][0]
    permissions = (Permission("update", "Alert", inverted=True, integration="x", conditions={"a": [1, None]}),)
    role = metadata.roles.insert(CustomRole(ids.object_id(), team.id, "R", None, permissions), SYSTEM, None)
    assert metadata.roles.get(team.id, role.id) == role
    with pytest.raises(Conflict, match="exists already"):
        metadata.roles.insert(dataclasses.replace(role, id=ids.object_id()), SYSTEM, None)

    metadata.roles.assign(team.id, user.id, role.id, SYSTEM, None)
    assert metadata.roles.of_user(user.id) == role
    with pytest.raises(Conflict, match="have it"):
        metadata.roles.delete(team.id, role.id, SYSTEM, None)
    metadata.users.change_role(team.id, user.id, "admin", SYSTEM, None)  # one of the three takes its place
    assert metadata.roles.of_user(user.id) is None
    changes = [each for each in metadata.audit_log.list(team.id, limit=9) if each.object_kind == "member_role"]
    assert [(each.object_id, each.before, each.after) for each in changes] == [
        (user.id, {"role": "R"}, None), (user.id, None, {"role": "R"}),
    ]  # fmt: skip

    metadata.api_keys.add(dataclasses.replace(holder, roles=(role.id,)), "1" * 64, "2" * 64, SYSTEM, None)
    with pytest.raises(Conflict, match="have it"):
        metadata.roles.delete(team.id, role.id, SYSTEM, None)
    metadata.api_keys.delete(holder.organization_id, holder.id, SYSTEM, None)
    assert metadata.roles.delete(team.id, role.id, SYSTEM, None)
    for missing in ((user.id, role.id), ("0" * 24, role.id)):
        with pytest.raises(NotFound):
            metadata.roles.assign(team.id, *missing, SYSTEM, None)
