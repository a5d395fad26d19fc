"""The audit log, for admins: who changed what, when, from what to what."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from clickstack.core.clock import iso_millis
from clickstack.core.limits import AUDIT_ROWS_DEFAULT, AUDIT_ROWS_MAX
from clickstack.metadata import AuditEntry

from ..context import SignedIn, services
from ..paging import QueryInt
from ..validation import ObjectId
from ..wire import Json

router = APIRouter(prefix="/team/audit")


@router.get("")
def audit(
    request: Request,
    actor: SignedIn,
    limit: Annotated[QueryInt, Query(ge=1, le=AUDIT_ROWS_MAX)] = AUDIT_ROWS_DEFAULT,
    before: Annotated[ObjectId | None, Query()] = None,
    object_kind: Annotated[str | None, Query(alias="objectKind", max_length=32)] = None,
    object_id: Annotated[str | None, Query(alias="objectId", max_length=64)] = None,
    author: Annotated[str | None, Query(max_length=254)] = None,
) -> Json:
    """Newest first. `nextBefore` asks for the page that follows; it is null on the last one."""
    found = services(request).metadata.audit_log.list(
        actor.team.id, limit=limit + 1, before=before, object_kind=object_kind, object_id=object_id, author=author
    )
    page, more = found[:limit], len(found) > limit
    return Json({"data": [_entry(each) for each in page], "nextBefore": page[-1].id if more else None})


def _entry(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": iso_millis(entry.at),
        "author": {"kind": entry.author.kind, "id": entry.author.id, "name": entry.author.name},
        "action": entry.action,
        "objectKind": entry.object_kind,
        "objectId": entry.object_id,
        "objectName": entry.object_name,
        "before": entry.before,
        "after": entry.after,
        "requestId": entry.request_id,
    }
