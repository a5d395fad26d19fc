"""Views of a source that hold its rows aggregated beforehand (reference/openapi-v2.json, `MaterializedView`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .errors import BadRequest
from .timerange import granularity_seconds


@dataclass(frozen=True, slots=True)
class AggregatedColumn:
    """`column` of the view holds `aggregate` of `source_column`; a count needs none."""

    column: str
    aggregate: str
    source_column: str | None = None


@dataclass(frozen=True, slots=True)
class MaterializedView:
    """A table with one row for each time step of `granularity_s` and each combination of the dimensions.

    `dimensions` are columns of the source's table, kept as they are. Before `min_date_ms` (milliseconds since 1970) the
    view holds nothing; None means it holds everything that the source's table does.
    """

    database_name: str
    table_name: str
    dimensions: tuple[str, ...]
    granularity_s: int
    timestamp_column: str
    aggregated: tuple[AggregatedColumn, ...]
    min_date_ms: int | None = None

    @property
    def name(self) -> str:
        return f"{self.database_name}.{self.table_name}"

    @staticmethod
    def from_wire(wire: Mapping[str, Any], where: str = "materializedViews") -> MaterializedView:
        """`where` names the place in the request for messages. Raises BadRequest."""
        aggregated = wire.get("aggregatedColumns")
        if not isinstance(aggregated, (list, tuple)) or not all(isinstance(each, Mapping) for each in aggregated):
            raise BadRequest(f"{where}.aggregatedColumns: a list of {{mvColumn, aggFn, sourceColumn}} is needed")
        return MaterializedView(
            database_name=_text(wire, "databaseName", where),
            table_name=_text(wire, "tableName", where),
            dimensions=_listed(_text(wire, "dimensionColumns", where, blank=True)),
            granularity_s=_granularity_s(wire, where),
            timestamp_column=_text(wire, "timestampColumn", where).strip("`"),
            aggregated=tuple(
                AggregatedColumn(
                    column=_text(each, "mvColumn", f"{where}.aggregatedColumns.{at}").strip("`"),
                    aggregate=_text(each, "aggFn", f"{where}.aggregatedColumns.{at}"),
                    source_column=str(each.get("sourceColumn") or "").strip() or None,
                )
                for at, each in enumerate(aggregated)
            ),
            min_date_ms=_moment_ms(wire.get("minDate"), where),
        )


def _text(wire: Mapping[str, Any], key: str, where: str, *, blank: bool = False) -> str:
    value = wire.get(key)
    if not isinstance(value, str) or not (blank or value.strip()):
        raise BadRequest(f"{where}.{key}: a text is needed")
    return value.strip()


def _listed(text: str) -> tuple[str, ...]:
    """`ServiceName, "SpanName"` → names without quotes."""
    return tuple(name for each in text.split(",") if (name := each.strip().strip('`"')))


def _granularity_s(wire: Mapping[str, Any], where: str) -> int:
    try:
        return granularity_seconds(_text(wire, "minGranularity", where))
    except BadRequest as error:
        raise BadRequest(f"{where}.minGranularity: {error.message.removeprefix('granularity: ')}") from None


def _moment_ms(text: Any, where: str) -> int | None:
    if text is None or text == "":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise BadRequest(f"{where}.minDate: {text!r} is not a time such as 2025-01-01T00:00:00Z") from None
    if not 1970 <= moment.year < 2200:
        raise BadRequest(f"{where}.minDate: must lie in the years 1970 to 2199")
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
