"""Segments become rows once, whatever the store does."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from clickstack.core.clock import Clock, SystemClock
from clickstack.core.errors import BadQuery, Busy, ClickstackError, StoreFailed, TooLarge
from clickstack.core.ids import IdSource, RandomIds
from clickstack.core.settings import Settings
from clickstack.core.sql import Sql
from clickstack.ingest import Ingest, loader, open_ingest
from clickstack.ingest.frame import seal
from clickstack.ingest.projections import PROJECTIONS
from clickstack.ingest.signals import LOG
from clickstack.store import Load, Store
from ingest.requests import START_NS, count_rows, gauges, logs, sums


class WilfulStore:
    """A store in front of the real one (or none), that fails as `rule` says for each load."""

    def __init__(self, rule: Callable[[Load, bytes], ClickstackError | None], store: Store | None = None) -> None:
        self.rule = rule
        self.store = store
        self.tokens: list[tuple[str, str]] = []
        self.changed = threading.Condition()

    def load(self, load: Load) -> int:
        data = load.path.read_bytes()
        error = self.rule(load, data)
        with self.changed:
            self.tokens.append((load.table, load.token))
            self.changed.notify_all()
        if error:
            raise error
        return self.store.load(load) if self.store else 0

    def sync(self) -> None:
        if self.store:
            self.store.sync()

    def wait_for_loads(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.tokens) >= count, 20)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "_ATTEMPT_DELAY_S_MIN", 0.01)
    monkeypatch.setattr(loader, "SPOOL_LOAD_ATTEMPT_DELAY_S_MAX", 0.02)


def opened(tmp_path: Path, store: object) -> Ingest:
    clock: Clock = SystemClock()
    ids: IdSource = RandomIds(clock)
    return open_ingest(tmp_path, store, Settings(data_dir=tmp_path), clock, ids)  # type: ignore[arg-type]


def _load_of_logs(path: Path, token: str) -> Load:
    projection = PROJECTIONS["logs"][0]
    return Load(
        table=projection.table,
        columns=projection.columns,
        select=projection.select,
        structure=projection.structure,
        proto=projection.proto,
        message="Request",
        path=path.resolve(),
        token=token,
    )


def _delimited(request: bytes) -> bytes:
    """As it lies in a segment, with its time of receipt."""
    return b"".join(seal(request, seed=1, received_ns=START_NS, kinds=LOG, records=1))


def dead_letters(tmp_path: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted((tmp_path / "dead-letters").glob("*.json"))]


@pytest.mark.parametrize("error", [StoreFailed("connection refused"), Busy("too many queries")])
def test_a_store_that_is_away_costs_nothing(tmp_path: Path, store: Store, error: ClickstackError) -> None:
    away = [True]
    wilful = WilfulStore(lambda load, data: error if away else None, store)
    ingest = opened(tmp_path, wilful)
    ingest.accept("logs", logs(["a", "b"]))
    wilful.wait_for_loads(3)
    ingest.accept("logs", logs(["c"]))
    assert ingest.counters()["logs"].queued == 3
    away.clear()
    assert ingest.close(20)
    assert count_rows(store, "otel_logs") == 3
    assert ingest.counters()["logs"].failed_loads >= 3
    assert dead_letters(tmp_path) == []


def test_one_bad_request_does_not_stop_the_others(tmp_path: Path, store: Store) -> None:
    wilful = WilfulStore(lambda load, data: BadQuery("Cannot parse.") if b"poison" in data else None, store)
    ingest = opened(tmp_path, wilful)
    for body in ("a", "b", "poison", "c", "d", "e"):
        ingest.accept("logs", logs([body, body]), wait=False)
    assert ingest.close(20)
    counters = ingest.counters()["logs"]
    assert (counters.accepted, counters.loaded, counters.dead, counters.queued) == (12, 10, 2, 0)
    assert count_rows(store, "otel_logs") == 10
    (note,) = dead_letters(tmp_path)
    assert (note["signal"], note["table"], note["records"], note["reason"]) == ("logs", "otel_logs", 2, "Cannot parse.")
    (body,) = (tmp_path / "dead-letters").glob("*.pb")
    assert body.read_bytes() == logs(["poison", "poison"])
    assert not list((tmp_path / "spool" / "logs").iterdir())


def test_nobody_is_blamed_while_the_table_takes_nothing(tmp_path: Path, store: Store) -> None:
    broken = [True]
    wilful = WilfulStore(lambda load, data: BadQuery("No such column.") if broken else None, store)
    ingest = opened(tmp_path, wilful)
    ingest.accept("logs", logs(["a"]))
    ingest.accept("logs", logs(["b"]))
    wilful.wait_for_loads(12)
    assert dead_letters(tmp_path) == []
    broken.clear()
    assert ingest.close(20)
    assert count_rows(store, "otel_logs") == 2


def test_a_lone_bad_request_is_condemned_by_the_next_good_one(tmp_path: Path, store: Store) -> None:
    wilful = WilfulStore(lambda load, data: BadQuery("Bad.") if b"poison" in data else None, store)
    ingest = opened(tmp_path, wilful)
    ingest.accept("logs", logs(["poison"]))
    wilful.wait_for_loads(3)
    assert dead_letters(tmp_path) == []
    ingest.accept("logs", logs(["fine"]))
    assert ingest.close(20)
    assert len(dead_letters(tmp_path)) == 1
    assert count_rows(store, "otel_logs") == 1


def test_a_table_taking_pieces_takes_pieces_after_a_restart(tmp_path: Path) -> None:
    wilful = WilfulStore(lambda load, data: BadQuery("Bad.") if load.token.count("-") < 2 else Busy("later"))
    ingest = opened(tmp_path, wilful)
    ingest.accept("logs", logs(["a"]))
    wilful.wait_for_loads(3)
    ingest.close(0.1)
    calm = WilfulStore(lambda load, data: None)
    assert opened(tmp_path, calm).close(20)
    assert [token.count("-") for _, token in calm.tokens] == [2]


def test_of_a_torn_line_in_a_marker_nothing_counts(tmp_path: Path) -> None:
    """As a full disk left it, and as the next line was put behind it."""
    ingest = opened(tmp_path, WilfulStore(lambda load, data: Busy("later")))
    for body in ("a", "b", "c", "d"):
        ingest.accept("logs", logs([body]), wait=False)
    ingest.close(0.1)
    (segment,) = (tmp_path / "spool" / "logs").glob("*.segment")
    marker = segment.with_name(f"{segment.stem}.otel_logs.refused")
    marker.write_text("stored 0-2\nsplit 2-4\nstored 3-stored 3-4\ndead 2-")
    calm = WilfulStore(lambda load, data: None)
    assert opened(tmp_path, calm).close(20)
    assert [token.removeprefix(segment.stem) for _, token in calm.tokens] == ["-2-3", "-3-4"]


def test_a_request_harmed_on_disk_while_it_waits_costs_no_other(
    tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    away = [True]
    wilful = WilfulStore(lambda load, data: Busy("later") if away else None, store)
    ingest = opened(tmp_path, wilful)
    for body in ("a", "b", "harmed", "c", "d"):
        ingest.accept("logs", logs([body]), wait=False)
    wilful.wait_for_loads(1)
    (segment,) = (tmp_path / "spool" / "logs").glob("*.segment")
    with segment.open("r+b") as file:
        file.seek(segment.read_bytes().index(b"harmed") - 2)
        file.write(b"\xff\xff")
    ingest.accept("logs", logs(["e"]))
    away.clear()
    assert ingest.close(20)
    bodies = store.query(Sql.of("SELECT arraySort(groupArray(Body)) FROM otel_logs")).scalar()
    assert bodies == ["a", "b", "c", "d", "e"]
    assert segment.with_suffix(".damaged").exists()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "requests in the spool are damaged"
    ]


def test_a_segment_that_somebody_removed_is_not_waited_for(tmp_path: Path) -> None:
    wilful = WilfulStore(lambda load, data: Busy("later"))
    ingest = opened(tmp_path, wilful)
    ingest.accept("logs", logs(["a"]))
    wilful.wait_for_loads(1)
    for segment in (tmp_path / "spool" / "logs").iterdir():
        segment.unlink()
    assert ingest.close(20)
    assert ingest.spool_bytes() == 0


def test_a_table_that_comes_and_goes_stores_everything_once(tmp_path: Path, store: Store) -> None:
    chance = random.Random(5)
    refuse = [True]

    def moody(load: Load, data: bytes) -> ClickstackError | None:
        if not refuse:
            return None
        return chance.choice([None, BadQuery("Bad."), BadQuery("Bad."), Busy("later")])

    ingest = opened(tmp_path, WilfulStore(moody, store))
    for number in range(40):
        ingest.accept("logs", logs([f"{number}"]), wait=number % 8 == 0)
    ingest.flush(2)
    refuse.clear()
    assert ingest.close(20)
    counters = ingest.counters()["logs"]
    rows = store.query(Sql.of("SELECT count(), uniqExact(Body) FROM otel_logs")).rows
    assert rows == [[40 - counters.dead, 40 - counters.dead]]
    assert sum(int(str(note["records"])) for note in dead_letters(tmp_path)) == counters.dead


def test_replay_and_log_tables_are_loaded_only_for_what_is_there(tmp_path: Path) -> None:
    calm = WilfulStore(lambda load, data: None)
    ingest = opened(tmp_path, calm)
    ingest.accept("logs", logs(["a"]))
    assert ingest.flush(20)
    ingest.accept("logs", logs(["b"], session=True))
    ingest.accept("metrics", gauges(["m"]))
    assert ingest.close(20)
    assert sorted(table for table, _ in calm.tokens) == [
        "hyperdx_sessions",
        "otel_logs",
        "otel_logs",
        "otel_metrics_gauge",
    ]


def test_the_same_segment_loaded_twice_stores_once(tmp_path: Path, store: Store) -> None:
    failures = [StoreFailed("the answer was lost")]

    class Forgetful(WilfulStore):
        """Stores, then fails once."""

        def load(self, load: Load) -> int:
            rows = super().load(load)
            if failures:
                raise failures.pop()
            return rows

    ingest = opened(tmp_path, Forgetful(lambda load, data: None, store))
    ingest.accept("logs", logs([f"line {index}" for index in range(1000)], days=3))
    assert ingest.close(20)
    assert count_rows(store, "otel_logs") == 1000


def test_a_large_segment_is_one_part_a_day_and_loaded_twice_stores_once(tmp_path: Path, store: Store) -> None:
    """Large: the engine reads it in several pieces."""
    request = logs([f"{index} {'x' * 300}" for index in range(40_000)], days=2)
    counts = Sql.of(
        "SELECT count() FROM system.parts WHERE active AND database = currentDatabase() AND table = 'otel_logs'"
    )
    rolled_up = Sql.of("SELECT sum(count) FROM otel_logs_kv_rollup_15m WHERE Key = 'ServiceName'")
    for _ in range(2):
        request_file = tmp_path / "request"
        request_file.write_bytes(_delimited(request))
        store.load(_load_of_logs(request_file, token=f"large-{tmp_path}"))
        store.sync()
        assert count_rows(store, "otel_logs") == 40_000
        assert store.query(rolled_up).scalar() == 40_000
        assert store.query(counts, pool="admin").scalar() == 2


def test_a_segment_goes_when_all_its_tables_are_on_disk(tmp_path: Path) -> None:
    events: list[str] = []

    class Recording(WilfulStore):
        def load(self, load: Load) -> int:
            events.append(load.table)
            return super().load(load)

        def sync(self) -> None:
            kept = len(list((tmp_path / "spool" / "metrics").glob("*.segment")))
            events.append(f"sync, {kept} kept")
            if events.count("sync, 1 kept") == 1:
                raise StoreFailed("syncfs failed")

    ingest = opened(tmp_path, Recording(lambda load, data: None))
    ingest.accept("metrics", gauges(["a"]) + sums(["b"]))
    assert ingest.close(20)
    assert events == ["otel_metrics_gauge", "otel_metrics_sum", "sync, 1 kept", "sync, 1 kept"]
    assert not list((tmp_path / "spool" / "metrics").iterdir())


def test_what_is_not_loaded_at_the_end_is_loaded_at_the_next_start(tmp_path: Path, store: Store) -> None:
    ingest = opened(tmp_path, WilfulStore(lambda load, data: Busy("never")))
    ingest.accept("logs", logs(["kept"]))
    assert not ingest.close(0.1)
    with pytest.raises(Busy):
        ingest.accept("logs", logs(["late"]))
    assert opened(tmp_path, store).close(20)
    assert count_rows(store, "otel_logs") == 1


def test_a_full_budget_is_busy(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, spool_mb=1)
    clock = SystemClock()
    away = WilfulStore(lambda load, data: Busy("away"))
    ingest = open_ingest(tmp_path, away, settings, clock, RandomIds(clock))  # type: ignore[arg-type]
    for _ in range(10):
        ingest.accept("logs", logs(["x" * 100_000]))
    with pytest.raises(Busy, match="spool is full") as refusal:
        ingest.accept("logs", logs(["x" * 100_000]))
    assert refusal.value.retry_after_s > 0
    assert 900_000 < ingest.spool_bytes() <= 1024 * 1024
    with pytest.raises(TooLarge, match="larger than the whole"):
        ingest.accept("logs", logs(["x" * 2_000_000]))
    ingest.close(0.1)


def test_quiet_requests_leave_no_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "clickstack")
    calm = WilfulStore(lambda load, data: None)
    ingest = opened(tmp_path, calm)
    ingest.accept("logs", logs(["own"]), quiet=True)
    assert ingest.flush(20)
    assert caplog.records == []
    ingest.accept("logs", logs(["a"]))
    assert ingest.close(20)
    assert [(record.message, record.fields["rows"]) for record in caplog.records] == [("loaded", 1)]  # type: ignore[attr-defined]


def test_a_long_key_over_a_long_list_is_not_written_for_each_item(ingest: Ingest, store: Store) -> None:
    """Two hundred kilobytes that would be five gigabytes cost the members and records beside them nothing."""
    body = json.dumps({"k" * 100_000: [1] * 50_000, "c": {"d": 3}})
    ingest.accept("logs", logs([body, json.dumps({"a": {"b": [1, 2]}})]))
    assert ingest.flush(20)
    found = store.query(
        Sql.of("SELECT sum(length(LogAttributes)), max(length(toString(LogAttributes))) FROM otel_logs")
    )
    assert list(found.rows[0]) == [2 + 2, 100_000 + 100_001 + len("{'':'','c.d':'3'}")]
