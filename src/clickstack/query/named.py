"""Named queries of a chart: what SQL in it can read by a name (reference/query-engine.md §2.1, `with`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from clickstack.core.chart import ChartConfig, Cte
from clickstack.core.errors import BadQuery, BadRequest
from clickstack.core.sql import Sql, ident

from .compose import shown_values
from .draft import BUCKET, group_name, select, subquery, value_name
from .naming import group_parts, value_names
from .usersql import checked

TIME = "__hdx_time_bucket"  # what the reference calls the column of buckets, and SQL written for it


def named_queries(named: Sequence[Cte], tables: Mapping[str, Sql]) -> Sql | None:
    """The WITH clause; `tables` are the queries of those that are charts. Raises BadQuery."""
    clauses = []
    for at, cte in enumerate(named):
        sql = tables[cte.name] if cte.chart is not None else checked(cte.sql, f"with.{at}.sql")
        clauses.append(Sql.of("(", sql, f") AS {cte.name}") if cte.scalar else Sql.of(f"{cte.name} AS (", sql, ")"))
    return Sql.of("WITH ", Sql.join(clauses, ",\n"), "\n") if clauses else None


def with_named(named: Sql | None, sql: Sql) -> Sql:
    """A query that can read the named ones."""
    return Sql.of(named, sql) if named else sql


def chart_as_table(chart: ChartConfig, sql: Sql, *, bucketed: bool) -> Sql:
    """A chart's rows under the names people know. It may be of another source: what it names is checked (reader.py)."""
    columns = [f"toDateTime({BUCKET}) AS {TIME}"] if bucketed else []
    if chart.show_groups:
        columns += [f"{group_name(index)} AS {ident(name)}" for index, (_, name) in enumerate(group_parts(chart))]
    names = value_names(chart)
    columns += [f"{value_name(index)} AS {ident(names[index])}" for index in shown_values(chart)]
    table = select([Sql.of(column) for column in columns], subquery(sql), [], [])
    return replace(table, names_tables=True)


@contextmanager
def of_named(at: int) -> Iterator[None]:
    """Faults inside tell which of the named queries they are in."""
    place = f"with.{at}.chartConfig"
    try:
        yield
    except BadQuery as error:
        raise BadQuery(f"{place}: {error.message}", position=error.position, hint=error.hint) from error
    except BadRequest as error:
        raise BadRequest(f"{place}: {error.message}") from error
