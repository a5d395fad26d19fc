"""A dashboard as it is stored: what everybody reads is typed, the rest is its wire form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

Wire = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tile:
    """One chart of a dashboard. `config` is its wire form, which `core.chart_wire` reads for most displays."""

    id: str
    name: str
    config: Wire

    @property
    def display(self) -> str:
        return str(self.config["displayType"])

    @property
    def is_raw_sql(self) -> bool:
        return self.config.get("configType") == "sql"

    @property
    def source_id(self) -> str | None:
        return self.config.get("sourceId")

    @property
    def sql(self) -> str:
        """The statement of a raw SQL tile."""
        return str(self.config["sqlTemplate"])

    @property
    def can_alert(self) -> bool:
        return self.display in ALERTABLE


ALERTABLE = frozenset({"line", "stacked_bar", "number", "table"})


@dataclass(frozen=True, slots=True)
class Dashboard:
    """`spec` is the published wire object without id and name (reference/openapi-v2.json, `Dashboard`).

    `created_by` is the id of a user, None when that person has left.
    """

    id: str
    team_id: str
    name: str
    spec: Wire
    created_by: str | None = None
    revision: int = 1
    created_ms: int = 0
    updated_ms: int = 0

    @property
    def tiles(self) -> tuple[Tile, ...]:
        return tuple(Tile(each["id"], each["name"], each["config"]) for each in self.spec["tiles"])

    @property
    def filters(self) -> list[Wire]:
        return list(self.spec["filters"])

    def tile(self, tile_id: str) -> Tile | None:
        return next((each for each in self.tiles if each.id == tile_id), None)

    def to_wire(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, **self.spec}


def wire_text(dashboard_id: str, name: str, spec: str) -> bytes:
    """The JSON of `to_wire`, made of a spec that was never read; it is the text of an object that is not empty.

    >>> wire_text("7f", 'a "b"', '{"tiles":[]}')
    b'{"id":"7f","name":"a \\\\"b\\\\"","tiles":[]}'
    """
    return f'{{"id":"{dashboard_id}","name":{orjson.dumps(name).decode()},{spec[1:]}'.encode()
