"""/api/v2/webhooks (reference/api-v2.md §12)."""

from __future__ import annotations

from fastapi import APIRouter, Request

from clickstack.core.limits import LIST_PAGE_MAX
from clickstack.core.webhook import Webhook

from ..context import KeyHolder, services
from ..operations.webhooks import (
    WebhookBody,
    create_webhook,
    delete_webhook,
    get_webhook,
    list_webhooks,
    update_webhook,
    webhook_wire,
    webhook_wires,
)
from ..paging import PageLimit, PageOffset, page_reply
from ..revisions import ExpectedRevision, request_id, tagged
from ..validation import ObjectIdPath
from ..wire import Json

router = APIRouter(prefix="/webhooks")


@router.get("")
def list_all(request: Request, actor: KeyHolder, limit: PageLimit = LIST_PAGE_MAX, offset: PageOffset = 0) -> Json:
    found, total = list_webhooks(services(request), actor, limit=limit, offset=offset)
    return page_reply(webhook_wires(services(request), actor, found), total=total, limit=limit, offset=offset)


@router.post("")
def create(request: Request, actor: KeyHolder, body: WebhookBody) -> Json:
    return _reply(create_webhook(services(request), actor, body, request_id=request_id(request)))


@router.get("/{id}")
def get(request: Request, actor: KeyHolder, id: ObjectIdPath) -> Json:
    webhook = get_webhook(services(request), actor, id)
    (wire,) = webhook_wires(services(request), actor, [webhook])
    return tagged({"data": wire}, webhook.revision)


@router.put("/{id}")
def update(request: Request, actor: KeyHolder, id: ObjectIdPath, body: WebhookBody, expected: ExpectedRevision) -> Json:
    webhook = update_webhook(
        services(request), actor, id, body, request_id=request_id(request), expected_revision=expected
    )
    return _reply(webhook)


@router.delete("/{id}")
def delete(request: Request, actor: KeyHolder, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_webhook(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return Json({})


def _reply(webhook: Webhook) -> Json:
    return tagged({"data": webhook_wire(webhook)}, webhook.revision)
