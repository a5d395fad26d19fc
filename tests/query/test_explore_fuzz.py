"""No text, however strange, makes exploring fail in another way than by telling the caller what is wrong."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clickstack.core.chart import Filter
from clickstack.core.errors import BadQuery, BadRequest
from clickstack.core.timerange import TimeRange
from clickstack.query.events import Scope
from clickstack.query.facets import find_facets
from clickstack.query.heatmap import find_heatmap
from clickstack.query.patterns import find_patterns
from clickstack.query.values import Wanted, find_values
from clickstack.store import Store
from query.explore_seeds import seed_logs, source

PIECES = [
    "Body", "ServiceName", "LogAttributes", "ResourceAttributes", "Timestamp", "LogAttributeItems", ".", "['", "']",
    "plan", "host.name", "'", '"', "`", "(", ")", "[", "]", ",", ";", " ", "--", "/*", "*/", "toString", "lower",
    "SELECT 1", "system.parts", "{p1:String}", "1", "*", "x -> x", "\\", "é", "\x00", "count()", "sum", "arrayJoin",
    "NULL", "GROUP BY",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
DAY = TimeRange(1677888000000, 1677888000000 + 86_400_000)


@pytest.fixture(scope="module")
def shop(_engine: Store) -> Store:
    _engine.command("TRUNCATE TABLE otel_logs")
    seed_logs(_engine)
    return _engine


@given(texts, texts, st.sampled_from(["", "SeverityText:error"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text(shop: Store, key: str, looked_for: str, where: str) -> None:
    scope = Scope(source("log"), DAY, Filter(where))
    for ask in (
        lambda: find_values(shop, scope, key, 10, Wanted(looked_for, looked_for)),
        lambda: find_facets(shop, scope, [key, "ServiceName"], 10),
        lambda: find_patterns(shop, scope, 10, key),
        lambda: find_heatmap(shop, scope, 10, "log", key),
    ):
        with contextlib.suppress(BadQuery, BadRequest):
            ask()
