"""Signing in through an OpenID provider: the way there and the way back."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from clickstack.auth import Oidc, OidcRefused
from clickstack.core.errors import Busy, NotFound
from clickstack.core.limits import OIDC_LOGIN_S
from clickstack.core.log import fields, get_logger

from ..context import services, visitor
from ..cookies import clear_cookie, set_cookie
from ..lanes import OIDC_SIGN_INS
from ..revisions import request_id
from ..wire import client_address
from .signing import redirect_to_ui, signed_in

router = APIRouter(prefix="/login/oidc")

TICKET_COOKIE = "clickstack.oidc"  # lasts until the person is back; only a browser that has it may come back

_log = get_logger("api")


@router.get("")
async def leave(request: Request) -> Response:
    """303 to the provider."""
    oidc = _oidc(request)
    try:
        url, cookie = await OIDC_SIGN_INS.run(lambda: oidc.begin(client_address(request)))
    except OidcRefused as refusal:
        return _refused(request, refusal)
    except Busy as busy:
        return _refused(request, OidcRefused("oidcFailed", busy.message))
    response = RedirectResponse(url, status_code=303)
    set_cookie(response, TICKET_COOKIE, cookie, OIDC_LOGIN_S, services(request).settings)
    return response


@router.get("/callback")
async def come_back(request: Request, code: str = "", state: str = "", error: str = "") -> Response:
    """303 to the UI with a session, or to its sign-in page with `err`."""
    oidc = _oidc(request)
    try:
        if not code:
            raise OidcRefused("oidcFailed", f"the provider says {error[:200]!r}")
        response = await OIDC_SIGN_INS.run(lambda: _come_in(request, oidc, code, state))
    except OidcRefused as refusal:
        response = _refused(request, refusal)
    except Busy as busy:
        response = _refused(request, OidcRefused("oidcFailed", busy.message))
    clear_cookie(response, TICKET_COOKIE, services(request).settings)
    return response


def _come_in(request: Request, oidc: Oidc, code: str, state: str) -> Response:
    cookie = request.cookies.get(TICKET_COOKIE, "")
    user = oidc.finish(code, state, cookie, client_address(request), request_id(request))
    session = services(request).auth.sessions.begin(user.id, visitor(request))
    return signed_in(redirect_to_ui(request, "/"), request, session)


def _oidc(request: Request) -> Oidc:
    oidc = services(request).auth.oidc
    if oidc is None:
        raise NotFound("No OpenID provider is set up. The setting is CLICKSTACK_OIDC_ISSUER.")
    return oidc


def _refused(request: Request, refusal: OidcRefused) -> Response:
    _log.warning("sign-in through the provider failed", extra=fields(reason=str(refusal)))
    return redirect_to_ui(request, f"/login?err={refusal.reason}")
