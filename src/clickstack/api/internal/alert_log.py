"""What judging an alert found, what was sent about it, and what it would have found (internal-routes.md §3.7)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field

from clickstack.core.limits import ALERT_DELIVERIES_MAX, ALERT_EVALUATIONS_MAX

from ..context import SignedIn, services
from ..operations.alert_body import AlertBody, MailAddresses
from ..operations.alert_log import alert_deliveries, alert_evaluations, alert_history
from ..operations.alert_preview import preview_alert
from ..operations.trials import try_mail
from ..paging import QueryInt
from ..validation import ObjectIdPath
from ..wire import Json, WireModel

router = APIRouter(prefix="/alerts")

# Milliseconds since 1970 UTC, until the year 9999, where the calendar of replies ends.
_MOMENT_MS_MAX = 253_402_300_799_000
MomentQuery = Annotated[QueryInt, Query(ge=0, le=_MOMENT_MS_MAX)]
Milliseconds = Annotated[int, Field(ge=0, le=_MOMENT_MS_MAX)]


class PreviewBody(WireModel):
    alert: AlertBody
    start_time: Milliseconds
    end_time: Milliseconds


class MailTrialBody(WireModel):
    email_recipients: MailAddresses


@router.post("/preview")
def preview(request: Request, actor: SignedIn, body: PreviewBody) -> Json:
    """What the alert would have found in a past range, and the messages it would have sent. Nothing is stored."""
    found = preview_alert(services(request), actor, body.alert, body.start_time, body.end_time)
    return Json({"data": found})


@router.post("/test-email")
def test_email(request: Request, actor: SignedIn, body: MailTrialBody) -> Json:
    try_mail(services(request), actor, body.email_recipients)
    return Json({"message": "Test message sent successfully"})


@router.get("/{id}/evaluations")
def evaluations(
    request: Request,
    actor: SignedIn,
    id: ObjectIdPath,
    limit: Annotated[QueryInt, Query(ge=1, le=ALERT_EVALUATIONS_MAX)] = ALERT_EVALUATIONS_MAX,
    before: MomentQuery | None = None,
    start: Annotated[MomentQuery | None, Query(alias="startTime")] = None,
    end: Annotated[MomentQuery | None, Query(alias="endTime")] = None,
) -> Json:
    found: dict[str, Any] = alert_evaluations(
        services(request), actor, id, start_ms=start, end_ms=end, before=before, limit=limit
    )
    return Json(found)


@router.get("/{id}/history")
def history(
    request: Request,
    actor: SignedIn,
    id: ObjectIdPath,
    start: Annotated[MomentQuery, Query(alias="startTime")],
    end: Annotated[MomentQuery, Query(alias="endTime")],
) -> Json:
    return Json({"data": alert_history(services(request), actor, id, start_ms=start, end_ms=end)})


@router.get("/{id}/deliveries")
def deliveries(
    request: Request,
    actor: SignedIn,
    id: ObjectIdPath,
    limit: Annotated[QueryInt, Query(ge=1, le=ALERT_DELIVERIES_MAX)] = 100,
) -> Json:
    return Json({"data": alert_deliveries(services(request), actor, id, limit=limit)})
