"""Failures as `google.rpc.Status`, the form OTLP asks for on both transports (reference/ingestion.md §4.2, §4.3)."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from clickstack.core.errors import Busy, Exposed

INTERNAL = 13
MASKED = "Internal error. The server's log has the cause."

# HTTP status → code of google.rpc.Code.
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 413: 8, 415: 3, 429: 8, 503: 14}


def code_of(http_status: int) -> int:
    return _CODES.get(http_status, INTERNAL)


def status_of(http_status: int, message: str) -> Status:
    return Status(code=code_of(http_status), message=message)


def status_of_error(error: Exposed) -> Status:
    """The status of an error; one that passes by itself says when to come back, which makes it retryable."""
    status = status_of(error.status, error.message)
    if isinstance(error, Busy):
        status.details.add().Pack(RetryInfo(retry_delay=Duration(seconds=error.retry_after_s)))
    return status
