"""…/clickstack/saved-searches."""

from __future__ import annotations

from fastapi import APIRouter, Request

from clickstack.core.limits import LIST_PAGE_MAX

from ..context import services
from ..operations.saved_searches import (
    SavedSearchBody,
    create_saved_search,
    delete_saved_search,
    get_saved_search,
    list_saved_searches,
    saved_search_wire,
    update_saved_search,
)
from ..paging import PageLimit, PageOffset
from ..revisions import ExpectedRevision, request_id
from ..validation import ObjectIdPath
from ..wire import Json
from .callers import ServiceActor
from .envelope import done, one, result

router = APIRouter(prefix="/saved-searches")


@router.get("")
def list_all(request: Request, actor: ServiceActor, limit: PageLimit = LIST_PAGE_MAX, offset: PageOffset = 0) -> Json:
    found, total = list_saved_searches(services(request), actor, limit=limit, offset=offset)
    return result(request, [saved_search_wire(each) for each in found], total=total)


@router.post("")
def create(request: Request, actor: ServiceActor, body: SavedSearchBody) -> Json:
    saved_search = create_saved_search(services(request), actor, body, request_id=request_id(request))
    return one(request, saved_search_wire(saved_search), saved_search.revision)


@router.get("/{id}")
def get(request: Request, actor: ServiceActor, id: ObjectIdPath) -> Json:
    saved_search = get_saved_search(services(request), actor, id)
    return one(request, saved_search_wire(saved_search), saved_search.revision)


@router.put("/{id}")
def update(
    request: Request, actor: ServiceActor, id: ObjectIdPath, body: SavedSearchBody, expected: ExpectedRevision
) -> Json:
    saved_search = update_saved_search(
        services(request), actor, id, body, request_id=request_id(request), expected_revision=expected
    )
    return one(request, saved_search_wire(saved_search), saved_search.revision)


@router.delete("/{id}")
def delete(request: Request, actor: ServiceActor, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_saved_search(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return done(request)
