"""The team's webhooks, as the UI keeps them: addresses and secrets are masked (reference/internal-routes.md §3.8).

A mask that comes back stands for what is stored. It cannot move to another address.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from clickstack.core.errors import BadRequest, NotFound
from clickstack.core.webhook import Webhook, WebhookService

from ..context import SignedIn, services
from ..operations.trials import TrialBody, try_body, try_webhook
from ..operations.webhooks import (
    MASK,
    WebhookBody,
    create_webhook,
    delete_webhook,
    list_webhooks,
    masked_url,
    update_webhook,
    webhook_wire,
)
from ..revisions import ExpectedRevision, request_id
from ..validation import ObjectIdPath
from ..wire import Json

router = APIRouter(prefix="/webhooks")
_TAKEN = {"message": "Test webhook sent successfully"}
Wanted = Annotated[list[WebhookService], Query(alias="service", min_length=1)]


@router.get("")
def list_all(request: Request, actor: SignedIn, wanted: Wanted) -> Json:
    found, _ = list_webhooks(services(request), actor)
    return Json({"data": [_shown(each) for each in found if each.service in wanted]})


@router.post("")
def create(request: Request, actor: SignedIn, body: WebhookBody) -> Json:
    if any(_is_mask(value) for value in _secrets(body)):
        raise BadRequest("A new webhook has no stored secrets that a mask could stand for")
    return Json({"data": _shown(create_webhook(services(request), actor, body, request_id=request_id(request)))})


@router.post("/test")
def test(request: Request, actor: SignedIn, body: TrialBody) -> Json:
    if body.webhook_id is None and any(_is_mask(value) for value in _secrets(body)):
        raise BadRequest("A masked secret can be tested only with the webhookId it belongs to")
    try_body(services(request), actor, body, _unmasked)
    return Json(_TAKEN)


@router.post("/{id}/test")
def test_stored(request: Request, actor: SignedIn, id: ObjectIdPath) -> Json:
    try_webhook(services(request), actor, id)
    return Json(_TAKEN)


@router.put("/{id}")
def update(request: Request, actor: SignedIn, id: ObjectIdPath, body: WebhookBody, expected: ExpectedRevision) -> Json:
    webhook = update_webhook(
        services(request),
        actor,
        id,
        body,
        request_id=request_id(request),
        expected_revision=expected,
        prepare=_unmasked,
    )
    return Json({"data": _shown(webhook)})


@router.delete("/{id}")
def delete(request: Request, actor: SignedIn, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    """Also done when there is none."""
    with suppress(NotFound):
        delete_webhook(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return Json({})


def _shown(webhook: Webhook) -> dict[str, Any]:
    shown = {**webhook_wire(webhook), "_id": webhook.id, "revision": webhook.revision}
    if webhook.url is not None:
        shown["url"] = masked_url(webhook.url)
    if webhook.body is not None:
        shown["body"] = webhook.body
    for key, secrets in (("headers", webhook.headers), ("queryParams", webhook.query_params)):
        if secrets is not None:
            shown[key] = dict.fromkeys(secrets, MASK)
    return shown


def _is_mask(text: str) -> bool:
    return text == MASK or text.endswith(f"/{MASK}")


def _secrets(body: WebhookBody) -> list[str]:
    return [body.url, *(body.given("headers") or {}).values(), *(body.given("query_params") or {}).values()]


def _unmasked(stored: Webhook, body: WebhookBody) -> WebhookBody:
    """The body with what its masks stand for. Raises BadRequest for a mask that stands for nothing."""
    values = body.model_dump(exclude_unset=True)
    if stored.url is not None and body.url == masked_url(stored.url):
        values["url"] = stored.url
    same = (values["url"], body.service) == (stored.url, stored.service)
    for field, kept in (("headers", stored.headers), ("query_params", stored.query_params)):
        if values.get(field):
            values[field] = _filled(values[field], kept if same else None)
    if _is_mask(values["url"]):
        raise BadRequest("The address is masked: enter it again")
    return WebhookBody.model_construct(_fields_set=body.model_fields_set, **{**dict(body), **values})


def _filled(given: Mapping[str, str], kept: Mapping[str, str] | None) -> dict[str, str]:
    filled = {}
    for name, value in given.items():
        if value == MASK:
            if kept is None or name not in kept:
                raise BadRequest(f"{name}: enter the value again; it belongs to another address or name")
            value = kept[name]
        filled[name] = value
    return filled
