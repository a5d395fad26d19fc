"""The team's connections and sources, as the UI keeps them (reference/internal-routes.md §3.3, §3.4)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from clickstack.core.source import Connection, Source

from ..context import SignedIn, services
from ..wire import Json

router = APIRouter()


@router.get("/connections")
def connections(request: Request, actor: SignedIn) -> Json:
    return Json([_connection(each) for each in services(request).metadata.connections.list(actor.team.id)])


@router.get("/sources")
def sources(request: Request, actor: SignedIn) -> Json:
    """Every source with all its fields; granularities in words (`15 minute`), unlike v2."""
    return Json([_source(each) for each in services(request).metadata.sources.list(actor.team.id)])


def _connection(connection: Connection) -> dict[str, Any]:
    return {
        "_id": connection.id,
        "id": connection.id,
        "team": connection.team_id,
        "name": connection.name,
        "host": connection.host,
        "username": connection.username,
    }


def _source(source: Source) -> dict[str, Any]:
    return {"_id": source.id, "team": source.team_id, **source.to_wire()}
