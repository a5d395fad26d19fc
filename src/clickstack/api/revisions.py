"""One object on the wire: its reply carries a tag of its revision, and a write may say which revision it is meant for.

The tag is `"r<revision>-<digest of the body>"`: a GET with If-None-Match compares all of it, a write with If-Match only
the revision, so that a body that came from an older server, or from another route, can still be written back.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any, cast

from fastapi import Depends
from starlette.requests import Request

from clickstack.core.errors import PreconditionFailed

from .wire import Json

_REVISION = re.compile(r'(?:W/)?"r(\d{1,18})-[0-9a-f]+"')


def tagged(body: Any, revision: int) -> Json:
    """A reply that shows one object."""
    reply = Json(body)
    digest = hashlib.blake2b(bytes(reply.body), digest_size=8).hexdigest()
    reply.headers["ETag"] = f'"r{revision}-{digest}"'
    return reply


def _expected_revision(request: Request) -> int | None:
    header = request.headers.get("if-match", "").strip()
    if header in ("", "*"):
        return None
    revisions = [int(revision) for revision in _REVISION.findall(header)]
    if not revisions:
        raise PreconditionFailed("If-Match: send the ETag of the object as it was read, or leave the header out")
    return max(revisions)


ExpectedRevision = Annotated[int | None, Depends(_expected_revision)]
"""The parameter of a handler that writes: what If-Match asks for; None means the last write wins."""


def request_id(request: Request) -> str | None:
    """The id of this request, for the audit log."""
    return cast("str | None", request.scope.get("state", {}).get("request_id"))
