"""Every way a request can fail, turned into one JSON reply. Whatever this table does not know is a masked 500."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from clickstack.core.errors import Exposed

from .body_forms import TEXT_BODY
from .validation import array_of, issues_of, message_of
from .wire import V2_PREFIX, Json, error_reply, is_v2

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TEAM_PATH = V2_PREFIX + "/team"
INVALID_JSON = "Invalid JSON payload"
_UNREADABLE = "There was an error parsing the body"  # FastAPI's word for bytes that are no JSON text at all


def handle_failures(app: FastAPI) -> None:
    """Teach the application its error replies."""
    app.add_exception_handler(Exposed, _exposed)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _exposed(request: Request, error: Exception) -> Response:
    assert isinstance(error, Exposed)
    return error_reply(error, request.scope)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    if not request.scope.get(TEXT_BODY) and any(_not_json(fault) for fault in faults):
        return _message(request, INVALID_JSON, 400)
    issues = issues_of(faults, error.body)
    if is_v2(request.scope) and not _in_arrays(request.scope["path"]):
        return Json({"message": message_of(issues)}, status_code=400)
    return Json(array_of(issues), status_code=400)


def _in_arrays(path: str) -> bool:
    """The team's routes list their issues, as the internal ones do (reference/api-v2.md §2.6)."""
    return path == TEAM_PATH or path.startswith(TEAM_PATH + "/")


def _not_json(fault: dict[str, Any]) -> bool:
    """Broken JSON, or a bare scalar: a body must be an object or an array (reference/api-v2.md §1.6)."""
    if tuple(fault["loc"]) != ("body",) or fault["type"] == "missing":
        return bool(fault["type"] == "json_invalid")
    return fault.get("input") is None or isinstance(fault["input"], (str, int, float))


async def _http(request: Request, error: Exception) -> Response:
    """What the framework refuses: unknown routes and methods, unreadable or oversized bodies."""
    assert isinstance(error, HTTPException)
    if error.status_code in (404, 405):  # no 405 anywhere, as the reference; Allow tells a slip from a wrong address
        return _message(request, f"Cannot {request.method} {request.url.path}", 404, _allowed(request))
    if error.status_code == 400 and error.detail == _UNREADABLE:
        return _message(request, INVALID_JSON, 400)
    return _message(request, str(error.detail), error.status_code)


def _allowed(request: Request) -> dict[str, str]:
    """The methods the address has, as a header; nothing when there is no such address."""
    routes = request.app.router.routes
    allowed = [
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    return {"Allow": ", ".join(allowed)} if allowed else {}


def _message(request: Request, text: str, status: int, headers: dict[str, str] | None = None) -> Json:
    body = {"message": text}
    if not is_v2(request.scope):
        body["code"] = _CODES.get(status, "error")
    return Json(body, status_code=status, headers=headers)


_CODES = {400: "bad_request", 404: "not_found", 413: "too_large"}
