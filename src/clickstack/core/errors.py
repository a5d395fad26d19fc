"""Every failure the program knows, as one tree.

ClickstackError
├── Exposed                    the caller may read the message; `code` is stable, `status` is HTTP
│   ├── BadRequest             400 bad_request      the request cannot be understood
│   ├── BadQuery               400 bad_query        a query text is wrong; `position` points into it
│   ├── Unauthorized           401 unauthorized     no credential, or a wrong one
│   ├── Forbidden              403 forbidden        a good credential without the right
│   ├── NotFound               404 not_found        also: it belongs to another team
│   ├── Conflict               409 conflict         the state of things forbids it
│   ├── PreconditionFailed     412 precondition_failed  If-Match: somebody else has written since
│   ├── TooLarge               413 too_large        over a limit of core.limits
│   ├── UnsupportedMedia       415 unsupported_media
│   ├── Cancelled              499 cancelled        the caller went away or asked to stop
│   ├── Busy                   503 busy             full for now; `retry_after_s` says when to come back
│   └── QueryTimeout           504 query_timeout    longer than the limit of its query class
├── Internal                   500, always shown masked, logged with a request id
│   ├── StoreFailed            the engine failed in a way no user caused
│   └── MetadataFailed         the metadata database failed
│       └── MetadataAway       … and will be back: it is also Busy, so the caller sees a 503
└── StartupError               the program cannot start; one line, exit code 1
"""

from __future__ import annotations


class ClickstackError(Exception):
    """The root of the tree."""


class Exposed(ClickstackError):
    """An error whose message is written for the caller."""

    code = "error"
    status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRequest(Exposed):
    code, status = "bad_request", 400


class BadQuery(Exposed):
    """A query the user wrote is wrong. `position` is the 0-based offset of the fault in the text, if known."""

    code, status = "bad_query", 400

    def __init__(self, message: str, *, position: int | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.position = position
        self.hint = hint


class Unauthorized(Exposed):
    code, status = "unauthorized", 401


class Forbidden(Exposed):
    code, status = "forbidden", 403


class NotFound(Exposed):
    code, status = "not_found", 404


class Conflict(Exposed):
    code, status = "conflict", 409


class PreconditionFailed(Exposed):
    """The caller wants to write over a revision that is no longer the newest."""

    code, status = "precondition_failed", 412


class TooLarge(Exposed):
    code, status = "too_large", 413


class UnsupportedMedia(Exposed):
    code, status = "unsupported_media", 415


class Cancelled(Exposed):
    code, status = "cancelled", 499


class Busy(Exposed):
    """Full for now. `retry_after_s` is the wait, in seconds, that makes sense to the server."""

    code, status = "busy", 503

    def __init__(self, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooManyRequests(Busy):
    """The caller has used up a budget of theirs; others are served."""

    code, status = "too_many_requests", 429


class QueryTimeout(Exposed):
    code, status = "query_timeout", 504


class Internal(ClickstackError):
    """A fault of ours. The caller sees a masked 500 with a request id; the log sees this."""


class StoreFailed(Internal):
    pass


class MetadataFailed(Internal):
    pass


class MetadataAway(Busy, MetadataFailed):
    """The metadata database does not answer, or not in time. It may be right to try again."""


class StartupError(ClickstackError):
    """The program cannot start. The message is one line that names the cause and the mend."""
