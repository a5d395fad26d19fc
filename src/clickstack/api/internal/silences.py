"""When nobody is told: silences and maintenance windows of the team."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from ..context import SignedIn, services
from ..operations.silences import SilenceBody, create_silence, delete_silence, list_silences, update_silence
from ..revisions import ExpectedRevision, request_id, tagged
from ..validation import ObjectId, ObjectIdPath
from ..wire import Json

router = APIRouter(prefix="/silences")


@router.get("")
def list_all(
    request: Request, actor: SignedIn, alert_id: Annotated[ObjectId | None, Query(alias="alertId")] = None
) -> Json:
    return Json({"data": list_silences(services(request), actor, alert_id)})


@router.post("")
def create(request: Request, actor: SignedIn, body: SilenceBody) -> Json:
    silence = create_silence(services(request), actor, body, request_id=request_id(request))
    return tagged({"data": silence}, silence["revision"])


@router.put("/{id}")
def update(request: Request, actor: SignedIn, id: ObjectIdPath, body: SilenceBody, expected: ExpectedRevision) -> Json:
    silence = update_silence(
        services(request), actor, id, body, request_id=request_id(request), expected_revision=expected
    )
    return tagged({"data": silence}, silence["revision"])


@router.delete("/{id}")
def delete(request: Request, actor: SignedIn, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_silence(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return Json({})
