"""Which materialized view answers a chart, if any: the one with which the engine reads the fewest rows.

The engine itself says how many rows a query would read (EXPLAIN ESTIMATE, some milliseconds), for the plain query as
well: a view is taken when it reads less than the source's own rows. That is also the last check of a view that is not
what its configuration says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from clickstack.core.errors import BadQuery, BadRequest
from clickstack.core.limits import VIEWS_TRIED_MAX
from clickstack.core.materialized_view import MaterializedView
from clickstack.core.sql import Sql
from clickstack.store import Store

from .compile import CompiledChart, compile_chart
from .draft import Context
from .kept import Unfit
from .reader import reach_of
from .views import fit


@dataclass(frozen=True, slots=True)
class ViewTried:
    """A view of the chart's source. `rows` is the number of rows that the engine expects to read with it, or `reason`
    says why it cannot answer."""

    view: str
    rows: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Acceleration:
    """What views did for a chart. `view` is the one used, None the source's own rows, of which `rows` are expected."""

    view: str | None
    rows: int | None
    tried: tuple[ViewTried, ...]


def accelerated(store: Store, context: Context, plain: CompiledChart) -> tuple[CompiledChart, Acceleration | None]:
    """The cheaper way to a chart of events. Without views there is no choice, and nothing is asked of the engine."""
    configured = (context.chart.source.materialized_views or ())[:VIEWS_TRIED_MAX]
    if not configured:
        return plain, None
    reach_of(store).check_called(plain.sql.called)  # the engine computes constants when it estimates
    tried: list[ViewTried] = []
    fitting: list[tuple[int, str, CompiledChart]] = []
    for wire in configured:
        name = ".".join(str(wire.get(key, "")) for key in ("databaseName", "tableName"))
        try:
            compiled = _compiled(store, context, wire, plain)
            rows = _estimate(store, compiled.sql)
        except Unfit as unfit:
            tried.append(ViewTried(name, None, str(unfit)))
        except (BadQuery, BadRequest) as error:
            tried.append(ViewTried(name, None, error.message))
        else:
            tried.append(ViewTried(name, rows, ""))
            fitting.append((rows, name, compiled))
    if not fitting:
        return plain, Acceleration(None, None, tuple(tried))
    plain_rows = _estimate(store, plain.sql)
    rows, name, compiled = min(fitting, key=lambda each: each[0])
    if rows >= plain_rows:
        return plain, Acceleration(None, plain_rows, tuple(tried))
    return compiled, Acceleration(name, plain_rows, tuple(tried))


def _compiled(store: Store, context: Context, wire: Mapping[str, Any], plain: CompiledChart) -> CompiledChart:
    """The chart with a view. Raises Unfit; BadRequest or BadQuery for a view that is not as configured."""
    if plain.sql.names_tables:
        raise Unfit("an SQL expression may read other tables")
    view = MaterializedView.from_wire(wire)
    use = fit(context, view, store.catalog.table(view.database_name, view.table_name))
    try:
        compiled = compile_chart(context.chart, [replace(context, view=use)])
    except BadQuery as error:
        raise Unfit(f"its dimensions do not suffice: {error.message}") from None
    return replace(compiled, warnings=plain.warnings)


def _estimate(store: Store, sql: Sql) -> int:
    """How many rows the engine expects to read."""
    return sum(row[3] for row in store.query(Sql.of("EXPLAIN ESTIMATE ", sql)).rows)
