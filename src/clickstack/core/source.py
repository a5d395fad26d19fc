"""Sources and connections: where telemetry lives and which column plays which role.

The wire spells these fields in camelCase (reference/openapi-v2.json, `Source`); `Source.from_wire` and
`Source.to_wire` are the only translation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

SourceKind = Literal["log", "trace", "metric", "session", "promql"]

# In these the engine tells about itself and about everybody's queries; no source reads them.
SYSTEM_DATABASES = frozenset({"system", "information_schema", "_temporary_and_external_tables"})


def is_system_database(name: str) -> bool:
    return name.strip().lower() in SYSTEM_DATABASES


# The five metric tables by OTLP kind, as `metricTables` spells them.
METRIC_KINDS = ("gauge", "sum", "histogram", "exponential histogram", "summary")


@dataclass(frozen=True, slots=True)
class Connection:
    """A ClickHouse to ask. The embedded engine is the connection whose host is EMBEDDED_HOST.

    `is_prometheus`: the host speaks the Prometheus API instead; None means nobody has said.
    """

    id: str
    team_id: str
    name: str
    host: str
    username: str = "default"
    password: str = field(default="", repr=False)
    setting_prefix: str | None = None
    is_prometheus: bool | None = None
    revision: int = 1
    created_ms: int = 0
    updated_ms: int = 0


EMBEDDED_HOST = "embedded://"


@dataclass(frozen=True, slots=True)
class Source:
    """One source. Expressions are SQL over the table's columns; None means the source has no such column."""

    id: str
    team_id: str
    name: str
    kind: SourceKind
    connection_id: str
    database_name: str
    table_name: str
    timestamp_value_expression: str
    section: str | None = None
    disabled: bool = False
    query_settings: tuple[dict[str, str], ...] = ()
    displayed_timestamp_value_expression: str | None = None
    default_table_select_expression: str | None = None
    implicit_column_expression: str | None = None
    use_text_index_for_implicit_column: str | None = None
    known_columns_list_expression: str | None = None
    table_filter_expression: str | None = None
    order_by_expression: str | None = None
    service_name_expression: str | None = None
    service_version_expression: str | None = None
    severity_text_expression: str | None = None
    body_expression: str | None = None
    event_attributes_expression: str | None = None
    resource_attributes_expression: str | None = None
    trace_id_expression: str | None = None
    span_id_expression: str | None = None
    parent_span_id_expression: str | None = None
    span_name_expression: str | None = None
    span_kind_expression: str | None = None
    status_code_expression: str | None = None
    status_message_expression: str | None = None
    duration_expression: str | None = None
    duration_precision: int | None = None
    sample_rate_expression: str | None = None
    span_events_value_expression: str | None = None
    span_links_value_expression: str | None = None
    log_source_id: str | None = None
    trace_source_id: str | None = None
    session_source_id: str | None = None
    metric_source_id: str | None = None
    metric_tables: Mapping[str, str] | None = None
    series_table: str | None = None
    highlighted_trace_attribute_expressions: tuple[dict[str, Any], ...] | None = None
    highlighted_row_attribute_expressions: tuple[dict[str, Any], ...] | None = None
    materialized_views: tuple[dict[str, Any], ...] | None = None
    metadata_materialized_views: Mapping[str, Any] | None = field(default=None)
    filter_settings: Mapping[str, Any] | None = None  # the managed API's: a table of values to filter by
    revision: int = 1
    created_ms: int = 0
    updated_ms: int = 0

    def to_wire(self) -> dict[str, Any]:
        """The source as `/api/v2/sources` shows it: absent optionals omitted, no team."""
        wire: dict[str, Any] = {}
        for name, key in WIRE_NAMES.items():
            value = getattr(self, name)
            if value is not None:
                wire[key] = list(value) if isinstance(value, tuple) else value
        wire["connection"] = self.connection_id
        wire["from"] = {"databaseName": self.database_name, "tableName": self.table_name}
        return wire

    @staticmethod
    def from_wire(
        wire: Mapping[str, Any], *, id: str, team_id: str, revision: int = 1, created_ms: int = 0, updated_ms: int = 0
    ) -> Source:
        """A source from a checked wire object. Unknown keys are dropped, as the contract says."""
        values: dict[str, Any] = {}
        for name, key in WIRE_NAMES.items():
            if key in wire:
                value = wire[key]
                values[name] = tuple(value) if isinstance(value, list) else value
        values.update(
            id=id,
            team_id=team_id,
            connection_id=wire["connection"],
            database_name=wire["from"]["databaseName"],
            table_name=wire["from"].get("tableName", ""),
            revision=revision,
            created_ms=created_ms,
            updated_ms=updated_ms,
        )
        return Source(**values)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


_NOT_WIRE = {"team_id", "connection_id", "database_name", "table_name", "revision", "created_ms", "updated_ms"}

# Field name → wire key, for every field that is written as itself.
WIRE_NAMES: dict[str, str] = {
    each.name: _camel(each.name) for each in dataclasses.fields(Source) if each.name not in _NOT_WIRE
}
