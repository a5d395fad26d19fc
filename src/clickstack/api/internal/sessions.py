"""One's own browser sessions: which there are, and ending them."""

from __future__ import annotations

from fastapi import APIRouter, Request

from clickstack.core.clock import iso_millis

from ..context import SignedIn, services
from ..cookies import clear_session_cookie
from ..validation import ObjectIdPath
from ..wire import Json

router = APIRouter(prefix="/me/sessions")


@router.get("")
def sessions(request: Request, actor: SignedIn) -> Json:
    """The live ones, the one seen last first."""
    shown = [
        {
            "id": each.id,
            "isCurrent": each.id == actor.credential,
            "createdAt": iso_millis(each.created_at),
            "lastSeenAt": iso_millis(each.last_seen_at),
            "expiresAt": iso_millis(each.expires_at),
            "userAgent": each.user_agent,
            "address": each.address,
        }
        for each in services(request).auth.sessions.list(actor)
    ]
    return Json({"data": shown})


@router.delete("")
def end_others(request: Request, actor: SignedIn) -> Json:
    """Log out everywhere else; `ended` is how many sessions that were."""
    return Json({"ended": services(request).auth.sessions.revoke_others(actor)})


@router.delete("/{id}")
def end(request: Request, actor: SignedIn, id: ObjectIdPath) -> Json:
    server = services(request)
    server.auth.sessions.revoke(actor, id)
    reply = Json({"id": id})
    if id == actor.credential:
        request.state.prolonged_session = None
        clear_session_cookie(reply, server.settings)
    return reply
