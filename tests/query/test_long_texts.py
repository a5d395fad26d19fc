"""Texts that a pattern could divide in many ways: reading one holds the interpreter, and so the whole server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from clickstack.api.paging import javascript_number
from clickstack.core.chart import ChartConfig, Filter, Order, Select
from clickstack.core.errors import Exposed
from clickstack.core.timerange import TimeRange
from clickstack.query.settle import settle
from query.cases import Cases
from query.seeds import source

MANY = 30_000
DIGITS = "1" * MANY


@contextmanager
def at_once() -> Iterator[None]:
    started_s = time.process_time()
    with suppress(Exposed):
        yield
    assert time.process_time() - started_s < 2


def test_a_number_that_is_none(cases: Cases) -> None:
    for field in ("SeverityNumber", "LogAttributes.status"):
        for text in (f"{field}:{DIGITS}x", f"{field}:>{DIGITS}x", f"{field}:[{DIGITS}x TO 5]"):
            with at_once():
                cases.conditions().read(Filter(text))


def test_an_order_without_direction() -> None:
    chart = ChartConfig(source("log"), (Select("count"),))
    with at_once():
        settle(replace(chart, order_by=(Order("count()" + " " * MANY + "x"),)), TimeRange(0, 60_000))


def test_a_number_of_an_address() -> None:
    with at_once():
        javascript_number(DIGITS + "x")
