"""Lines of the program's loggers as OpenTelemetry log records."""

from __future__ import annotations

import logging
import traceback

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import get_current_span
from opentelemetry.util.types import AttributeValue

from clickstack.core.clock import Clock
from clickstack.core.limits import SELF_TELEMETRY_TEXT_CHARS_MAX
from clickstack.core.log import ROOT, line_fields

from .pipeline import Pipeline, is_suppressed

# Rooms that write a line for each batch they move. A batch of ours would make such a line, and the line a batch.
ECHOING_LOGGERS = (f"{ROOT}.ingest", f"{ROOT}.store")

_SEVERITIES = (
    (logging.CRITICAL, "FATAL", SeverityNumber.FATAL),
    (logging.ERROR, "ERROR", SeverityNumber.ERROR),
    (logging.WARNING, "WARN", SeverityNumber.WARN),
    (logging.INFO, "INFO", SeverityNumber.INFO),
)


class LineHandler(logging.Handler):
    """Lines from info on, as log records with their fields as attributes and the trace they belong to.

    Warnings and errors are always kept; a line below that is left out with the request it belongs to, if that one
    was not sampled.
    """

    def __init__(self, pipeline: Pipeline, resource: Resource, clock: Clock) -> None:
        super().__init__(logging.INFO)
        self._pipeline, self._resource, self._clock = pipeline, resource, clock

    def emit(self, record: logging.LogRecord) -> None:
        if is_suppressed() or (record.levelno < logging.WARNING and _is_not_worth_it(record)):
            return
        try:
            self._pipeline.add_log(self._readable(record))
        except (TypeError, ValueError):
            # A line whose arguments do not fit its text: the stream handler reports that one.
            self._pipeline.dropped["logs"] += 1

    def _readable(self, record: logging.LogRecord) -> ReadableLogRecord:
        _, text, number = next(row for row in _SEVERITIES if record.levelno >= row[0])
        log_record = LogRecord(
            timestamp=int(record.created * 1_000_000_000),
            observed_timestamp=self._clock.now_ns(),
            severity_text=text,
            severity_number=number,
            body=record.getMessage(),
            attributes=_line_attributes(record),
        )
        log_record.context = Context()  # the current one may hold the whole request
        return ReadableLogRecord(log_record, self._resource, InstrumentationScope(record.name))


def _is_not_worth_it(record: logging.LogRecord) -> bool:
    span = get_current_span().get_span_context()
    return record.name.startswith(ECHOING_LOGGERS) or (span.is_valid and not span.trace_flags.sampled)


def _line_attributes(record: logging.LogRecord) -> dict[str, AttributeValue]:
    attributes = {key: _plain(value) for key, value in line_fields(record).items() if value is not None}
    if record.exc_info and record.exc_info[0] is not None:
        type_, error, _ = record.exc_info
        attributes["exception.type"] = f"{type_.__module__}.{type_.__qualname__}"
        attributes["exception.message"] = _plain(str(error))
        stack = "".join(traceback.format_exception(*record.exc_info))
        attributes["exception.stacktrace"] = stack[-SELF_TELEMETRY_TEXT_CHARS_MAX:]
    return attributes


def _plain(value: object) -> AttributeValue:
    return value if isinstance(value, (bool, int, float)) else str(value)[:SELF_TELEMETRY_TEXT_CHARS_MAX]
