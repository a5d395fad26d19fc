"""/v1 itself: what this API says about itself, for everybody."""

from __future__ import annotations

from fastapi import APIRouter, Request

from ..wire import Json

router = APIRouter(include_in_schema=False)


@router.get("")
def description(request: Request) -> Json:
    return Json(request.app.state.describe(), headers={"Cache-Control": "no-cache"})
