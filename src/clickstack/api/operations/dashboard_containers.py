"""Containers, their tabs, and the tiles that join them (reference/api-v2.md §7.8)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from clickstack.core.limits import CONTAINER_TABS_MAX, DASHBOARD_CONTAINERS_MAX

from ..wire import WireModel
from .dashboard_grammar import Broken, Items, Wire
from .tile_fields import ABSENT, Name


class Tab(WireModel):
    id: Name
    title: Name


class Container(WireModel):
    id: Name
    title: Name
    collapsed: bool
    collapsible: bool = True
    bordered: bool = True
    tabs: Annotated[list[Tab], Items(most=CONTAINER_TABS_MAX)] = ABSENT


def _broken_containers(containers: list[Wire]) -> Iterable[Broken]:
    seen: set[str] = set()
    for index, container in enumerate(containers):
        if container["id"] in seen:
            yield (index, "id"), f'Container IDs must be unique: "{container["id"]}"'
        seen.add(container["id"])
        tabs: set[str] = set()
        for position, tab in enumerate(container.get("tabs", [])):
            if tab["id"] in tabs:
                text = f'Duplicate tab id "{tab["id"]}" in container "{container["id"]}"'
                yield (index, "tabs", position, "id"), text
            tabs.add(tab["id"])


Containers = Annotated[list[Container], Items(most=DASHBOARD_CONTAINERS_MAX, rules=_broken_containers)]


def broken_joins(tiles: list[Wire], containers: list[Wire]) -> Iterable[Broken]:
    """The tiles that join what is not there."""
    tabs_of = {each["id"]: {tab["id"] for tab in each.get("tabs", [])} for each in containers}
    for index, tile in enumerate(tiles):
        container, tab = tile.get("containerId"), tile.get("tabId")
        if container is not None and container not in tabs_of:
            yield ("tiles", index, "containerId"), f'Tile references unknown containerId "{container}"'
        elif tab is not None and container is None:
            yield ("tiles", index, "tabId"), "tabId requires containerId to be set"
        elif tab is not None and tab not in tabs_of[container]:
            yield ("tiles", index, "tabId"), f'Tile references unknown tabId "{tab}" in container "{container}"'
