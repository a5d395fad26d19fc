"""Why an alert could not be judged or told, as it stands on the alert (reference/alerts-and-teams.md §1.3, §1.12)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from clickstack.core.alert import Alert
from clickstack.core.clock import iso_millis
from clickstack.core.errors import BadQuery, ClickstackError, Exposed, QueryTimeout
from clickstack.core.limits import ALERT_ERROR_CHARS_MAX

from .question import InvalidAlert

ErrorType = Literal["QUERY_ERROR", "QUERY_TIMEOUT", "WEBHOOK_ERROR", "INVALID_ALERT", "UNKNOWN"]
ExecutionError = Mapping[str, Any]


def execution_error(kind: ErrorType, message: str, now_ms: int) -> ExecutionError:
    timestamp = iso_millis(datetime.fromtimestamp(now_ms / 1000, tz=UTC))
    return {"timestamp": timestamp, "type": kind, "message": message[:ALERT_ERROR_CHARS_MAX]}


def of_failure(error: Exception, now_ms: int) -> ExecutionError:
    """What people may read of a failure. Faults of ours keep their details for the log."""
    match error:
        case InvalidAlert():
            return execution_error("INVALID_ALERT", str(error), now_ms)
        case QueryTimeout():
            return execution_error("QUERY_TIMEOUT", f"{error.message} It will be tried again.", now_ms)
        case BadQuery(hint=str(hint)):
            return execution_error("QUERY_ERROR", f"{error.message} {hint}", now_ms)
        case Exposed():
            return execution_error("QUERY_ERROR", error.message, now_ms)
        case ClickstackError():
            return execution_error("QUERY_ERROR", "The query failed; the server's log says why.", now_ms)
        case _:
            return execution_error("UNKNOWN", "Judging the alert failed; the server's log says why.", now_ms)


def still_wrong(alert: Alert, problems: Collection[str], others: Iterable[ExecutionError]) -> list[ExecutionError]:
    """The errors of deliveries that stay on the alert: the next window changes nothing about them."""
    said = {each["message"] for each in others}
    return [
        each
        for each in alert.execution_errors
        if each["type"] == "WEBHOOK_ERROR" and each["message"] in problems and each["message"] not in said
    ]


def same(errors: Iterable[ExecutionError], others: Iterable[ExecutionError]) -> bool:
    """Whether two lists say the same, whenever they said it."""
    return [(each["type"], each["message"]) for each in errors] == [(each["type"], each["message"]) for each in others]
