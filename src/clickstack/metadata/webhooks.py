"""Webhooks of a team: one name for each service; a webhook an alert notifies or mentions, in any place, stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock
from clickstack.core.errors import BadRequest, Conflict, Exposed
from clickstack.core.ids import IdSource
from clickstack.core.mention import fixed_mentions, mentioned
from clickstack.core.webhook import Webhook

from . import tables
from .audit import Change
from .db import Database
from .documents import Documents, Kind

TAKEN = "A webhook with this service and name already exists"


class Webhooks(Documents[Webhook]):
    """Oldest first."""

    def __init__(self, database: Database, clock: Clock, ids: IdSource) -> None:
        super().__init__(database, clock, ids, WEBHOOKS)


def _name_hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _row(webhook: Webhook) -> dict[str, Any]:
    return {
        "name": webhook.name,
        "name_hash": _name_hash(webhook.name),
        "service": webhook.service,
        "url": webhook.url,
        "headers": webhook.headers,
        "query_params": webhook.query_params,
        "spec": {"description": webhook.description, "body": webhook.body},
    }


def _record(row: sa.Row[Any]) -> Webhook:
    return Webhook(
        id=row.id,
        team_id=row.team_id,
        name=row.name,
        service=row.service,
        url=row.url,
        description=row.spec.get("description"),
        body=row.spec.get("body"),
        headers=row.headers,
        query_params=row.query_params,
        revision=row.revision,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
    )


def _refuse_taken(change: Change, before: Webhook | None, webhook: Webhook) -> None:
    """The unique constraint says the same, but only when two callers meet; a look says it in all words."""
    if before is not None and (before.service, before.name) == (webhook.service, webhook.name):
        return
    column = tables.webhooks.c
    query = sa.select(column.id).where(
        column.team_id == webhook.team_id,
        column.service == webhook.service,
        column.name_hash == _name_hash(webhook.name),
        column.id != webhook.id,
    )
    if change.transaction.execute(query).first() is not None:
        raise BadRequest(TAKEN)


def _refuse_in_use(change: Change, webhook: Webhook) -> None:
    link = tables.alert_webhooks.c
    query = sa.select(link.alert_id).where(link.webhook_id == webhook.id)
    alerts = {*change.transaction.scalars(query), *_mentioning(change, webhook)}
    if alerts:
        raise Conflict(_still_used(len(alerts)))


def _mentioning(change: Change, webhook: Webhook) -> Iterator[str]:
    """The alerts whose message names the webhook."""
    alert, named = tables.alerts.c, None
    query = sa.select(alert.id, alert.spec).where(alert.team_id == webhook.team_id)
    for row in change.transaction.execute(query):
        mentions = fixed_mentions(row.spec.get("message") or "")
        if mentions and named is None:
            named = WEBHOOKS.select_in(change, webhook.team_id)
        found = (mentioned(each, named or ()) for each in mentions)
        if any(each is not None and each.id == webhook.id for each in found):
            yield row.id


def _still_used(alerts: int) -> str:
    return f"Cannot delete webhook: {alerts} alert(s) still reference it. Reassign or remove those alerts first."


def _broken(error: IntegrityError) -> Exposed:
    return BadRequest(TAKEN) if "unique" in str(error.orig).lower() else Conflict(_still_used(1))


WEBHOOKS: Kind[Webhook] = Kind(
    name="webhook",
    title="Webhook",
    table=tables.webhooks,
    to_row=_row,
    from_row=_record,
    order=(tables.webhooks.c.created_ms, tables.webhooks.c.id),
    secrets=frozenset({"url", "headers", "query_params"}),
    before_write=_refuse_taken,
    before_delete=_refuse_in_use,
    broken=_broken,
)
