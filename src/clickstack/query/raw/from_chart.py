"""A chart built of fields, written out as raw SQL to go on with by hand (reference/query-engine.md §4.7).

The chart is compiled for a range and a bucket width that occur nowhere else; where they then stand in its query, the
parameters of the real ones are put. So there is one compiler, and every chart it knows can be written out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from clickstack.core.chart import ChartConfig, Filter
from clickstack.core.sql import Param, Sql, ident
from clickstack.core.timerange import TimeRange, auto_granularity_seconds

from ..run import Runner, readable_sql

_WIDTHS_S = (7_207, 7_211, 7_213, 7_219, 7_229, 7_237, 7_243, 7_247)  # primes that few people write
_BUCKETS = 101
_FILTERS = "'here are the filters' = ''"
_LOOKBACK_MS_MAX = 400 * 24 * 3600 * 1000


def marked_chart(chart: ChartConfig) -> tuple[ChartConfig, TimeRange, int]:
    """The chart with a mark where dashboard filters belong, and a range and width of its own."""
    said = repr(chart)
    width_s = next((each for each in _WIDTHS_S if str(each) not in said), _WIDTHS_S[0])
    start_ms = 200_000 * width_s * 1000
    filters = (*chart.filters, Filter(_FILTERS, "sql")) if chart.filters_operator == "AND" else chart.filters
    marked = replace(
        chart,
        filters=filters,
        granularity_s=width_s if chart.granularity_s else None,
        compare_to_previous=False,
        fill=False,
    )
    return marked, TimeRange(start_ms, start_ms + _BUCKETS * width_s * 1000), width_s


def raw_sql_of(runner: Runner, chart: ChartConfig) -> str:
    """A statement that answers what the chart does, in the range and width of whoever runs it.

    Its source must be the chart's. Raises BadQuery and BadRequest, as compiling does.
    """
    marked, time_range, width_s = marked_chart(chart)
    compiled = runner.compile(marked, time_range)
    text = "".join(_piece(part, time_range, width_s) for part in compiled.sql.parts)
    for number, parameter in _numbers(marked, time_range, width_s):
        text = re.sub(rf"\b{number}(?:\.0)?\b", parameter, text)
    text = text.replace(f"({_FILTERS})", "$__filters")
    for table, macro in _tables(chart):
        text = text.replace(f"FROM {table}", f"FROM {macro}")
    return text


def renamed(text: str, columns: Iterable[str], names: Iterable[str], *, bucketed: bool) -> str:
    """The statement with columns called as the chart calls them; the bucket is a moment called `ts`."""
    shown = [
        f"toDateTime({ident(column)}) AS ts" if bucketed and at == 0 else f"{ident(column)} AS {ident(name)}"
        for at, (column, name) in enumerate(zip(columns, names, strict=True))
    ]
    inner = text.replace("\n", "\n    ")
    order = "\nORDER BY ts" if bucketed else ""
    return f"SELECT {', '.join(shown)}\nFROM (\n    {inner}\n){order}"


def _numbers(chart: ChartConfig, time_range: TimeRange, width_s: int) -> Iterable[tuple[str, str]]:
    """The marks as they stand in the text of a query, and what they mean."""
    start, end = "{startDateMilliseconds:Int64}", "{endDateMilliseconds:Int64}"
    yield str(width_s * 1000), "{intervalMilliseconds:Int64}"
    yield str(width_s), "{intervalSeconds:Int64}"
    yield str(time_range.start_ms // 1000), f"({start} / 1000)"
    yield str(time_range.end_ms // 1000), f"({end} / 1000)"
    yield str(_BUCKETS * width_s), f"(({end} - {start}) / 1000)"
    if chart.granularity_s is None:  # metrics have inner buckets all the same, as wide as a raw chart's by default
        yield rf"(?<=toIntervalSecond\(){auto_granularity_seconds(time_range)}", "{intervalSeconds:Int64}"


def _piece(part: str | Param, time_range: TimeRange, width_s: int) -> str:
    if isinstance(part, str):
        return part
    value = part.value
    if part.type != "Int64" or not isinstance(value, int):
        return readable_sql(Sql.of(part))
    if value == time_range.end_ms:
        return "{endDateMilliseconds:Int64}"
    back_ms = time_range.start_ms - value
    if back_ms == 0:
        return "{startDateMilliseconds:Int64}"
    if not 0 < back_ms < _LOOKBACK_MS_MAX:
        return readable_sql(Sql.of(part))
    buckets, rest_ms = divmod(back_ms, width_s * 1000)
    width = f"{buckets} * {{intervalMilliseconds:Int64}}" if buckets and not rest_ms else str(back_ms)
    return f"{{startDateMilliseconds:Int64}} - {width}"


def _tables(chart: ChartConfig) -> Iterable[tuple[str, str]]:
    database = ident(chart.source.database_name)
    if chart.source.kind != "metric":
        yield f"{database}.{ident(chart.source.table_name)}", "$__sourceTable"
    for kind, table in sorted((chart.source.metric_tables or {}).items(), key=lambda each: -len(each[1])):
        yield f"{database}.{ident(table)}", f"$__sourceTable({kind})"
