"""/api/v2/connections (reference/api-v2.md §6)."""

from __future__ import annotations

from fastapi import APIRouter, Request

from clickstack.core.source import Connection

from ..context import KeyHolder, services
from ..operations.connections import (
    ConnectionBody,
    NewConnectionBody,
    connection_wire,
    create_connection,
    delete_connection,
    get_connection,
    list_connections,
    update_connection,
)
from ..revisions import ExpectedRevision, request_id, tagged
from ..validation import ObjectIdPath
from ..wire import Json

router = APIRouter(prefix="/connections")


@router.get("")
def list_all(request: Request, actor: KeyHolder) -> Json:
    return Json({"data": [connection_wire(each) for each in list_connections(services(request), actor)]})


@router.post("")
def create(request: Request, actor: KeyHolder, body: NewConnectionBody) -> Json:
    return _reply(create_connection(services(request), actor, body, request_id=request_id(request)))


@router.get("/{id}")
def get(request: Request, actor: KeyHolder, id: ObjectIdPath) -> Json:
    return _reply(get_connection(services(request), actor, id))


@router.put("/{id}")
def update(
    request: Request, actor: KeyHolder, id: ObjectIdPath, body: ConnectionBody, expected: ExpectedRevision
) -> Json:
    connection = update_connection(
        services(request), actor, id, body, request_id=request_id(request), expected_revision=expected
    )
    return _reply(connection)


@router.delete("/{id}")
def delete(request: Request, actor: KeyHolder, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_connection(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return Json({})


def _reply(connection: Connection) -> Json:
    return tagged({"data": connection_wire(connection)}, connection.revision)
