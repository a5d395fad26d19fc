"""What every reply is wrapped in (reference/managed-api.md §2), and every way to fail, as one reply.

An object that is not there is a 404 of JSON; an address that is not served is a 404 of plain text, as clients expect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope

from clickstack.core.errors import Busy, Exposed, NotFound

from ..operations.dashboard_grammar import InvalidBody
from ..revisions import request_id, tagged
from ..validation import Issue, issues_of
from ..wire import MASKED, Json

NOT_JSON = "The body must be a JSON object, sent with Content-Type: application/json"
_UNREADABLE = "There was an error parsing the body"  # FastAPI's word for bytes that are no JSON text at all
CHALLENGE = 'Basic realm="ClickStack"'


def result(request: Request, value: Any, *, total: int | None = None) -> Json:
    """`total`: how many there are beside this page."""
    headers = {} if total is None else {"X-Total-Count": str(total)}
    return Json({**_head(request), "result": value}, headers=headers)


def one(request: Request, value: Any, revision: int) -> Json:
    """One object, with the tag a later write may name in If-Match."""
    return tagged({**_head(request), "result": value}, revision)


def done(request: Request) -> Json:
    """What a delete answers: no result."""
    return Json(_head(request))


def array_ends(request: Request) -> tuple[bytes, bytes]:
    """The envelope around a list that is text already."""
    return orjson.dumps(_head(request))[:-1] + b',"result":[', b"]}"


def repeated(body: bytes, scope: Scope) -> bytes:
    """A reply given once more, under the id of the request that asks for it now."""
    return orjson.dumps({**orjson.loads(body), "requestId": scope["state"]["request_id"]})


def _head(request: Request) -> dict[str, Any]:
    return {"status": 200, "requestId": request_id(request)}


# --- failures ---------------------------------------------------------------------------------------------------


def error_reply(error: Exposed, scope: Scope) -> Json:
    """The reply to an error the caller may read."""
    headers: dict[str, str] = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    if isinstance(error, Busy):
        headers["Retry-After"] = str(error.retry_after_s)
    return _error(scope, error.status, _text(error), headers)


def masked(request_id: str) -> dict[str, Any]:
    return {"status": 500, "error": MASKED, "requestId": request_id}


def handle_failures(app: FastAPI) -> None:
    """Teach the application its error replies."""
    app.add_exception_handler(Exposed, _exposed)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _text(error: Exposed) -> str:
    if isinstance(error, InvalidBody):
        return _issues_text(error.issues)
    return f"NOT_FOUND: {error.message}" if isinstance(error, NotFound) else error.message


def _issues_text(issues: Sequence[Issue]) -> str:
    """`filters.0.id: Required; name: Required`"""
    return "; ".join(f"{'.'.join(map(str, issue.path)) or issue.part.lower()}: {issue.text}" for issue in issues)


async def _exposed(request: Request, error: Exception) -> Response:
    assert isinstance(error, Exposed)
    return error_reply(error, request.scope)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = cast("list[dict[str, Any]]", error.errors())
    if any(_is_no_object(fault) for fault in faults):
        return _error(request.scope, 400, NOT_JSON)
    return _error(request.scope, 400, _issues_text(issues_of(faults, error.body)))


def _is_no_object(fault: dict[str, Any]) -> bool:
    whole = tuple(fault["loc"]) == ("body",) and not isinstance(fault.get("input"), dict)
    return bool(whole or fault["type"] == "json_invalid")


async def _http(request: Request, error: Exception) -> Response:
    """What the framework refuses: unknown routes and methods, unreadable or oversized bodies."""
    assert isinstance(error, HTTPException)
    if error.status_code in (404, 405):
        return PlainTextResponse(f"Cannot {request.method} {request.url.path}", status_code=404)
    text = NOT_JSON if error.detail == _UNREADABLE else str(error.detail)
    return _error(request.scope, error.status_code, text)


def _error(scope: Scope, status: int, text: str, headers: dict[str, str] | None = None) -> Json:
    body = {"status": status, "error": text, "requestId": scope["state"]["request_id"]}
    return Json(body, status_code=status, headers=headers)
