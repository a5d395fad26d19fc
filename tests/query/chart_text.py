"""Charts as a few lines of text, for golden files: `select: quantile(0.95) Duration AS p95 if ServiceName:web`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from clickstack.core.chart import ChartConfig, Filter, Formula, Metric, Order, Select
from clickstack.core.timerange import TimeRange, granularity_seconds
from query.seeds import source

SELECT = re.compile(
    r"(?P<delta>delta )?(?P<aggregate>\w+)(?:\((?P<level>[\d.]+)\))?(?: (?!if |AS )(?P<expression>.+?))?"
    r"(?: AS (?P<alias>.+?))?(?: if (?P<where>.*))?"
)
APRIL_CHARTS = ("gap.", "ratio.", "grpratio.", "col.", "tbl.", "form.", "mix.")


def read_chart(text: str) -> tuple[ChartConfig, TimeRange]:
    """The chart and range of a request. A `metric:` line is of the selects after it."""
    lines = [line.partition(": ")[::2] for line in text.splitlines()]
    said = dict(lines)
    start, minutes = said.get("range", "2022-01-05T00:00 10").split()
    start_ms = int(datetime.fromisoformat(start + "+00:00").timestamp() * 1000)
    language, _, where = said.get("where", "lucene ").partition(" ")
    width = said.get("granularity")
    limit, _, offset = said.get("limit", "").partition(" offset ")
    chart = ChartConfig(
        source=source("metric" if "metric" in said else said.get("source", "log")),
        select=tuple(_selects(lines)),
        where=Filter(where, language),  # type: ignore[arg-type]
        group_by=tuple(value for key, value in lines if key == "group by"),
        granularity_s=width if width == "auto" else granularity_seconds(width) if width else None,  # type: ignore[arg-type]
        display=said.get("display", "line"),  # type: ignore[arg-type]
        filters=tuple(Filter(value) for key, value in lines if key == "filter"),
        having=said.get("having", ""),
        order_by=tuple(_order(value) for key, value in lines if key == "order by"),
        limit=int(limit) if limit else None,
        offset=int(offset or 0),
        ratio=said.get("ratio"),  # type: ignore[arg-type]
        formulas=tuple(_formula(value) for key, value in lines if key == "formula"),
        show_operands="hide operands" not in text,
        series_limit=int(said["series limit"]) if "series limit" in said else None,
        other="with other" in text,
        align="align" in text,
        fill="fill" in text,
        compare_to_previous="compare" in text,
        time_zone=said.get("time zone", "UTC"),
    )
    return chart, TimeRange(start_ms, start_ms + int(float(minutes) * 60_000))


def _selects(lines: list[tuple[str, ...]]) -> Iterator[Select]:
    metric: Metric | None = None
    for key, value in lines:
        if key == "metric":
            kind, _, name = value.rpartition(" ")
            metric = Metric(name, kind)  # type: ignore[arg-type]
        if key == "select":
            yield _select(value, metric)


def _select(text: str, metric: Metric | None) -> Select:
    match = SELECT.fullmatch(text)
    assert match, text
    return Select(
        match["aggregate"],  # type: ignore[arg-type]
        match["expression"],
        float(match["level"]) if match["level"] else None,
        Filter(match["where"] or ""),
        metric,
        alias=match["alias"],
        is_delta=bool(match["delta"]),
    )


def _formula(text: str) -> Formula:
    """`A / B AS share, gap`"""
    body, gap, _ = text.partition(", gap")
    expression, _, alias = body.partition(" AS ")
    return Formula(expression, alias or None, "gap" if gap else "zero")


def _order(text: str) -> Order:
    return Order(text.removesuffix(" DESC"), text.endswith(" DESC"))
