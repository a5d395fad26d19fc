"""Every operation that is described."""

from __future__ import annotations

from . import alerts, dashboards, objects, queries, sources, team
from .operation import Operations

OPERATIONS: Operations = {
    **queries.OPERATIONS,
    **dashboards.OPERATIONS,
    **sources.OPERATIONS,
    **alerts.OPERATIONS,
    **objects.OPERATIONS,
    **team.OPERATIONS,
}

# model → its name in the document, where the one in the code needs the room around it
NAMES = {model.__name__: f"{model.__name__}Config" for model in dashboards.CONFIGS} | {
    "Container": "DashboardContainer",
    "Tab": "DashboardTab",
}
