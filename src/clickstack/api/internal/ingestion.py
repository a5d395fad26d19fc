"""How telemetry gets in and how long it stays: named ingestion keys, counts since the start, retention."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints
from pydantic.alias_generators import to_camel

from clickstack.core.clock import iso_millis
from clickstack.core.errors import BadRequest
from clickstack.core.lifetime import Lifetime, parse_lifetime
from clickstack.core.limits import INGESTION_KEY_NAME_CHARS_MAX, RETENTION_S_MIN
from clickstack.core.records import Actor
from clickstack.ingest import DurationCounts, quantile_s
from clickstack.metadata import IngestionKey
from clickstack.store.index_profile import IndexedSignal, IndexProfile, IndexProfileName
from clickstack.store.retention import RETAINED_SIGNALS, RetainedSignal, SignalRetention

from ..context import SignedIn, services
from ..revisions import request_id
from ..wire import Json, WireModel, private

router = APIRouter(prefix="/team")

# Of SignalCounters.
_COUNTS = ("accepted", "bytes", "rejected", "rejected_records", "queued", "loaded", "dead", "failed_loads")


class KeyName(WireModel):
    name: Annotated[
        str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=INGESTION_KEY_NAME_CHARS_MAX)
    ]


class RetentionChanges(WireModel):
    """A lifetime such as `30d` for each signal that changes."""

    logs: str | None = None
    traces: str | None = None
    metrics: str | None = None
    sessions: str | None = None

    def lifetimes(self) -> dict[RetainedSignal, Lifetime]:
        """Raises BadRequest that names the signal."""
        texts = {signal: getattr(self, signal) for signal in RETAINED_SIGNALS}
        return {signal: _lifetime(signal, text) for signal, text in texts.items() if text is not None}


class IndexProfileChange(WireModel):
    """Of one table, or of all tables of a signal."""

    signal: IndexedSignal | None = None
    table: str | None = None
    profile: IndexProfileName

    @property
    def name(self) -> str:
        """Raises BadRequest."""
        names = [name for name in (self.signal, self.table) if name is not None]
        if len(names) != 1:
            raise BadRequest("Name either a signal or a table.")
        return names[0]


@router.get("/ingestion")
def ingestion(request: Request, _: SignedIn) -> Json:
    """What happened to telemetry since the start: by signal and by key, and the disk in use."""
    server = services(request)
    return Json(
        {
            "signals": [
                {
                    "signal": name,
                    **{to_camel(count): getattr(counts, count) for count in _COUNTS},
                    "ackMs": _quantiles_ms(counts.acks),
                    "loadMs": _quantiles_ms(counts.loads),
                }
                for name, counts in server.ingest.counters().items()
            ],
            "keys": [_camel(asdict(counts)) for counts in server.ingest.key_counters()],
            "strayRequests": server.ingest.stray_requests(),
            "spoolBytes": server.ingest.spool_bytes(),
            "spoolBytesMax": server.settings.spool_mb * 1024 * 1024,
        }
    )


@router.get("/retention")
def retention(request: Request, _: SignedIn) -> Json:
    return Json({"data": [_retention(each) for each in services(request).retention.read()]})


@router.patch("/retention")
def change_retention(request: Request, actor: SignedIn, body: RetentionChanges) -> Json:
    """All the signals that are named, or none: what is wrong is found before anything changes."""
    kept = services(request).retention
    lifetimes = body.lifetimes()
    kept.require_free(lifetimes)
    before = {each.signal: str(each.lifetime) if each.lifetime else None for each in kept.read()}
    for signal, lifetime in lifetimes.items():
        kept.change(signal, lifetime)
        _note(request, actor, "retention", signal, {"lifetime": before[signal]}, {"lifetime": str(lifetime)})
    return Json({"data": [_retention(each) for each in kept.read()]})


@router.get("/index-profile")
def index_profile(request: Request, _: SignedIn) -> Json:
    return Json({"data": [_profile(each) for each in services(request).index_profiles.read()]})


@router.patch("/index-profile")
def change_index_profile(request: Request, actor: SignedIn, body: IndexProfileChange) -> Json:
    """Answers at once; `partsToDo` of the GET says how much of the old rows is left."""
    profiles = services(request).index_profiles
    profiles.change(body.name, body.profile)
    _note(request, actor, "index_profile", body.name, None, {"profile": body.profile})
    return Json({"data": [_profile(each) for each in profiles.read()]})


@router.get("/ingestion-keys")
def ingestion_keys(request: Request, actor: SignedIn) -> Json:
    return Json({"data": [_key(each) for each in services(request).auth.ingestion_keys(actor)]})


@router.post("/ingestion-keys")
def create_ingestion_key(request: Request, actor: SignedIn, body: KeyName) -> Json:
    """The only reply that ever holds the key itself."""
    new = services(request).auth.create_ingestion_key(actor, body.name, request_id(request))
    return private(Json({**_key(new.key), "key": new.secret}))


@router.delete("/ingestion-keys/{key_id}")
def revoke_ingestion_key(request: Request, actor: SignedIn, key_id: str) -> Json:
    services(request).auth.revoke_ingestion_key(actor, key_id, request_id(request))
    return Json({"id": key_id})


def _quantiles_ms(counted: DurationCounts) -> dict[str, float] | None:
    median_s, slow_s = quantile_s(counted, 0.5), quantile_s(counted, 0.99)
    if median_s is None or slow_s is None:
        return None
    return {"p50": round(median_s * 1000, 1), "p99": round(slow_s * 1000, 1)}


def _note(
    request: Request, actor: Actor, kind: str, name: str, before: dict[str, Any] | None, after: dict[str, Any]
) -> None:
    log = services(request).metadata.audit_log
    log.note(actor.team.id, actor.author, request_id(request), kind, name, before, after)


def _lifetime(signal: str, text: str) -> Lifetime:
    try:
        lifetime = parse_lifetime(text)
    except BadRequest as error:
        raise BadRequest(f"{signal}: {error.message}") from None
    if lifetime.seconds < RETENTION_S_MIN:
        raise BadRequest(f"{signal}: {text!r} is too short; an hour is the least.")
    return lifetime


def _retention(each: SignalRetention) -> dict[str, Any]:
    return {
        "signal": each.signal,
        "lifetime": str(each.lifetime) if each.lifetime else None,
        "seconds": each.lifetime.seconds if each.lifetime else None,
        "fixedBy": each.setting or None,
        "tables": each.tables,
    }


def _profile(each: IndexProfile) -> dict[str, Any]:
    return {**_camel(asdict(each)), "setting": each.setting or None}


def _camel(values: dict[str, Any]) -> dict[str, Any]:
    return {to_camel(name): value for name, value in values.items()}


def _key(key: IngestionKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "createdAt": iso_millis(key.created_at),
        "lastUsedAt": iso_millis(key.last_used_at) if key.last_used_at else None,
        "revokedAt": iso_millis(key.revoked_at) if key.revoked_at else None,
    }
