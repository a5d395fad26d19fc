"""A team's filters on the dashboards that come with the product (reference/internal-routes.md §3.6)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request

from clickstack.core.errors import BadRequest, NotFound
from clickstack.core.records import Actor
from clickstack.metadata.preset_filters import PresetFilter

from ..context import SignedIn, services
from ..operations.dashboard_filters import AnyFilterBody, broken_filters
from ..operations.dashboard_grammar import InvalidBody, read
from ..operations.saved_config import path_here, published_filter, saved_filter
from ..operations.sources import get_source
from ..revisions import request_id
from ..validation import Issue, ObjectId, ObjectIdPath, array_of
from ..wire import Json, WireModel

router = APIRouter(prefix="/dashboards/preset/{preset}")

Preset = Literal["services"]


class FilterEnvelope(WireModel):
    filter: dict[str, Any]


@router.get("/filters")
def list_all(
    request: Request, actor: SignedIn, preset: Preset, source: Annotated[ObjectId, Query(alias="sourceId")]
) -> Json:
    found = services(request).metadata.preset_filters.list(actor.team.id, preset, source)
    return Json([_shown(each) for each in found])


@router.post("/filter")
def create(request: Request, actor: SignedIn, preset: Preset, body: FilterEnvelope) -> Json:
    here = services(request)
    return _written(request, actor, preset, body, here.ids.object_id(), here.metadata.preset_filters.insert)


@router.put("/filter")
def replace(request: Request, actor: SignedIn, preset: Preset, body: FilterEnvelope) -> Json:
    kept = services(request).metadata.preset_filters
    return _written(request, actor, preset, body, str(body.filter.get("id", "")).lower(), kept.replace)


@router.delete("/filter/{id}")
def delete(request: Request, actor: SignedIn, preset: Preset, id: ObjectIdPath) -> Json:
    kept = services(request).metadata.preset_filters
    return Json(_shown(kept.delete(actor.team.id, preset, id, actor.author, request_id(request))))


def _written(request: Request, actor: Actor, preset: Preset, body: FilterEnvelope, id: str, write: Any) -> Json:
    if body.filter.get("presetDashboard") != preset:
        text = f"presetDashboard: must be {preset}, as in the path"
        return Json({"error": text, "message": text}, status_code=400)
    try:
        spec = _read(published_filter(body.filter))
    except InvalidBody as error:
        return Json(array_of(error.issues), status_code=400)
    try:
        get_source(services(request), actor, spec["sourceId"])
    except NotFound as error:
        raise BadRequest(error.message) from None
    new = PresetFilter(id, spec.pop("sourceId"), preset, spec)
    return Json(_shown(write(actor.team.id, new, actor.author, request_id(request))))


def _read(wire: Any) -> dict[str, Any]:
    """The filter without its id. Raises InvalidBody."""
    try:
        spec = read(AnyFilterBody, wire)
        faults = [Issue("Body", path[1:], "custom", text) for path, text in broken_filters([spec])]
        if faults:
            raise InvalidBody(faults)
    except InvalidBody as error:
        issues = [
            Issue(each.part, path_here(("filters", *each.path))[1:], each.code, each.text) for each in error.issues
        ]
        raise InvalidBody([Issue(each.part, ("filter", *each.path), each.code, each.text) for each in issues]) from None
    spec.pop("id", None)
    return spec


def _shown(each: PresetFilter) -> dict[str, Any]:
    wire = saved_filter({"sourceId": each.source_id, **each.spec})
    return {"id": each.id, "_id": each.id, **wire, "presetDashboard": each.preset}
