"""Charts, search, and the root (reference/api-v2.md §3, §5, §9)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, WithJsonSchema

from .operation import ABSENT, SOURCE_ID, Id, Moment, Operation, Operations, Reply

_Row = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "additionalProperties": True})]
_Point = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                "ts_bucket": {"type": "integer", "description": "Start of the bucket, in milliseconds since 1970."},
                "group": {"type": "array", "description": "The values of `groupBy`, in its order.", "items": {}},
                "ratio": {
                    "type": ["number", "null"],
                    "description": "With `seriesReturnType` ratio: the first series divided by the second.",
                },
            },
            "patternProperties": {r"^series_\d+\.data$": {"description": "The value of a series that has one here."}},
            "additionalProperties": True,
        }
    ),
]


class ChartRows(Reply):
    data: list[_Point] = Field(description="One row per bucket and group, in order of time.")


class SearchRows(Reply):
    data: list[_Row] = Field(description="Events, with the selected columns.")
    rows: int = Field(ge=0, description="How many events these are.")


class Caller(BaseModel):
    id: Annotated[Id, Field(alias="_id")]
    email: str
    name: str
    team: Id
    createdAt: Moment  # noqa: N815  # as on the wire
    updatedAt: Moment  # noqa: N815


class Root(Reply):
    version: Literal["v2"]
    user: Caller = ABSENT


_HOUR = {"startTime": 1647014400000, "endTime": 1647100800000, "granularity": "1h"}
_ERRORS = {"sourceId": SOURCE_ID, "aggFn": "count", "where": "SeverityText:error", "groupBy": ["ServiceName"]}

CHARTS = {
    "errors of each service": {**_HOUR, "series": [_ERRORS]},
    "their share of all events": {
        **_HOUR,
        "seriesReturnType": "ratio",
        "series": [_ERRORS, {**_ERRORS, "where": ""}],
    },
    "the slowest twentieth": {
        **_HOUR,
        "granularity": "auto",
        "series": [
            {
                "sourceId": SOURCE_ID,
                "aggFn": "quantile",
                "level": 0.95,
                "field": "SeverityNumber",
                "where": "ServiceName = 'checkout'",
                "whereLanguage": "sql",
                "groupBy": [],
            }
        ],
    },
}
SEARCHES = {
    "newest errors": {"sourceId": SOURCE_ID, "where": "SeverityText:error", "maxResults": 20},
    "some columns of one hour, in SQL": {
        "sourceId": SOURCE_ID,
        "startTime": "2026-05-10T00:00:00Z",
        "endTime": "2026-05-10T01:00:00Z",
        "where": "ServiceName = 'checkout'",
        "whereLanguage": "sql",
        "select": "Timestamp, Body",
        "orderBy": "Timestamp ASC",
    },
}

OPERATIONS: Operations = {
    ("GET", ""): Operation("getRoot", "Server", "Which version this is, and whose key was used", Root),
    ("POST", "/charts/series"): Operation(
        "queryChartSeries",
        "Charts",
        "Numbers over time",
        ChartRows,
        "Up to five series, each counted or aggregated per bucket and group. A bucket without events has no row.",
        examples=CHARTS,
        errors=(404, 503, 504),
    ),
    ("POST", "/search"): Operation(
        "searchEvents",
        "Search",
        "Single events, newest first",
        SearchRows,
        "Of a log, trace or session source. Without times, the last quarter of an hour.",
        examples=SEARCHES,
        errors=(404, 503, 504),
    ),
}
