"""Charts as text for the command line: the SQL, and the answer as a table. Pure; who asks also prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clickstack.core.chart import ChartConfig, Filter, Select
from clickstack.core.clock import utc_datetime
from clickstack.core.source import Source

from .accelerate import Acceleration
from .compile import CompiledChart
from .run import ChartResult, readable_sql
from .shape import Point


def lucene_chart(text: str, source: Source) -> ChartConfig:
    """What a bare Lucene line asks: how many events over time."""
    return ChartConfig(source, (Select("count"),), where=Filter(text), granularity_s="auto")


def compiled_text(compiled: CompiledChart, acceleration: Acceleration | None = None) -> str:
    """The SQL, ready to copy, after comments that say what its columns are and which views it could use."""
    columns = ["__bucket: the start of the bucket, seconds since 1970"] if compiled.bucketed else []
    columns += [f"__group_{index}: {name}" for index, name in enumerate(compiled.groups)]
    columns += [f"value: {name}" for name in compiled.values]
    columns += [f"warning: {warning}" for warning in compiled.warnings]
    columns += acceleration_lines(acceleration)
    return "\n".join([*(f"-- {' '.join(column.split())}" for column in columns), readable_sql(compiled.sql)])


def result_text(result: ChartResult) -> str:
    """The points as a table; times are UTC. The last line tells what the engine did."""
    over_time = result.width_s is not None
    head = [*(["time"] if over_time else []), *result.groups, *result.values]
    rows = [_cells(point, over_time) for point in result.points]
    lines = _table(head, rows)
    if result.previous is not None:
        lines += ["", "previous period", *_table(head, [_cells(point, over_time) for point in result.previous])]
    statistics = result.statistics
    told = f"{len(result.points)} rows; read {statistics.rows_read:,} rows, {statistics.bytes_read:,} bytes"
    warnings = [f"warning: {warning}" for warning in result.warnings] + acceleration_lines(result.acceleration)
    return "\n".join([*lines, "", *warnings, f"{told} in {statistics.elapsed_s * 1000:.1f} ms"])


def acceleration_lines(acceleration: Acceleration | None) -> list[str]:
    """Which view answered, and what became of the others; nothing when the source has none."""
    lines = []
    for each in acceleration.tried if acceleration else ():
        if each.reason:
            told = f"not used: {each.reason}"
        elif acceleration and each.view == acceleration.view:
            told = f"used: {each.rows:,} rows instead of {acceleration.rows:,}"
        else:
            told = f"not used: {each.rows:,} rows, there is a cheaper way"
        lines.append(f"view {each.view}: {told}")
    return lines


def _cells(point: Point, over_time: bool) -> list[str]:
    time = [f"{utc_datetime(point.bucket_ms * 1_000_000):%Y-%m-%d %H:%M:%S}"] if over_time else []
    return [*time, *map(_cell, point.group), *map(_cell, point.values)]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    return [line.rstrip() for line in lines]
