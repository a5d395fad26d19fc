"""What people are told about one group of an alert: title, text, link (reference/alerts-and-teams.md §3.2, §3.3, §3.5).

A Notice is the facts; `render` makes the words once, when the notice is queued, so that what is sent later, and sent
again after a failure, is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode

from clickstack.core.clock import iso_millis
from clickstack.core.mention import split_mentions

from .state import MessageKind
from .template import TemplateError, compile_template
from .threshold import Threshold
from .window import Window

_TILE_LINK_WINDOWS = 7  # shown on either side of the window that breached
_AT = "\ue000"  # stands for the @ of a value while mentions are looked for: only the author of a template mentions
Escape = Callable[[str], str]
_UNITS_MS = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000))


@dataclass(frozen=True, slots=True)
class Subject:
    """What the alert watches. `id` is that of the saved search or of the dashboard; a tile has all five."""

    kind: Literal["saved_search", "tile"]
    id: str
    name: str
    dashboard_name: str = ""
    tile_id: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """`title` and `message` are the author's templates; `channels` counts the channels of the alert itself."""

    alert_id: str
    team_id: str
    kind: MessageKind
    subject: Subject
    threshold: Threshold
    interval_ms: int
    window: Window
    opened_ms: int
    value: float | None
    title: str | None = None
    message: str | None = None
    note: str | None = None
    severity: str | None = None
    group: str = ""
    grouped: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    samples: str = ""  # rows as CSV, of a saved search that fired
    channels: int = 1

    @property
    def state(self) -> Literal["ALERT", "OK"]:
        return "OK" if self.kind == "resolve" else "ALERT"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The words. `mentions` are webhooks the text itself asks for, by id or by the beginning of their name.

    `faults` say which template was broken; the default words stand in its place.
    """

    title: str
    body: str
    link: str
    mentions: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def render(notice: Notice, app_url: str, escape: Escape = str) -> Rendered:
    """The words of a notice. `app_url` is where people reach the web UI.

    `escape` makes data harmless in the markup of a channel; the author's own words pass as they are.
    """
    faults: list[str] = []
    values = view(notice, app_url)
    title = _filled(notice.title, values, "name", faults, escape) or _default_title(notice, escape)
    template_text = _filled(notice.message, values, "message", faults, lambda value: _hide_at(escape(value)))
    message, mentions = _without_mentions(template_text)
    return Rendered(
        title=("✅ " if notice.state == "OK" else "🚨 ") + title,
        body=_body(notice, message, escape),
        link=values["link"],
        mentions=mentions,
        faults=tuple(faults),
    )


def broken_templates(title: str | None, message: str | None) -> Iterator[str]:
    """What is wrong with the author's templates whatever their values will be."""
    for field_name, template in (("name", title), ("message", message)):
        if template and "{{" in template:
            try:
                compile_template(template)
            except TemplateError as error:
                yield _unusable(field_name, error)


def view(notice: Notice, app_url: str) -> dict[str, Any]:
    """What templates may name: the reference's variables (§3.4) and the facts it lacks."""
    subject = {"id": notice.subject.id, "name": notice.subject.name}
    dashboard = {"id": notice.subject.id, "name": notice.subject.dashboard_name}
    tile = notice.subject.kind == "tile"
    alert = {
        "id": notice.alert_id,
        "name": notice.title,
        "message": notice.message,
        "note": notice.note,
        "severity": notice.severity,
        "source": notice.subject.kind,
        "interval": granularity(notice.interval_ms),
        "threshold": notice.threshold.limit,
        "thresholdMax": notice.threshold.limit_max,
        "thresholdType": notice.threshold.kind,
        "dashboardId": notice.subject.id if tile else None,
        "tileId": notice.subject.tile_id if tile else None,
        "savedSearchId": None if tile else notice.subject.id,
    }
    return {
        "alert": alert,
        "alertId": notice.alert_id,
        "teamId": notice.team_id,
        "attributes": dict(notice.attributes),
        "dashboard": dashboard if tile else None,
        "savedSearch": None if tile else subject,
        "tile": {"id": notice.subject.tile_id, "name": notice.subject.name} if tile else None,
        "group": notice.group,
        "isGroupedAlert": notice.grouped,
        "granularity": granularity(notice.interval_ms),
        "link": link(notice, app_url),
        "note": notice.note,
        "severity": notice.severity,
        "state": notice.state,
        "value": notice.value,
        "threshold": notice.threshold.limit,
        "thresholdMax": notice.threshold.limit_max,
        "comparator": notice.threshold.kind,
        "startTime": notice.window.start_ms,
        "endTime": notice.window.end_ms,
        "startTimeISO": iso_millis(_moment(notice.window.start_ms)),
        "endTimeISO": iso_millis(_moment(notice.window.end_ms)),
        "firedAtISO": iso_millis(_moment(notice.opened_ms)),
        "samples": notice.samples,
    }


