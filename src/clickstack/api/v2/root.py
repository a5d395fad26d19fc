"""GET /api/v2: which version this is and whose key was used; not the key itself (reference/api-v2.md §3)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from clickstack.core.clock import iso_millis
from clickstack.core.records import Actor

from ..context import bearer_actor
from ..wire import Json

router = APIRouter()


@router.get("")
def root(actor: Annotated[Actor, Depends(bearer_actor)]) -> Json:
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
