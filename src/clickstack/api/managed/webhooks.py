"""…/clickstack/webhooks."""

from __future__ import annotations

from fastapi import APIRouter, Request

from clickstack.core.limits import LIST_PAGE_MAX

from ..context import services
from ..operations.webhooks import (
    WebhookBody,
    create_webhook,
    delete_webhook,
    list_webhooks,
    update_webhook,
    webhook_wire,
    webhook_wires,
)
from ..paging import PageLimit, PageOffset
from ..revisions import ExpectedRevision, request_id
from ..validation import ObjectIdPath
from ..wire import Json
from .callers import ServiceActor
from .envelope import done, one, result

router = APIRouter(prefix="/webhooks")


@router.get("")
def list_all(request: Request, actor: ServiceActor, limit: PageLimit = LIST_PAGE_MAX, offset: PageOffset = 0) -> Json:
    found, total = list_webhooks(services(request), actor, limit=limit, offset=offset)
    return result(request, webhook_wires(services(request), actor, found), total=total)


@router.post("")
def create(request: Request, actor: ServiceActor, body: WebhookBody) -> Json:
    webhook = create_webhook(services(request), actor, body, request_id=request_id(request))
    return one(request, webhook_wire(webhook), webhook.revision)


@router.put("/{id}")
def update(
    request: Request, actor: ServiceActor, id: ObjectIdPath, body: WebhookBody, expected: ExpectedRevision
) -> Json:
    webhook = update_webhook(
        services(request), actor, id, body, request_id=request_id(request), expected_revision=expected
    )
    return one(request, webhook_wire(webhook), webhook.revision)


@router.delete("/{id}")
def delete(request: Request, actor: ServiceActor, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_webhook(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return done(request)
