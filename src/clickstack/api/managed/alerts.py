"""…/clickstack/alerts."""

from __future__ import annotations

from fastapi import APIRouter, Request

from clickstack.core.limits import LIST_PAGE_MAX

from ..context import services
from ..operations.alert_body import ManagedAlertBody
from ..operations.alerts import alert_wire, create_alert, delete_alert, get_alert, list_alerts, update_alert
from ..paging import PageLimit, PageOffset
from ..revisions import ExpectedRevision, request_id
from ..validation import ObjectIdPath
from ..wire import Json
from .callers import ServiceActor
from .envelope import done, one, result

router = APIRouter(prefix="/alerts")


@router.get("")
def list_all(request: Request, actor: ServiceActor, limit: PageLimit = LIST_PAGE_MAX, offset: PageOffset = 0) -> Json:
    found, total = list_alerts(services(request), actor, limit=limit, offset=offset)
    return result(request, [alert_wire(each) for each in found], total=total)


@router.post("")
def create(request: Request, actor: ServiceActor, body: ManagedAlertBody) -> Json:
    alert = create_alert(services(request), actor, body, request_id=request_id(request))
    return one(request, alert_wire(alert), alert.revision)


@router.get("/{id}")
def get(request: Request, actor: ServiceActor, id: ObjectIdPath) -> Json:
    alert = get_alert(services(request), actor, id)
    return one(request, alert_wire(alert), alert.revision)


@router.put("/{id}")
def update(
    request: Request, actor: ServiceActor, id: ObjectIdPath, body: ManagedAlertBody, expected: ExpectedRevision
) -> Json:
    alert = update_alert(services(request), actor, id, body, request_id=request_id(request), expected_revision=expected)
    return one(request, alert_wire(alert), alert.revision)


@router.delete("/{id}")
def delete(request: Request, actor: ServiceActor, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_alert(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return done(request)
