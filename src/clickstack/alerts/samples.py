"""A few of the events behind a message, as CSV: those that were counted, of this window and this group."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from clickstack.core.chart import Filter
from clickstack.core.errors import ClickstackError
from clickstack.core.limits import ALERT_SAMPLE_CHARS, ALERT_SAMPLE_LINE_CHARS, ALERT_SAMPLE_ROWS
from clickstack.core.log import fields, get_logger
from clickstack.core.sql import literal
from clickstack.core.timerange import TimeRange
from clickstack.query import Reader, Search, SearchConfig
from clickstack.query.usersql import split_alias

from .judge import Told
from .question import Question

_log = get_logger("alerts")


def samples_of(reader: Reader, question: Question, told: Told) -> str:
    """Empty when there are none, and when they cannot be read: the message goes out all the same."""
    search, chart = question.search, question.chart
    if search is None or chart is None or told.message.value is None:
        return ""
    window = told.message.window
    config = SearchConfig(
        source=chart.source,
        where=Filter(search.where, search.where_language),
        time_range=TimeRange(window.start_ms, window.end_ms),
        limit=ALERT_SAMPLE_ROWS,
        select=search.select,
        order_by=search.order_by,
        filters=(*chart.filters, *_of_group(chart.group_by, told)),
    )
    try:
        page = Search(reader).page(config)
    except ClickstackError as error:
        _log.warning("no sample rows for a message", extra=fields(error=str(error)))
        return ""
    return csv_of(page.rows)


def csv_of(rows: Iterable[Sequence[Any]]) -> str:
    """Lines of CSV, each ended, cut to what a message holds."""
    lines = []
    for row in rows:
        out = io.StringIO()
        csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="").writerow(row)
        line = out.getvalue()
        lines.append(line if len(line) <= ALERT_SAMPLE_LINE_CHARS else line[:ALERT_SAMPLE_LINE_CHARS] + "...")
    text = "".join(f"{line}\n" for line in lines)
    return text if len(text) <= ALERT_SAMPLE_CHARS else text[:ALERT_SAMPLE_CHARS] + "..."


def _of_group(group_by: Sequence[str], told: Told) -> Iterable[Filter]:
    """The rows of this group: its values stand in the order of the expressions they come from."""
    for text, value in zip(group_by, told.attributes.values(), strict=False):
        expression, _ = split_alias(text, "groupBy")
        yield Filter(f"toString({expression}) = {literal(value)}", "sql")
