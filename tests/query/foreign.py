"""Another team, with sources over the very same tables."""

from __future__ import annotations

from clickstack.core.clock import FixedClock, utc_datetime
from clickstack.core.ids import RandomIds
from clickstack.core.records import Team
from clickstack.metadata import Metadata
from clickstack.metadata.connections import insert_connection
from clickstack.metadata.defaults import default_connection, default_sources
from clickstack.metadata.sources import insert_source
from clickstack.metadata.teams import insert_team


def foreign_source(metadata: Metadata) -> str:
    """The id of the log source of a team founded beside the first."""
    clock = FixedClock()
    ids, now = RandomIds(clock), utc_datetime(clock.now_ns())
    team = Team(
        id=ids.object_id(),
        organization_id=ids.uuid(),
        service_id=ids.uuid(),
        name="Other",
        api_key=ids.uuid(),
        hook_id=ids.uuid(),
        created_at=now,
        updated_at=now,
    )
    connection = default_connection(team.id, ids)
    sources = default_sources(team.id, connection.id, ids)
    with metadata._database.write() as transaction:
        insert_team(transaction, team)
        insert_connection(transaction, connection, 0)
        for source in sources:
            insert_source(transaction, source, 0)
    return sources[0].id
