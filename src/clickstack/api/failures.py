"""Every way a request can fail, turned into one JSON reply. Whatever this table does not know is a masked 500."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from clickstack.core.errors import Exposed

from .validation import array_of, issues_of, message_of
from .wire import Json, error_reply, is_v2

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
    if any(_not_json(fault) for fault in faults):
        return _message(request, INVALID_JSON, 400)
    issues = issues_of(faults, error.body)
    if is_v2(request.scope):
        return Json({"message": message_of(issues)}, status_code=400)
    return Json(array_of(issues), status_code=400)


def _not_json(fault: dict[str, Any]) -> bool:
    """Broken JSON, or a bare scalar: a body must be an object or an array (reference/api-v2.md §1.6)."""
    scalar_body = tuple(fault["loc"]) == ("body",) and isinstance(fault.get("input"), (str, int, float))
    return fault["type"] == "json_invalid" or scalar_body


async def _http(request: Request, error: Exception) -> Response:
    """What the framework refuses: unknown routes and methods, unreadable or oversized bodies."""
    assert isinstance(error, HTTPException)
    if error.status_code in (404, 405):  # no 405 anywhere, as the reference
        return _message(request, f"Cannot {request.method} {request.url.path}", 404)
    if error.status_code == 400 and error.detail == _UNREADABLE:
        return _message(request, INVALID_JSON, 400)
    return _message(request, str(error.detail), error.status_code)


def _message(request: Request, text: str, status: int) -> Json:
    body = {"message": text}
    if not is_v2(request.scope):
        body["code"] = _CODES.get(status, "error")
    return Json(body, status_code=status)


_CODES = {400: "bad_request", 404: "not_found", 413: "too_large"}
