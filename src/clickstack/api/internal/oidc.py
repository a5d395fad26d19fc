"""Signing in through an OpenID provider: the way there and the way back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from clickstack.auth import Oidc, OidcRefused, Ticket
from clickstack.core.errors import NotFound
from clickstack.core.limits import OIDC_LOGIN_S
from clickstack.core.log import fields, get_logger

from ..context import services, visitor
from ..cookies import clear_cookie, set_cookie
from ..revisions import request_id
from .signing import redirect_to_ui, signed_in

router = APIRouter(prefix="/login/oidc")

TICKET_COOKIE = "clickstack.oidc"  # lasts until the person is back; only a browser that has it may come back

_log = get_logger("api")


@router.get("")
def leave(request: Request) -> Response:
    """303 to the provider."""
    try:
        url, ticket = _oidc(request).begin()
    except OidcRefused as refusal:
        return _refused(request, refusal)
    response = RedirectResponse(url, status_code=303)
    cookie = ".".join((ticket.state, ticket.nonce, ticket.verifier))
    set_cookie(response, TICKET_COOKIE, cookie, OIDC_LOGIN_S, services(request).settings)
    return response


@router.get("/callback")
def come_back(request: Request, code: str = "", state: str = "", error: str = "") -> Response:
    """303 to the UI with a session, or to its sign-in page with `err`."""
    server = services(request)
    try:
        if not code:
            raise OidcRefused("oidcFailed", f"the provider says {error[:200]!r}")
        user = _oidc(request).finish(code, state, _ticket(request), request_id(request))
    except OidcRefused as refusal:
        response = _refused(request, refusal)
    else:
        session = server.auth.sessions.begin(user.id, visitor(request))
        response = signed_in(redirect_to_ui(request, "/"), request, session)
    clear_cookie(response, TICKET_COOKIE, server.settings)
    return response


def _oidc(request: Request) -> Oidc:
    oidc = services(request).auth.oidc
    if oidc is None:
        raise NotFound("No OpenID provider is set up. The setting is CLICKSTACK_OIDC_ISSUER.")
    return oidc


def _ticket(request: Request) -> Ticket | None:
    parts = request.cookies.get(TICKET_COOKIE, "").split(".")
    return Ticket(*parts) if len(parts) == 3 and all(parts) else None


def _refused(request: Request, refusal: OidcRefused) -> Response:
    _log.warning("sign-in through the provider failed", extra=fields(reason=str(refusal)))
    return redirect_to_ui(request, f"/login?err={refusal.reason}")
