"""The team's connections, as the UI and its tools keep them (reference/internal-routes.md §3.3), and trying one."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from clickstack.core.errors import BadRequest, NotFound
from clickstack.core.source import Connection

from ..context import SignedIn, services
from ..operations.connection_check import Answer, try_connection
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
from ..revisions import ExpectedRevision, request_id
from ..validation import ObjectIdPath
from ..wire import Json, WireModel

router = APIRouter()


class TriedBody(WireModel):
    host: str
    username: str = ""
    password: str = ""


@router.get("/connections")
def list_all(request: Request, actor: SignedIn) -> Json:
    return Json([_shown(each) for each in list_connections(services(request), actor)])


@router.post("/connections")
def create(request: Request, actor: SignedIn, body: NewConnectionBody) -> Json:
    connection = create_connection(services(request), actor, body, request_id=request_id(request))
    return Json({"id": connection.id})


@router.put("/connections/{id}")
def update(
    request: Request, actor: SignedIn, id: ObjectIdPath, body: ConnectionBody, expected: ExpectedRevision
) -> Response:
    update_connection(services(request), actor, id, body, request_id=request_id(request), expected_revision=expected)
    return Response()


@router.delete("/connections/{id}")
def delete(request: Request, actor: SignedIn, id: ObjectIdPath, expected: ExpectedRevision) -> Response:
    """Also done when there is none."""
    with suppress(NotFound):
        delete_connection(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return Response()


@router.post("/connections/{id}/test")
def try_stored(request: Request, actor: SignedIn, id: ObjectIdPath) -> Json:
    """With the stored password, which nobody sees."""
    here = services(request)
    stored = get_connection(here, actor, id)
    answer = try_connection(
        here, stored.host, stored.username, stored.password, is_prometheus=bool(stored.is_prometheus)
    )
    return _answer(answer)


@router.post("/clickhouse-proxy/test")
def try_given(request: Request, _actor: SignedIn, body: TriedBody) -> Json:
    try:
        return _answer(try_connection(services(request), body.host, body.username, body.password))
    except BadRequest as error:
        return Json({"success": False, "error": error.message}, status_code=400)


def _answer(answer: Answer) -> Json:
    said = {} if answer.ok else {"error": answer.error}
    return Json({"success": answer.ok, "elapsedMs": answer.elapsed_ms, **said})


def _shown(connection: Connection) -> dict[str, Any]:
    return {"_id": connection.id, "team": connection.team_id, **connection_wire(connection)}
