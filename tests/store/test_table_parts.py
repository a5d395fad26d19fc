"""Lists of parts are read at most every moment, and anew after whatever we write."""

from __future__ import annotations

from clickstack.core.clock import FixedClock
from clickstack.core.limits import PARTS_AGE_S_MAX
from clickstack.core.result import QueryResult, Statistics
from clickstack.core.sql import Sql
from clickstack.store import Part, Store
from clickstack.store.catalog import Catalog


class Engine:
    """Counts what it is asked; `meanwhile` is done while it answers."""

    def __init__(self) -> None:
        self.asked = 0
        self.meanwhile = lambda: None

    def __call__(self, _sql: Sql) -> QueryResult:
        self.asked += 1
        self.meanwhile()
        return QueryResult((), [[f"p{self.asked}", "p", 1, 0, 9]], Statistics(0, 0, 0.0))


def test_parts_are_remembered_for_a_moment() -> None:
    engine, clock = Engine(), FixedClock()
    catalog = Catalog(engine, clock)
    assert catalog.parts("d", "t") == catalog.parts("d", "t") == (Part("p1", "p", 1, 0, 9),)
    catalog.parts("d", "other")
    assert engine.asked == 2
    clock.advance(PARTS_AGE_S_MAX)
    assert catalog.parts("d", "t")[0].name == "p3"


def test_what_was_read_while_rows_came_is_not_remembered() -> None:
    engine = Engine()
    catalog = Catalog(engine, FixedClock())
    engine.meanwhile = catalog.rows_changed
    catalog.parts("d", "t")
    engine.meanwhile = lambda: None
    assert catalog.parts("d", "t")[0].name == "p2"
    assert catalog.parts("d", "t")[0].name == "p2"


def test_our_own_writing_is_seen_at_once(store: Store) -> None:
    before = {part.name for part in store.catalog.parts("default", "otel_logs")}
    store.command("INSERT INTO otel_logs (Timestamp) VALUES ('2022-02-01 10:00:00'), ('2022-02-01 11:00:00')")
    (part,) = (part for part in store.catalog.parts("default", "otel_logs") if part.name not in before)
    assert (part.partition, part.rows, part.last_s - part.first_s) == ("20220201", 2, 3600)
    assert store.catalog.parts("default", "nosuch") == ()
