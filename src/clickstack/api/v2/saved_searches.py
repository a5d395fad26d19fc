"""/api/v2/saved-searches (reference/api-v2.md §8)."""

from __future__ import annotations

from fastapi import APIRouter, Request

from clickstack.core.limits import LIST_PAGE_MAX
from clickstack.core.saved_search import SavedSearch

from ..context import KeyHolder, services
from ..operations.saved_searches import (
    SavedSearchBody,
    create_saved_search,
    delete_saved_search,
    get_saved_search,
    list_saved_searches,
    saved_search_wire,
    update_saved_search,
)
from ..paging import PageLimit, PageOffset, page_reply
from ..revisions import ExpectedRevision, request_id, tagged
from ..validation import ObjectIdPath
from ..wire import Json

router = APIRouter(prefix="/saved-searches")


@router.get("")
def list_all(request: Request, actor: KeyHolder, limit: PageLimit = LIST_PAGE_MAX, offset: PageOffset = 0) -> Json:
    found, total = list_saved_searches(services(request), actor, limit=limit, offset=offset)
    return page_reply([saved_search_wire(each) for each in found], total=total, limit=limit, offset=offset)


@router.post("")
def create(request: Request, actor: KeyHolder, body: SavedSearchBody) -> Json:
    return _reply(create_saved_search(services(request), actor, body, request_id=request_id(request)))


@router.get("/{id}")
def get(request: Request, actor: KeyHolder, id: ObjectIdPath) -> Json:
    return _reply(get_saved_search(services(request), actor, id))


@router.put("/{id}")
def update(
    request: Request, actor: KeyHolder, id: ObjectIdPath, body: SavedSearchBody, expected: ExpectedRevision
) -> Json:
    search = update_saved_search(
        services(request), actor, id, body, request_id=request_id(request), expected_revision=expected
    )
    return _reply(search)


@router.delete("/{id}")
def delete(request: Request, actor: KeyHolder, id: ObjectIdPath, expected: ExpectedRevision) -> Json:
    delete_saved_search(services(request), actor, id, request_id=request_id(request), expected_revision=expected)
    return Json({})


def _reply(search: SavedSearch) -> Json:
    return tagged({"data": saved_search_wire(search)}, search.revision)
