"""Dashboards (reference/api-v2.md §7). The configs of tiles are described by the models that check them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Union

from pydantic import Field, create_model

from ..operations.dashboard_body import DashboardBody as ReplacedBody
from ..operations.dashboard_body import NewDashboardBody, SavedFilterValue, TileBody
from ..operations.dashboard_containers import Containers
from ..operations.dashboard_filters import FilterBody
from ..operations.tile_builder import BUILDERS
from ..operations.tile_sql import RAW_SQL
from .operation import ABSENT, CONNECTION_ID, SOURCE_ID, TILE_ID, Empty, Id, Operation, Operations, Reply, many, one

TAG = "Dashboards"

CONFIGS = tuple(dict.fromkeys([*BUILDERS.values(), *RAW_SQL.values()]))
Config: Any = Union[CONFIGS]  # noqa: UP007  # the members are known only at run time


class DashboardTile(TileBody):
    """A tile to be stored: with `config`, or with `series`, the older form."""

    config: Annotated[Config, Field()] = ABSENT


class NewDashboard(NewDashboardBody):
    tiles: list[DashboardTile]  # type: ignore[assignment]


class ReplacedDashboard(ReplacedBody):
    tiles: list[DashboardTile]  # type: ignore[assignment]


class TileShown(Reply):
    id: str
    name: str
    x: int
    y: int
    w: int
    h: int
    config: Config
    container_id: str = ABSENT
    tab_id: str = ABSENT


FilterShown = create_model("FilterShown", __base__=FilterBody, id=(str, ...))


class Dashboard(Reply):
    id: Id
    name: str
    tiles: list[TileShown]
    tags: list[str]
    filters: list[FilterShown]
    saved_query: str | None
    saved_query_language: Literal["sql", "lucene", "promql"] | None
    saved_filter_values: list[SavedFilterValue]
    containers: Containers = ABSENT


class DashboardFault(Reply):
    path: str = Field(description="The field, with dots; empty for the whole.")
    message: str


class Judgement(Reply):
    valid: bool
    errors: list[DashboardFault]
    normalized: dict[str, Any] | None = Field(description="The body as it was understood, when it is valid.")


DashboardEnvelope, DashboardList = one("DashboardEnvelope", Dashboard), many("DashboardList", Dashboard)

_ERRORS = {
    "name": "Errors of each service",
    "x": 0,
    "y": 0,
    "w": 12,
    "h": 6,
    "config": {
        "displayType": "line",
        "sourceId": SOURCE_ID,
        "select": [{"aggFn": "count", "where": "SeverityText:error", "whereLanguage": "lucene"}],
        "groupBy": "ServiceName",
    },
}
_SQL = {
    "name": "Events a minute",
    "x": 12,
    "y": 0,
    "w": 12,
    "h": 6,
    "config": {
        "configType": "sql",
        "displayType": "line",
        "connectionId": CONNECTION_ID,
        "sqlTemplate": (
            "SELECT toStartOfMinute(Timestamp) AS t, count() FROM otel_logs "
            "WHERE $__timeFilter(Timestamp) GROUP BY t ORDER BY t"
        ),
    },
}
_NOTE = {
    "name": "Read me",
    "x": 0,
    "y": 6,
    "w": 24,
    "h": 3,
    "config": {"displayType": "markdown", "markdown": "# Shop"},
}
NEW = {"name": "Shop", "tags": ["shop"], "tiles": [_ERRORS, _SQL, _NOTE]}
EXAMPLES = {"a chart, a query and a text": NEW}

OPERATIONS: Operations = {
    ("GET", "/dashboards"): Operation("listDashboards", TAG, "All dashboards, by name from the end", DashboardList),
    ("GET", "/dashboards/{id}"): Operation("getDashboard", TAG, "One dashboard", DashboardEnvelope, errors=(404,)),
    ("POST", "/dashboards"): Operation(
        "createDashboard", TAG, "Add a dashboard", DashboardEnvelope, request=NewDashboard, examples=EXAMPLES
    ),
    ("PUT", "/dashboards/{id}"): Operation(
        "updateDashboard",
        TAG,
        "Replace a dashboard",
        DashboardEnvelope,
        "What GET shows can be sent back. A tile keeps its alerts when its `id` is sent along; alerts of tiles that "
        "are gone are removed. `tags`, `filters`, `containers` and what was saved stay as they are when left out.",
        request=ReplacedDashboard,
        examples={"the first tile stays": {"name": "Shop", "tiles": [{**_ERRORS, "id": TILE_ID}]}},
        errors=(404,),
        conditional=True,
    ),
    ("DELETE", "/dashboards/{id}"): Operation(
        "deleteDashboard", TAG, "Remove a dashboard and the alerts of its tiles", Empty, errors=(404,), conditional=True
    ),
    ("POST", "/dashboards/validate"): Operation(
        "validateDashboard",
        TAG,
        "Check a dashboard without storing it",
        Judgement,
        "Answers 200 whatever the body is; all its faults are listed.",
        request=NewDashboard,
        examples=EXAMPLES,
    ),
}
