"""Exploring with texts that the engine refuses: the request's field is told, and nothing of our own SQL is shown."""

# ruff: noqa: E501  (a question and its answer, one line each)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from clickstack.core.chart import Filter
from clickstack.core.errors import BadQuery
from clickstack.core.timerange import TimeRange
from clickstack.query.deltas import Group, find_deltas
from clickstack.query.events import Scope
from clickstack.query.facets import find_facets
from clickstack.query.heatmap import find_heatmap
from clickstack.query.patterns import find_patterns
from clickstack.query.values import find_values
from clickstack.store import Store
from query.seeds import source

SCOPE = Scope(replace(source("log"), id="logs"), TimeRange(1_641_340_800_000, 1_641_341_400_000))
OF_LOGS = "For an attribute write LogAttributes.nope"
NO_CONDITION = "Compare it with something, as in ServiceName = 'web'."


def sql(text: str) -> Filter:
    return Filter(text, "sql")


ASKED: dict[str, tuple[Callable[[Store], object], str, int | None, str | None]] = {
    "a key": (lambda store: find_values(store, SCOPE, "lower(nope)", 5), "key: There is no column 'nope'.", 6, OF_LOGS),
    "half a key": (lambda store: find_values(store, SCOPE, "Body +", 5), "key: This is no complete SQL expression.", None, None),
    "two keys in one": (lambda store: find_values(store, SCOPE, "lower(Body) upper(Body)", 5), "key: Syntax error near: upper(Body)", 12, None),
    "one of two facets": (lambda store: find_facets(store, SCOPE, ["ServiceName", "length(nope)"], 5), "keys.1: There is no column 'nope'.", 7, OF_LOGS),
    "a selection": (lambda store: find_facets(store, SCOPE, ["ServiceName", "Body"], 5, {"ServiceName": sql("Body = 'a' AN 1")}),
                    "selected ServiceName: Syntax error near: AN 1", 11, None),
    "a filter": (lambda store: find_values(store, replace(SCOPE, where=sql("Body")), "ServiceName", 5), "where: This is no condition.", None, NO_CONDITION),
    "a second filter": (lambda store: find_values(store, replace(SCOPE, filters=(sql("1"), sql("nope = 1"))), "ServiceName", 5),
                        "filters.1: There is no column 'nope'.", 0, OF_LOGS),
    "the source's filter": (lambda store: find_values(store, replace(SCOPE, source=replace(SCOPE.source, table_filter_expression="nope = 1")), "ServiceName", 5),
                            "tableFilterExpression: There is no column 'nope'.", 0, OF_LOGS),
    "a heatmap": (lambda store: find_heatmap(store, SCOPE, 10, expression="1 2"), "expression: Syntax error near: 2", 2, None),
    "a heatmap's cells": (lambda store: find_heatmap(store, SCOPE, 10, expression="SeverityNumber", count_expression="avg(Body) +"),
                          "countExpression: This is no complete SQL expression.", None, None),
    "patterns": (lambda store: find_patterns(store, SCOPE, 5, expression="concat(Body, nope)"), "expression: There is no column 'nope'.", 13, OF_LOGS),
    "deltas": (lambda store: find_deltas(store, SCOPE, Group(sql("SeverityText = 'error'")), Group(sql("SeverityTxt = 'info'")), 5),
               "baseline.where: There is no column 'SeverityTxt'.", 0, "Did you mean SeverityText, SeverityNumber? For an attribute write LogAttributes.SeverityTxt"),
}  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
def test_the_field_is_told(store: Store, asked: str) -> None:
    store.command("INSERT INTO otel_logs (Timestamp, SeverityNumber, Body) VALUES ('2022-01-05 00:00:00', 1, 'a')")
    ask, message, position, hint = ASKED[asked]
    with pytest.raises(BadQuery) as told:
        ask(store)
    assert (told.value.message, told.value.position, told.value.hint) == (message, position, hint)
