"""What browsers ask before and after they send (reference/ingestion.md §1.5).

The origin is echoed and not `*`: browsers refuse `*` in requests with credentials, which sendBeacon makes. Nothing
here is guarded by cookies, so any origin may send.
"""

from __future__ import annotations

from collections.abc import Mapping

Headers = tuple[tuple[str, str], ...]

_MAX_AGE_S = 7200  # the most that browsers honour
_DEFAULT_HEADERS = "authorization, content-encoding, content-type, traceparent, x-api-key"


def preflight_headers(method: str, headers: Mapping[str, str]) -> Headers | None:
    """The answer to a preflight; None when the request is not one. Asked before authentication."""
    if method != "OPTIONS" or "access-control-request-method" not in headers:
        return None
    return (
        ("access-control-allow-methods", "POST"),
        ("access-control-allow-headers", headers.get("access-control-request-headers") or _DEFAULT_HEADERS),
        ("access-control-max-age", str(_MAX_AGE_S)),
    )


def cors_headers(headers: Mapping[str, str]) -> Headers:
    """What every reply carries, refusals too, so that a page can read why."""
    origin = headers.get("origin")
    if origin is None:
        return (("access-control-allow-origin", "*"), ("vary", "Origin"))
    return (
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "Retry-After"),
        ("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
    )