def link(notice: Notice, app_url: str) -> str:
    window, base, page = notice.window, app_url.rstrip("/"), quote(notice.subject.id, safe="")
    if notice.subject.kind == "saved_search":
        return f"{base}/search/{page}?from={window.start_ms}&to={window.end_ms}&isLive=false"
    around_ms = _TILE_LINK_WINDOWS * notice.interval_ms
    query = {
        "from": window.start_ms - around_ms,
        "granularity": granularity(notice.interval_ms),
        "to": window.end_ms + around_ms,
        "highlightedTileId": notice.subject.tile_id,
    }
    return f"{base}/dashboards/{page}?{urlencode(query)}"


def granularity(interval_ms: int) -> str:
    """The interval in its largest whole unit.

    >>> granularity(300_000), granularity(3_600_000)
    ('5 minute', '1 hour')
    """
    unit, unit_ms = next((each for each in _UNITS_MS if interval_ms % each[1] == 0), _UNITS_MS[-1])
    return f"{interval_ms // unit_ms} {unit}"


def _default_title(notice: Notice, escape: Escape) -> str:
    name = escape(notice.subject.name)
    if notice.subject.kind == "saved_search":
        found = "no data" if notice.value is None else f"{_number(notice.value)} lines found"
        return f'Alert for "{name}" - {found}'
    return f'Alert for "{name}" in "{escape(notice.subject.dashboard_name)}" - {_sentence(notice)}'


def _sentence(notice: Notice) -> str:
    return "no data" if notice.value is None else notice.threshold.sentence(notice.value)


def _body(notice: Notice, message: str, escape: Escape) -> str:
    """The lines of the reference to the blank: what checks its messages by their text checks ours."""
    group = f'Group: "{escape(notice.group)}"' if notice.grouped else ""
    # One mention a channel follows the message there, each leaving its blank.
    said = " ".join([*([message] if message else []), *[""] * notice.channels])
    if notice.state == "OK":
        return "\n".join([f"{group} - " * notice.grouped + "The alert has been resolved.", _range(notice.window), said])
    lines = [group, _finding(notice), _range(notice.window), said]
    if notice.subject.kind == "saved_search":
        lines += ["```", escape(notice.samples), "```"]
    return "\n".join(lines)


def _finding(notice: Notice) -> str:
    value, threshold = notice.value, notice.threshold
    if value is None or notice.subject.kind == "tile":
        return _sentence(notice)
    return f"{_number(value)} lines found, which {threshold.phrase(value)} the threshold of {threshold.text} lines"


def _range(window: Window) -> str:
    return f"Time Range (UTC): [{_clock_time(window.start_ms)} - {_clock_time(window.end_ms)})"


def _clock_time(ms: int) -> str:
    """`Nov 16 10:05:00 PM`."""
    moment = _moment(ms)
    return f"{moment:%b} {moment.day} {moment.hour % 12 or 12}:{moment:%M:%S %p}"


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _filled(template: str | None, values: Mapping[str, Any], field_name: str, faults: list[str], escape: Escape) -> str:
    if not template:
        return ""
    try:
        return compile_template(template).render(values, escape)
    except TemplateError as error:
        faults.append(_unusable(field_name, error))
        return ""


def _unusable(field_name: str, error: TemplateError) -> str:
    return f"The template in `{field_name}` cannot be used, the default text is sent: {error}"


def _hide_at(value: str) -> str:
    return value.replace("@webhook-", f"{_AT}webhook-")


def _without_mentions(text: str) -> tuple[str, tuple[str, ...]]:
    rest, names = split_mentions(text)
    return rest.replace(_AT, "@"), names
