"""Silences and maintenance windows: of an alert, of one of its groups, or of everything the team has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from clickstack.alerts import covers
from clickstack.core.errors import BadRequest
from clickstack.core.limits import (
    ALERT_GROUP_CHARS_MAX,
    ALERT_NAME_CHARS_MAX,
    SILENCE_MINUTES_MAX,
)
from clickstack.core.records import Actor, User
from clickstack.core.timerange import checked_zone
from clickstack.metadata import SilenceRecord

from ..context import Services
from ..validation import ObjectId
from .alert_body import MomentMs
from .alerts import get_alert
from .dashboard_grammar import Broken, Items, RuledModel, Wire, wrong
from .moments import iso, now_ms
from .tile_fields import STORABLE, WHOLE

_GROUP_CHARS_MAX = ALERT_GROUP_CHARS_MAX + 20  # the names of long groups are cut and end with a digest
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _clock_time(value: Any) -> Any:
    if isinstance(value, str) and not _CLOCK.fullmatch(value):
        raise wrong("Say the time as HH:MM, such as 22:00")
    return value


def _zone(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return checked_zone(value)
    except BadRequest:
        raise wrong("Not a time zone such as UTC or Europe/Berlin") from None


def _day_rules(days: Any) -> Iterable[Broken]:
    if len(set(days)) < len(days):
        yield (), "Each day once"


class RepeatsBody(RuledModel):
    """From `start` by the clock of the zone, for so many minutes, on these days; 0 is Monday."""

    days: Annotated[list[Annotated[int, Field(ge=0, le=6), WHOLE]], Items(least=1, most=7, rules=_day_rules)]
    start: Annotated[str, BeforeValidator(_clock_time)]
    minutes: Annotated[int, Field(ge=1, le=SILENCE_MINUTES_MAX), WHOLE]
    timezone: Annotated[str, BeforeValidator(_zone)] = "UTC"


class SilenceBody(RuledModel):
    reason: Annotated[str, Field(min_length=1, max_length=ALERT_NAME_CHARS_MAX), STORABLE]
    alert_id: ObjectId | None = None
    group: Annotated[str, Field(max_length=_GROUP_CHARS_MAX), STORABLE] | None = None
    starts_at: MomentMs = None
    ends_at: MomentMs = None
    repeats: RepeatsBody | None = None

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:
        if wire.get("group") is not None and wire.get("alertId") is None:
            yield ("group",), "A group belongs to an alert: send alertId with it"
        if wire.get("endsAt") is None and wire.get("repeats") is None:
            yield ("endsAt",), "Required, unless the silence repeats"


def list_silences(services: Services, actor: Actor, alert_id: str | None = None) -> list[dict[str, Any]]:
    """Oldest first; those that are over are kept for a while."""
    people = {user.id: user for user, _ in services.metadata.users.list(actor.team.id)}
    found = services.metadata.silences.list(actor.team.id, alert_id)
    return [_wire(each, now_ms(services.clock), people) for each in found]


def create_silence(services: Services, actor: Actor, body: SilenceBody, *, request_id: str | None) -> dict[str, Any]:
    """Raises BadRequest, NotFound for an alert that is not there, Conflict for too many."""
    _check_alert(services, actor, body)
    silence = _record(services, actor, body, services.ids.object_id())
    return _own(services, actor, services.metadata.silences.add(silence, actor.author, request_id))


def update_silence(
    services: Services,
    actor: Actor,
    id: str,
    body: SilenceBody,
    *,
    request_id: str | None,
    expected_revision: int | None = None,
) -> dict[str, Any]:
    """A replacement; when it began stays when it is left out. Raises BadRequest, NotFound, PreconditionFailed."""
    _check_alert(services, actor, body)

    def edit(before: SilenceRecord) -> SilenceRecord:
        return _record(services, actor, body, id, before)

    silence = services.metadata.silences.update(
        actor.team.id, id, edit, actor.author, request_id, expected_revision=expected_revision
    )
    return _own(services, actor, silence)


def delete_silence(
    services: Services, actor: Actor, id: str, *, request_id: str | None, expected_revision: int | None = None
) -> None:
    """Raises NotFound, PreconditionFailed."""
    services.metadata.silences.remove(actor.team.id, id, actor.author, request_id, expected_revision=expected_revision)


def _check_alert(services: Services, actor: Actor, body: SilenceBody) -> None:
    if body.alert_id is not None:
        get_alert(services, actor, body.alert_id)


def _record(
    services: Services, actor: Actor, body: SilenceBody, id: str, before: SilenceRecord | None = None
) -> SilenceRecord:
    now = now_ms(services.clock)
    starts_ms = body.starts_at
    if starts_ms is None:
        starts_ms = before.starts_ms if before else now
    if body.ends_at is not None and body.ends_at <= max(starts_ms, now):
        raise BadRequest("endsAt must be in the future, and after startsAt")
    return SilenceRecord(
        id=id,
        team_id=actor.team.id,
        reason=body.reason,
        starts_ms=starts_ms,
        ends_ms=body.ends_at,
        alert_id=body.alert_id,
        group=body.group,
        repeats=body.repeats.model_dump() if body.repeats else None,
        created_by=before.created_by if before else actor.user.id,
        created_ms=before.created_ms if before else now,
    )


def _own(services: Services, actor: Actor, silence: SilenceRecord) -> dict[str, Any]:
    people = {user.id: user for user, _ in services.metadata.users.list(actor.team.id)}
    return _wire(silence, now_ms(services.clock), people)


def _wire(silence: SilenceRecord, now: int, people: dict[str, User]) -> dict[str, Any]:
    author = people.get(silence.created_by or "")
    return {
        "id": silence.id,
        "reason": silence.reason,
        "alertId": silence.alert_id,
        "group": silence.group,
        "startsAt": iso(silence.starts_ms),
        "endsAt": None if silence.ends_ms is None else iso(silence.ends_ms),
        "repeats": silence.repeats,
        "inForce": covers(silence, now),
        "over": silence.ends_ms is not None and silence.ends_ms <= now,
        "createdBy": {"email": author.email, "name": author.name} if author else None,
        "createdAt": iso(silence.created_ms),
        "revision": silence.revision,
    }
