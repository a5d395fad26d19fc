"""What an alert would have found in a past range, and said. Nothing is stored and nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clickstack.core.alert import Alert
from clickstack.core.errors import BadRequest
from clickstack.core.limits import PREVIEW_MESSAGES_MAX, PREVIEW_QUERIES_MAX, PREVIEW_WINDOWS_MAX
from clickstack.core.result import Statistics
from clickstack.core.settings import Settings
from clickstack.core.timerange import TimeRange
from clickstack.query import Reader

from .judge import judge
from .notice import Rendered, render
from .policy import Defaults, policy_of
from .question import InvalidAlert, Lookup, question_of
from .queueing import notice_of
from .reading import Asked, Reading, read
from .window import Due, Schedule, Window


@dataclass(frozen=True, slots=True)
class PreviewMessage:
    kind: str
    group: str
    window: Window
    value: float | None
    words: Rendered


@dataclass(frozen=True, slots=True)
class Preview:
    """`windows` are (window, worst state, what the log would keep), oldest first; `messages_total` counts all."""

    windows: tuple[tuple[Window, str, Mapping[str, Any]], ...]
    messages: tuple[PreviewMessage, ...]
    messages_total: int
    sql: str
    statistics: Statistics


def preview(alert: Alert, lookup: Lookup, reader: Reader, time_range: TimeRange, settings: Settings) -> Preview:
    """Judge the windows that lie in the range as a whole. Raises BadRequest, and what the query raises.

    Silences do not count; messages are without sample rows.
    """
    try:
        policy = policy_of(alert, Defaults.of(settings))
        question = question_of(alert, lookup)
    except InvalidAlert as error:
        raise BadRequest(str(error)) from error
    windows = _windows(policy.schedule, time_range)
    asked = Asked(question, windows)
    if not asked.at_once and len(windows) > PREVIEW_QUERIES_MAX:
        raise BadRequest(
            f"The range has {len(windows)} windows that are asked one by one; at most {PREVIEW_QUERIES_MAX} are "
            "previewed. Choose a shorter range."
        )
    (outcome,) = read((asked,), reader)
    if isinstance(outcome, InvalidAlert):
        raise BadRequest(str(outcome)) from outcome
    if not isinstance(outcome, Reading):
        raise outcome
    judged = judge(question, policy, Due(windows), outcome, {}, lambda _: None)
    messages = tuple(
        PreviewMessage(
            told.message.kind,
            told.group,
            told.message.window,
            told.message.value,
            render(notice_of(alert, policy, question, told, lambda _: ""), settings.public_url),
        )
        for told in judged.told[:PREVIEW_MESSAGES_MAX]
    )
    return Preview(judged.windows, messages, len(judged.told), outcome.sql, outcome.statistics)


def _windows(schedule: Schedule, time_range: TimeRange) -> tuple[Window, ...]:
    """Those that lie in the range as a whole. Raises BadRequest for none and for too many."""
    width = schedule.interval_ms
    least = max(time_range.start_ms, schedule.origin_ms) if schedule.anchored else time_range.start_ms
    first = least + (schedule.origin_ms - least) % width
    count = (time_range.end_ms - first) // width
    if count <= 0:
        raise BadRequest("The range holds no whole window of the alert. Choose a longer one.")
    if count > PREVIEW_WINDOWS_MAX:
        raise BadRequest(
            f"The range has {count} windows; at most {PREVIEW_WINDOWS_MAX} are previewed. Choose a shorter range."
        )
    return tuple(Window(first + at * width, first + (at + 1) * width) for at in range(count))
