"""The bodies of sources, one model for each kind (reference/api-v2.md §10.2, reference/openapi-v2.json).

Null is taken for "unset" wherever the published contract allows it. Steps of views are kept in words (`15 minute`),
whichever way they were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from clickstack.core.limits import (
    QUERY_TEXT_CHARS_MAX,
    SOURCE_HIGHLIGHTS_MAX,
    SOURCE_SECTION_CHARS_MAX,
    SOURCE_SETTINGS_MAX,
    SOURCE_VIEWS_MAX,
)
from clickstack.core.source import METRIC_KINDS

from ..wire import WireModel
from .dashboard_grammar import Broken, Items, RuledModel, Variants, Wire, wrong
from .tile_fields import STORABLE, WHOLE


def _not_blank(complaint: str) -> AfterValidator:
    def check(text: str) -> str:
        if not text:
            raise wrong(complaint)
        return text

    return AfterValidator(check)


Text = Annotated[str, Field(max_length=QUERY_TEXT_CHARS_MAX), STORABLE]
Optional = Text | None
NonEmpty = Annotated[Text, Field(min_length=1)]

_SHORT = re.compile(r"(\d{1,9})([smhd])")
_IN_WORDS = re.compile(r"(\d{1,9}) (second|minute|hour|day)s?")
_WORDS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}


def _step(text: str) -> str:
    """`5m` and `5 minutes` as `5 minute`."""
    if match := _SHORT.fullmatch(text):
        return f"{match[1]} {_WORDS[match[2]]}"
    if match := _IN_WORDS.fullmatch(text):
        return f"{match[1]} {match[2]}"
    raise wrong("Invalid")


Step = Annotated[str, AfterValidator(_step)]


def _moment(text: str) -> str:
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)", text):
            raise ValueError
        datetime.fromisoformat(text)
    except ValueError:
        raise wrong("Invalid datetime") from None
    if not "1970" <= text[:4] < "2200":
        raise wrong("Invalid datetime: must lie in the years 1970 to 2199")
    return text


Moment = Annotated[str, AfterValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]


class FromBody(WireModel):
    database_name: Annotated[Text, _not_blank("Database is required")]
    table_name: Annotated[Text, _not_blank("Table is required")]


class MetricFromBody(WireModel):
    database_name: Annotated[Text, _not_blank("Database is required")]
    table_name: Annotated[Text, BeforeValidator(lambda value: "" if value is None else value)] = ""


class QuerySettingBody(WireModel):
    setting: NonEmpty
    value: NonEmpty


class HighlightBody(WireModel):
    sql_expression: NonEmpty
    lucene_expression: Optional = None
    alias: Optional = None


class AggregatedColumnBody(RuledModel):
    source_column: Optional = None
    agg_fn: NonEmpty
    mv_column: NonEmpty

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:
        if wire["aggFn"] != "count" and not wire.get("sourceColumn"):
            yield ("sourceColumn",), "Materialized View Source Column is required"


def _columns_rules(columns: Any) -> Iterable[Broken]:
    if not columns:
        yield (), "At least one aggregated column is required"


class MaterializedViewBody(WireModel):
    database_name: NonEmpty
    table_name: NonEmpty
    dimension_columns: Text
    min_granularity: Step
    min_date: Moment | None = None
    timestamp_column: NonEmpty
    aggregated_columns: Annotated[list[AggregatedColumnBody], Items(most=SOURCE_VIEWS_MAX, rules=_columns_rules)]


class RollupsBody(WireModel):
    key_rollup_table: Optional = None
    kv_rollup_table: Text
    granularity: Step


class MetricTablesBody(WireModel):
    gauge: Optional = None
    histogram: Optional = None
    sum: Optional = None
    summary: Optional = None
    exponential_histogram: Annotated[Optional, Field(alias="exponential histogram")] = None


class SourceBody(WireModel):
    """What every kind has."""

    name: Annotated[Text, _not_blank("Name is required")]
    section: Annotated[str, Field(max_length=SOURCE_SECTION_CHARS_MAX), STORABLE] | None = None
    kind: Literal["log", "trace", "session", "metric", "promql"]
    connection: Annotated[str, _not_blank("Server Connection is required")]
    from_: Annotated[FromBody, Field(alias="from")]
    disabled: bool | None = None
    query_settings: Annotated[list[QuerySettingBody], Items(most=SOURCE_SETTINGS_MAX)] | None = None
    timestamp_value_expression: Annotated[Text, _not_blank("Timestamp Column is required")]


class EventSourceBody(SourceBody):
    """What logs and traces have in common."""

    default_table_select_expression: Text
    service_name_expression: Optional = None
    service_version_expression: Optional = None
    event_attributes_expression: Optional = None
    resource_attributes_expression: Optional = None
    displayed_timestamp_value_expression: Optional = None
    metric_source_id: Optional = None
    implicit_column_expression: Optional = None
    known_columns_list_expression: Optional = None
    order_by_expression: Optional = None
    use_text_index_for_implicit_column: Literal["auto", "enabled", "disabled"] | None = None
    highlighted_trace_attribute_expressions: (
        Annotated[list[HighlightBody], Items(most=SOURCE_HIGHLIGHTS_MAX)] | None
    ) = None
    highlighted_row_attribute_expressions: Annotated[list[HighlightBody], Items(most=SOURCE_HIGHLIGHTS_MAX)] | None = (
        None
    )
    materialized_views: Annotated[list[MaterializedViewBody], Items(most=SOURCE_VIEWS_MAX)] | None = None
    metadata_materialized_views: RollupsBody | None = None


class LogSourceBody(EventSourceBody):
    severity_text_expression: Optional = None
    body_expression: Optional = None
    trace_source_id: Optional = None
    trace_id_expression: Optional = None
    span_id_expression: Optional = None
    table_filter_expression: Optional = None


class TraceSourceBody(EventSourceBody):
    duration_expression: Text
    duration_precision: Annotated[int, Field(ge=0, le=9), WHOLE] = 3
    trace_id_expression: Text
    span_id_expression: Text
    parent_span_id_expression: Text
    span_name_expression: Text
    span_kind_expression: Text
    sample_rate_expression: Optional = None
    log_source_id: Optional = None
    session_source_id: Optional = None
    status_code_expression: Optional = None
    status_message_expression: Optional = None
    span_events_value_expression: Optional = None
    span_links_value_expression: Optional = None


SESSION_TIMESTAMP = "TimestampTime"  # what a session source without one is read by, as the reference


class SessionSourceBody(RuledModel, SourceBody):
    timestamp_value_expression: Annotated[
        Text,
        _not_blank("Timestamp Column is required"),
        BeforeValidator(lambda value: SESSION_TIMESTAMP if value is None else value),
    ] = SESSION_TIMESTAMP
    trace_source_id: Text = ""  # required, with words of its own
    resource_attributes_expression: Optional = None

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:
        if not wire.get("traceSourceId"):
            yield ("traceSourceId",), "Correlated Trace Source is required"


class MetricSourceBody(RuledModel, SourceBody):
    from_: Annotated[MetricFromBody, Field(alias="from")]  # type: ignore[assignment]  # no table: there are several
    metric_tables: MetricTablesBody
    resource_attributes_expression: Text
    service_name_expression: Optional = None
    log_source_id: Optional = None
    series_table: Optional = None

    @classmethod
    def broken_rules(cls, wire: Wire) -> Iterable[Broken]:
        if not any(wire["metricTables"].get(kind) for kind in METRIC_KINDS):
            yield ("metricTables",), "At least one metric table must be specified"


SOURCE_BODIES: dict[str, type[SourceBody]] = {
    "log": LogSourceBody,
    "trace": TraceSourceBody,
    "session": SessionSourceBody,
    "metric": MetricSourceBody,
    "promql": SourceBody,
}
AnySourceBody = Annotated[SourceBody, Variants("kind", SOURCE_BODIES)]


def source_values(body: SourceBody) -> dict[str, Any]:
    """The body in its wire form, without what is unset."""
    values: dict[str, Any] = _without_none(body.model_dump(by_alias=True))
    if "metricTables" in values:
        values["metricTables"] = {kind: table for kind, table in values["metricTables"].items() if table}
    return values


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(each) for key, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list) else value
