"""Stories of alerts, `tests/golden/scenarios/*.case`: what happens, line by line, and what an operator would read.

    where LUCENE | sql CONDITION          the saved search to watch
    tile JSON                             or the config of a tile on the logs to watch
    alert above 3 every 1m …              threshold kind, number (two for a range), interval; then any of
        by EXPR · for N · nodata POLICY · again MINUTES · delay SECONDS · offset MINUTES · start TIME · groups N ·
        errors N · off
    rows TIME SERVICE SEVERITY COUNT      log rows · gauge TIME NAME VALUE
    round TIME | round TIME .. TIME       a round of evaluation, or one each minute
    silence FROM TO GROUP|* REASON        · ack UNTIL · edit FIELD=VALUE … · remove source · restore source

The story has a line for each window judged: when the round was, the window's end, the alert's state, its groups.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from alerts.house import SYSTEM, House, house, ms, shown
from clickstack.alerts.policy import Defaults
from clickstack.core.alert import Alert, Silence
from clickstack.metadata import Evaluation, SilenceRecord
from clickstack.store import Store
from query.golden import Case, check, read_cases

MINUTE = 60_000
NOWHERE = "f" * 24
OPTIONS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "by": ("group_by", str),
    "for": ("num_consecutive_windows", int),
    "offset": ("schedule_offset_minutes", int),
    "start": ("schedule_start_ms", ms),
    "nodata": ("noDataPolicy", str),
    "again": ("renotifyMinutes", int),
    "delay": ("evaluationDelaySeconds", int),
    "groups": ("maxGroups", int),
    "errors": ("notifyAfterErrors", int),
}
EXTRA = ("noDataPolicy", "renotifyMinutes", "evaluationDelaySeconds", "maxGroups", "notifyAfterErrors")


@pytest.mark.parametrize("case", read_cases("scenarios"), ids=lambda case: case.id)
def test_scenarios(case: Case, tmp_path: Path, store: Store) -> None:
    def tell(text: str) -> dict[str, str]:
        defaults = Defaults(again_every_window="every window" in case.title)
        with house(tmp_path, store, defaults) as home:
            story = Story(home)
            for line in text.splitlines():
                story.play(line)
            messages = home.messages(story.alert)
            return {"story": "\n".join(story.lines), "messages": "\n".join(messages) or "none"}

    check(case, tell)


@dataclass
class Story:
    home: House
    lines: list[str] = field(default_factory=list)
    watched: dict[str, str] = field(default_factory=dict)
    alert: Alert = None  # type: ignore[assignment]  # the line `alert` comes before those that need it

    def play(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        getattr(self, f"_{word}")(rest)

    def _where(self, text: str) -> None:
        self.watched = {"saved_search_id": self.home.search(text).id}

    def _sql(self, text: str) -> None:
        self.watched = {"saved_search_id": self.home.search(text, "sql").id}

    def _tile(self, text: str) -> None:
        config = {"sourceId": self.home.logs.id, **json.loads(text)}
        if "metricName" in text:
            config["sourceId"] = self.home.metrics.id
        self.watched = {"dashboard_id": self.home.tile(config).id, "tile_id": "t1"}

    def _alert(self, text: str) -> None:
        words = text.split()
        fields: dict[str, Any] = {"threshold_type": words.pop(0), "threshold": float(words.pop(0)), "extra": {}}
        if words[0] != "every":
            fields["threshold_max"] = float(words.pop(0))
        fields["interval"] = words[1]
        options = iter(words[2:])
        for option in options:
            if option == "off":
                fields["extra"]["enabled"] = False
                continue
            name, read = OPTIONS[option]
            (fields["extra"] if name in EXTRA else fields)[name] = read(next(options))
        self.alert = self.home.alert(**self.watched, **fields)

    def _rows(self, text: str) -> None:
        at, service, severity, count = text.split()
        self.home.write(at, service, severity, int(count))

    def _gauge(self, text: str) -> None:
        at, name, value = text.split()
        self.home.gauge(at, name, float(value))

    def _round(self, text: str) -> None:
        first, _, last = text.partition(" .. ")
        at_ms = ms(first)
        while at_ms <= ms(last or first):
            self.home.clock.advance((at_ms - self.home.now_ms) / 1000)
            self.home.round()
            self.lines += self._told(at_ms)
            at_ms += MINUTE

    def _told(self, at_ms: int) -> Iterator[str]:
        found = self.home.metadata.judgements.evaluations(self.alert.id, 0, 2**60, 1_000)
        windows = [each for each in reversed(found) if each.at_ms == at_ms]
        stored = self.home.stored(self.alert)
        for window in windows:
            yield f"{shown(at_ms)} window {shown(window.window_end_ms)} {window.state:7} {said(window)}".rstrip()
        if not windows and self.alert.execution_errors != stored.execution_errors:
            yield f"{shown(at_ms)} {stored.state} {stored.execution_errors[0]['message']}"
        for error in stored.execution_errors if windows else ():
            yield f"         {error['type']}: {re.sub(r'[0-9a-f]{24}', 'ID', error['message'])}"

    def _silence(self, text: str) -> None:
        start, end, group, reason = text.split(" ", 3)
        silence = SilenceRecord(
            self.home.ids.object_id(),
            self.home.team_id,
            reason,
            ms(start),
            ms(end),
            self.alert.id,
            None if group == "*" else group,
        )
        self.home.metadata.silences.add(silence, SYSTEM, None)

    def _ack(self, text: str) -> None:
        self._change(silenced=Silence(None, self.home.now_ms, ms(text)))

    def _edit(self, text: str) -> None:
        pairs = dict(pair.split("=") for pair in text.split())
        self._change(**{name: float(value) if name.startswith("threshold") else value for name, value in pairs.items()})

    def _remove(self, what: str) -> None:
        """The tile's source goes."""
        assert what == "source"
        self._point(self.home.logs.id, NOWHERE)

    def _restore(self, what: str) -> None:
        assert what == "source"
        self._point(NOWHERE, self.home.logs.id)

    def _point(self, before: str, after: str) -> None:
        tile = self.home.metadata.dashboards.get(self.home.team_id, self.watched["dashboard_id"])
        assert tile is not None
        spec = json.loads(json.dumps(tile.spec).replace(before, after))
        self.home.metadata.dashboards.replace(replace(tile, spec=spec), SYSTEM, None)

    def _change(self, **fields: Any) -> None:
        stored = self.home.stored(self.alert)
        self.alert = self.home.metadata.alerts.replace(replace(stored, **fields), SYSTEM, None)


def said(window: Evaluation) -> str:
    if "errors" in window.found:
        return str(window.found["errors"][0]["message"])
    parts = []
    for each in window.found["groups"]:
        value = "no data" if each["value"] is None else f"{each['value']:g}"
        words = [each.get("group", ""), each["state"], value, f"({each['reason']})"]
        parts.append(" ".join(filter(None, words)))
    more = window.found.get("leftOut")
    skipped = [f"{window.found['skipped']} windows skipped"] if window.found.get("skipped") else []
    return " | ".join([*parts, *([f"{more} groups left out"] if more else []), *skipped])
