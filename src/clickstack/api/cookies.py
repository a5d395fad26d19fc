"""The session cookie, and the guard against pages of other origins that would use it."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clickstack.core.errors import Forbidden
from clickstack.core.limits import SESSION_LIFE_S
from clickstack.core.settings import Settings

from .context import SESSION_COOKIE
from .wire import error_reply, is_v2

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FOREIGN = (
    "This request came from a page of another origin. If that page is this server's UI, "
    "set CLICKSTACK_FRONTEND_URL to the address people open."
)


def set_session_cookie(response: Response, token: str, settings: Settings) -> None:
    """Give the browser its session."""
    set_cookie(response, SESSION_COOKIE, token, SESSION_LIFE_S, settings)


def clear_session_cookie(response: Response, settings: Settings) -> None:
    clear_cookie(response, SESSION_COOKIE, settings)


def set_cookie(response: Response, name: str, value: str, life_s: int, settings: Settings) -> None:
    """A cookie for this host only, out of reach of scripts and of other sites' requests."""
    secure = _over_https(settings)
    response.set_cookie(name, value, max_age=life_s, path="/", httponly=True, samesite="lax", secure=secure)


def clear_cookie(response: Response, name: str, settings: Settings) -> None:
    response.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=_over_https(settings))


class SessionCookies:
    """Refuses foreign origins where the cookie counts, and renews the cookie of a prolonged session."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_v2(scope):  # v2 knows no cookie
            await self._app(scope, receive, send)
            return
        if is_foreign(scope, self._settings):
            await error_reply(Forbidden(FOREIGN), scope)(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            token = scope["state"].get("prolonged_session")
            if token and message["type"] == "http.response.start":
                carrier = Response()
                set_session_cookie(carrier, token, self._settings)
                MutableHeaders(scope=message).append("set-cookie", carrier.headers["set-cookie"])
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def is_foreign(scope: Scope, settings: Settings) -> bool:
    """Whether a request that changes something comes, says a browser, from a page of neither this host nor the UI.

    Where we are known to be served with TLS a page without it is foreign too; a proxy in front may hide that we are.
    """
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    if scope["method"] in _SAFE_METHODS or origin is None:
        return False
    try:
        page = urlsplit(origin.lower())
    except ValueError:  # "http://["
        return True
    public = urlsplit(settings.public_url.lower())
    tls_of = {headers.get("host", "").lower(): scope.get("scheme") == "https", public.netloc: public.scheme == "https"}
    if page.scheme not in ("http", "https") or not page.netloc or page.netloc not in tls_of:
        return True
    return tls_of[page.netloc] and page.scheme != "https"


def _over_https(settings: Settings) -> bool:
    return settings.public_url.lower().startswith("https://")
