"""Materialized views of a source, from the wire."""

from __future__ import annotations

from typing import Any

import pytest

from clickstack.core.errors import BadRequest
from clickstack.core.materialized_view import AggregatedColumn, MaterializedView

WIRE: dict[str, Any] = {
    "databaseName": "otel",
    "tableName": "logs_5m",
    "dimensionColumns": 'ServiceName, "SeverityText",`k8s.pod.name`',
    "minGranularity": "5m",
    "minDate": "2025-01-01T00:00:00Z",
    "timestampColumn": "Timestamp",
    "aggregatedColumns": [
        {"mvColumn": "count", "aggFn": "count"},
        {"mvColumn": "sum__Duration", "aggFn": "sum", "sourceColumn": "Duration"},
    ],
}


def test_a_whole_view() -> None:
    assert MaterializedView.from_wire(WIRE) == MaterializedView(
        database_name="otel",
        table_name="logs_5m",
        dimensions=("ServiceName", "SeverityText", "k8s.pod.name"),
        granularity_s=300,
        timestamp_column="Timestamp",
        aggregated=(AggregatedColumn("count", "count"), AggregatedColumn("sum__Duration", "sum", "Duration")),
        min_date_ms=1_735_689_600_000,
    )


def test_the_stored_spelling_of_granularity_and_an_open_beginning() -> None:
    view = MaterializedView.from_wire({**WIRE, "minGranularity": "15 minute", "minDate": None, "dimensionColumns": ""})
    assert (view.granularity_s, view.min_date_ms, view.dimensions) == (900, None, ())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"minGranularity": "often"}, "materializedViews.minGranularity: 'often' is not a bucket width"),
        ({"minDate": "yesterday"}, "materializedViews.minDate: 'yesterday' is not a time"),
        ({"tableName": " "}, "materializedViews.tableName: a text is needed"),
        ({"aggregatedColumns": {}}, "materializedViews.aggregatedColumns: a list"),
        ({"aggregatedColumns": [{"aggFn": "sum"}]}, "materializedViews.aggregatedColumns.0.mvColumn: a text is needed"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest) as failed:
        MaterializedView.from_wire({**WIRE, **change})
    assert failed.value.message.startswith(message)
