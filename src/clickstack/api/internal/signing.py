"""What the ways in share: bodies that may be forms, redirects to the UI, the cookie that a session begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from clickstack.core.errors import BadRequest

from ..app_port import THROUGH_APP_PORT
from ..context import SESSION_COOKIE, services
from ..cookies import clear_session_cookie, set_session_cookie
from ..failures import INVALID_JSON


@dataclass(frozen=True, slots=True)
class Fields:
    """A body sent as JSON or as a form. A form comes from a page that cannot read a JSON reply."""

    values: dict[str, Any]
    form: bool

    def text(self, name: str) -> str:
        value = self.values.get(name)
        return value if isinstance(value, str) else ""


async def read_fields(request: Request) -> Fields:
    """The fields of a JSON object or a form. Raises BadRequest for anything that is neither."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        async with request.form(max_files=0, max_fields=20) as form:
            return Fields(dict(form.items()), form=True)
    try:
        values = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError:
        raise BadRequest(INVALID_JSON) from None
    if not isinstance(values, dict):
        raise BadRequest(INVALID_JSON)
    return Fields(values, form=False)


FieldsBody = Annotated[Fields, Depends(read_fields)]


def signed_in(response: Response, request: Request, token: str) -> Response:
    """The reply that begins a session; the browser's former one has no holder now, and ends."""
    server = services(request)
    server.auth.logout(request.cookies.get(SESSION_COOKIE, ""))
    set_session_cookie(response, token, server.settings)
    return response


def signed_out(request: Request, *, status: int) -> Response:
    server = services(request)
    server.auth.logout(request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse(ui_address(request) + "/login", status_code=status)
    clear_session_cookie(response, server.settings)
    return response


def redirect_to_ui(request: Request, path: str, headers: dict[str, str] | None = None) -> Response:
    return RedirectResponse(ui_address(request) + path, status_code=303, headers=headers)


def ui_address(request: Request) -> str:
    """Where the UI is for this caller. Through the app port it is where they already are, whatever they call it."""
    settings = services(request).settings
    if request.scope.get(THROUGH_APP_PORT) and not settings.frontend_url:
        return ""
    return settings.public_url
