"""Sources: list, read, create, replace, delete (reference/api-v2.md §10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clickstack.core.errors import BadRequest, NotFound
from clickstack.core.ids import OBJECT_ID
from clickstack.core.materialized_view import MaterializedView
from clickstack.core.records import Actor
from clickstack.core.source import Source, is_system_database

from ..context import Services
from .source_body import SourceBody, source_values


def list_sources(services: Services, actor: Actor) -> list[Source]:
    """Oldest first."""
    return services.metadata.sources.list(actor.team.id)


def get_source(services: Services, actor: Actor, id: str) -> Source:
    source = services.metadata.sources.get(actor.team.id, id)
    if source is None:
        raise NotFound("Source not found")
    return source


def create_source(services: Services, actor: Actor, body: SourceBody, *, request_id: str | None) -> Source:
    values = _checked(services, actor, body)
    source = Source.from_wire(values, id=services.ids.object_id(), team_id=actor.team.id)
    return services.metadata.sources.insert(source, actor.author, request_id)


def update_source(
    services: Services,
    actor: Actor,
    id: str,
    body: SourceBody,
    *,
    request_id: str | None,
    expected_revision: int | None = None,
) -> Source:
    """A full replacement: what the body leaves out is unset. The kind may change.

    What a body of this kind cannot say, such as the message column of a session source, stays.
    """
    values = _checked(services, actor, body)
    known = {field.alias for field in type(body).model_fields.values()}

    def edit(before: Source) -> Source:
        stored = before.to_wire() if before.kind == body.kind else {}
        unsaid = {key: value for key, value in stored.items() if key not in known}
        return Source.from_wire({**unsaid, **values}, id=id, team_id=actor.team.id)

    return services.metadata.sources.update(
        actor.team.id, id, edit, actor.author, request_id, expected_revision=expected_revision
    )


def delete_source(
    services: Services, actor: Actor, id: str, *, request_id: str | None, expected_revision: int | None = None
) -> None:
    """Raises Conflict while saved searches, dashboards or sessions use it; other sources forget it."""
    gone = services.metadata.sources.delete(
        actor.team.id, id, actor.author, request_id, expected_revision=expected_revision
    )
    if not gone:
        raise NotFound("Source not found")


def _checked(services: Services, actor: Actor, body: SourceBody) -> dict[str, Any]:
    connection = body.connection.lower()
    if not OBJECT_ID.fullmatch(connection):
        raise BadRequest("connection must be a valid connection id")
    if services.metadata.connections.get(actor.team.id, connection) is None:
        raise BadRequest("connection must be an existing connection id")
    values = {**source_values(body), "connection": connection}
    for at, view in enumerate(values.get("materializedViews") or []):
        MaterializedView.from_wire(view, f"materializedViews.{at}")
    for field, name in _named(values):
        database, dot, _ = name.partition(".")
        if (dot or field.endswith("databaseName")) and is_system_database(database.strip('`" ')):
            raise BadRequest(f"{field}: the database {database} is the engine's own; name a table of telemetry")
    return values


_NAMES = frozenset({"databaseName", "tableName", "keyRollupTable", "kvRollupTable"})


def _named(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each database and table that a source names, with its place in the body."""
    places: list[tuple[str, Mapping[str, Any]]] = [("from.", values["from"])]
    places += [(f"materializedViews.{at}.", view) for at, view in enumerate(values.get("materializedViews") or [])]
    places += [(f"{key}.", values.get(key) or {}) for key in ("metadataMaterializedViews", "filterSettings")]
    for before, place in places:
        yield from ((before + key, name) for key, name in place.items() if key in _NAMES and isinstance(name, str))
    yield from ((f"metricTables.{kind}", name) for kind, name in (values.get("metricTables") or {}).items())
    if values.get("seriesTable"):
        yield "seriesTable", values["seriesTable"]
