"""Sources, as v2 shows them (reference/openapi-v2.json)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from .operation import ABSENT, CONNECTION_ID, Empty, Id, Moment, Operation, Operations, Reply, many, one

TAG = "Sources"


class SourceTable(Reply):
    database_name: str
    table_name: str = ABSENT


class QuerySettingShown(Reply):
    setting: str
    value: str


class Highlight(Reply):
    sql_expression: str
    lucene_expression: str | None = ABSENT
    alias: str | None = ABSENT


class AggregatedColumnShown(Reply):
    source_column: str | None = ABSENT
    agg_fn: str
    mv_column: str


class MaterializedViewShown(Reply):
    database_name: str
    table_name: str
    dimension_columns: str
    min_granularity: str = Field(pattern=r"^\d+(s|m|h|d)$")
    min_date: Moment | None = ABSENT
    timestamp_column: str
    aggregated_columns: list[AggregatedColumnShown]


class RollupsShown(Reply):
    model_config = ConfigDict(extra="allow")
    key_rollup_table: str = ABSENT
    kv_rollup_table: str = ABSENT
    granularity: str = ABSENT


class MetricTablesShown(Reply):
    gauge: str = ABSENT
    histogram: str = ABSENT
    sum: str = ABSENT
    summary: str = ABSENT
    exponential_histogram: Annotated[str, Field(alias="exponential histogram")] = ABSENT


class _Source(Reply):
    id: Id
    name: str
    connection: Id
    from_: Annotated[SourceTable, Field(alias="from")]
    section: str = ABSENT
    disabled: bool
    query_settings: list[QuerySettingShown]
    timestamp_value_expression: str = ABSENT


class _Events(_Source):
    default_table_select_expression: str
    displayed_timestamp_value_expression: str | None = ABSENT
    implicit_column_expression: str | None = ABSENT
    use_text_index_for_implicit_column: Literal["auto", "enabled", "disabled"] | None = ABSENT
    known_columns_list_expression: str | None = ABSENT
    order_by_expression: str | None = ABSENT
    service_name_expression: str | None = ABSENT
    service_version_expression: str | None = ABSENT
    event_attributes_expression: str | None = ABSENT
    resource_attributes_expression: str | None = ABSENT
    trace_id_expression: str | None = ABSENT
    span_id_expression: str | None = ABSENT
    metric_source_id: str | None = ABSENT
    highlighted_trace_attribute_expressions: list[Highlight]
    highlighted_row_attribute_expressions: list[Highlight]
    materialized_views: list[MaterializedViewShown]
    metadata_materialized_views: RollupsShown | None = ABSENT


class LogSource(_Events):
    kind: Literal["log"]
    severity_text_expression: str | None = ABSENT
    body_expression: str | None = ABSENT
    table_filter_expression: str | None = ABSENT
    trace_source_id: str | None = ABSENT


class TraceSource(_Events):
    kind: Literal["trace"]
    duration_expression: str
    duration_precision: int = Field(ge=0, le=9)
    parent_span_id_expression: str
    span_name_expression: str
    span_kind_expression: str
    status_code_expression: str | None = ABSENT
    status_message_expression: str | None = ABSENT
    sample_rate_expression: str | None = ABSENT
    span_events_value_expression: str | None = ABSENT
    span_links_value_expression: str | None = ABSENT
    log_source_id: str | None = ABSENT
    session_source_id: str | None = ABSENT


class SessionSource(_Source):
    kind: Literal["session"]
    trace_source_id: str
    resource_attributes_expression: str | None = ABSENT


class MetricSource(_Source):
    kind: Literal["metric"]
    metric_tables: MetricTablesShown
    resource_attributes_expression: str
    service_name_expression: str | None = ABSENT
    log_source_id: str | None = ABSENT
    series_table: str | None = ABSENT


class PromqlSource(_Source):
    kind: Literal["promql"]


Source = Annotated[LogSource | TraceSource | SessionSource | MetricSource | PromqlSource, Field(discriminator="kind")]
SourceEnvelope, SourceList = one("SourceEnvelope", Source), many("SourceList", Source)

EXAMPLE = {
    "kind": "log",
    "name": "Errors of the shop",
    "connection": CONNECTION_ID,
    "from": {"databaseName": "default", "tableName": "otel_logs"},
    "timestampValueExpression": "Timestamp",
    "defaultTableSelectExpression": "Timestamp, ServiceName, Body",
    "serviceNameExpression": "ServiceName",
    "bodyExpression": "Body",
    "implicitColumnExpression": "Body",
}

OPERATIONS: Operations = {
    ("GET", "/sources"): Operation("listSources", TAG, "All sources of the team", SourceList),
    ("GET", "/sources/{id}"): Operation("getSource", TAG, "One source", SourceEnvelope, errors=(404,)),
    ("POST", "/sources"): Operation(
        "createSource", TAG, "Add a source", SourceEnvelope, examples={"a table of logs": EXAMPLE}
    ),
    ("PUT", "/sources/{id}"): Operation(
        "updateSource",
        TAG,
        "Replace a source",
        SourceEnvelope,
        examples={"another name": {**EXAMPLE, "name": "Errors"}},
        errors=(404,),
        conditional=True,
    ),
    ("DELETE", "/sources/{id}"): Operation(
        "deleteSource", TAG, "Remove a source", Empty, "Its rows stay in the database.", errors=(404, 409),
        conditional=True,
    ),
}  # fmt: skip
