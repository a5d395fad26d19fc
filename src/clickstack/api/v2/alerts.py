"""/api/v2/alerts (reference/api-v2.md §4)."""

from __future__ import annotations

from fastapi import APIRouter, Request

from clickstack.core.alert import Alert
from clickstack.core.limits import LIST_PAGE_MAX

from ..context import KeyHolder, services
from ..operations.alert_body import AlertBody
from ..operations.alerts import alert_wire, create_alert, delete_alert, get_alert, list_alerts, update_alert
from ..paging import PageLimit, PageOffset, page_reply
from ..revisions import ExpectedRevision, request_id, tagged
from ..validation import ObjectIdPath
from ..wire import Json

router = APIRouter(prefix="/alerts")


@router.get("")
def list_all(request: Request, actor: KeyHolder, limit: PageLimit = LIST_PAGE_MAX, offset: PageOffset = 0) -> Json:
    found, total = list_alerts(services(request), actor, limit=limit, offset=offset)
    return page_reply([alert_wire(each) for each in found], total=total, limit=limit, offset=offset)


@router.post("")
def create(request: Request, actor: KeyHolder, body: AlertBody) -> Json:
    return _reply(create_alert(services(request), actor, body, request_id=request_id(request)))


@router.get("/{id}")
def get(request: Request, actor: KeyHolder, id: ObjectIdPath) -> Json:
    return _reply(get_alert(services(request), actor, id))


@router.put("/{id}")
def update(request: Request, actor: KeyHolder, id: ObjectIdPath, body: AlertBody, expected: ExpectedRevision) -> Json:
    alert = update_alert(services(request), actor, id, body, request_id=request_id(request), expected_revision=expected)
    return _reply(alert)


@router.delete("/{id}")
def delete(request: Request, actor: KeyHolder, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_alert(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return Json({})


def _reply(alert: Alert) -> Json:
    return tagged({"data": alert_wire(alert)}, alert.revision)
