"""Dashboards as tests write them, and a team that has one source of each kind."""

from __future__ import annotations

import json
from typing import Any

from clickstack.api.operations.dashboard_body import NewDashboardBody
from clickstack.api.operations.dashboard_grammar import read
from clickstack.api.operations.dashboard_references import Surroundings, dashboard_faults, refuse_faults
from clickstack.api.operations.dashboard_spec import EMPTY, spec_of
from clickstack.core.ids import IdSource
from clickstack.core.source import Source, SourceKind

LOGS, TRACES, METRICS, SESSIONS, PROMQL = (f"{digit}" * 24 for digit in "12345")
LOCAL, REMOTE, LINKED, NOWHERE = (f"{letter}" * 24 for letter in "abcd")
NAMES = {
    LOGS: "$LOGS", TRACES: "$TRACES", METRICS: "$METRICS", SESSIONS: "$SESSIONS", PROMQL: "$PROMQL",
    LOCAL: "$LOCAL", REMOTE: "$REMOTE", LINKED: "$LINKED", NOWHERE: "$NOWHERE",
}  # fmt: skip


def _source(source_id: str, kind: SourceKind) -> Source:
    return Source(
        id=source_id,
        team_id="0" * 24,
        name=kind,
        kind=kind,
        connection_id=LOCAL,
        database_name="default",
        table_name="" if kind == "metric" else f"otel_{kind}s",
        timestamp_value_expression="Timestamp",
        metric_tables={"gauge": "otel_metrics_gauge"} if kind == "metric" else None,
    )


_KINDS: dict[str, SourceKind] = {
    LOGS: "log", TRACES: "trace", METRICS: "metric", SESSIONS: "session", PROMQL: "promql"
}  # fmt: skip
TEAM = Surroundings(
    {source_id: _source(source_id, kind) for source_id, kind in _KINDS.items()}, {LOCAL, REMOTE}, {LINKED}
)


def named(text: str) -> Any:
    """JSON in which `$LOGS` and its like stand for ids."""
    for real, name in NAMES.items():
        text = text.replace(name, real)
    return json.loads(text)


def tile(config: Any = None, **fields: Any) -> dict[str, Any]:
    shown = {"name": "Tile", "x": 0, "y": 0, "w": 6, "h": 3, **fields}
    return shown if config is None else {**shown, "config": config}


def count(source_id: str = LOGS, display: str = "line", **fields: Any) -> dict[str, Any]:
    return {"displayType": display, "sourceId": source_id, "select": [{"aggFn": "count"}], **fields}


def raw_sql(template: str, display: str = "table", **fields: Any) -> dict[str, Any]:
    return {"configType": "sql", "displayType": display, "connectionId": LOCAL, "sqlTemplate": template, **fields}


def stored(body: Any, ids: IdSource) -> dict[str, Any]:
    """What a team with one source of each kind would store. Raises BadRequest."""
    checked = read(NewDashboardBody, body)
    spec = spec_of(checked, EMPTY, ids)
    refuse_faults(dashboard_faults(spec, EMPTY, TEAM))
    return {"name": checked["name"], **spec}
