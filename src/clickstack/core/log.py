"""Structured logs: one line per unit of work, the same keys everywhere.

`log.info("ingest", extra=fields(signal="logs", rows=500, ms=3.2))` is one line: text on a terminal, JSON elsewhere.
Rooms below the rim raise; they do not log. Never a secret, a header or a body in a field.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import orjson

from .clock import iso_millis, utc_datetime

ROOT = "clickstack"


def get_logger(room: str) -> logging.Logger:
    """The logger of a room, e.g. `get_logger("ingest")`."""
    return logging.getLogger(f"{ROOT}.{room}")


def fields(**values: Any) -> dict[str, Any]:
    """The `extra=` of a line. Keys in use: team, signal, rows, bytes, ms, code, status, path, method, request_id."""
    return {"fields": values}


def configure_logging(level: str, format: str, stream: TextIO | None = None) -> None:
    """Send the program's lines to `stream` (standard error). `format` is auto, text or json."""
    stream = sys.stderr if stream is None else stream
    as_text = stream.isatty() if format == "auto" else format == "text"
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Text() if as_text else _Json())
    root = logging.getLogger(ROOT)
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    root.propagate = False


def line_fields(record: logging.LogRecord) -> dict[str, Any]:
    """The structured part of a record."""
    return getattr(record, "fields", {})


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": iso_millis(utc_datetime(int(record.created * 1_000_000_000))),
            "level": record.levelname.lower(),
            "room": record.name.removeprefix(ROOT + "."),
            "message": record.getMessage(),
            **line_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        clock = iso_millis(utc_datetime(int(record.created * 1_000_000_000)))[11:23]
        rest = " ".join(f"{key}={value}" for key, value in line_fields(record).items())
        room = record.name.removeprefix(ROOT + ".")
        line = f"{clock} {record.levelname.lower():7} {room:9} {record.getMessage()} {rest}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line
