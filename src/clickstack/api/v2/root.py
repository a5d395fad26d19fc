"""GET /api/v2: which version this is and whose key was used; not the key itself (reference/api-v2.md §3)."""

from __future__ import annotations

from fastapi import APIRouter

from clickstack.core.clock import iso_millis

from ..context import KeyHolder
from ..wire import Json

router = APIRouter()


@router.get("")
def root(actor: KeyHolder) -> Json:
    user = actor.user
    shown = {
        "_id": user.id,
        "email": user.email,
        "name": user.name,
        "team": user.team_id,
        "createdAt": iso_millis(user.created_at),
        "updatedAt": iso_millis(user.updated_at),
    }
    return Json({"version": "v2", "user": shown})
