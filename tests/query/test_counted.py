"""What was counted beforehand says the same as the events, and tells when it does not know everything."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from clickstack.core.chart import Filter
from clickstack.core.sql import literal
from clickstack.core.timerange import TimeRange
from clickstack.query import counted
from clickstack.query.events import Scope
from clickstack.query.facets import find_facets
from clickstack.query.keys import find_keys
from clickstack.query.values import Wanted, find_values
from clickstack.store import Store
from query.explore_seeds import source

DAY = TimeRange(1677888000000, 1677888000000 + 86_400_000)  # 2023-03-04
EVERYTHING = Filter("1", "sql")  # a filter, so that the events themselves are asked


@pytest.fixture
def events(store: Store) -> list[dict[str, str]]:
    """300 logs in three parts, with attributes by chance; and a part of another day."""
    chance = random.Random(4)
    all_events = []
    for part in range(4):
        rows = []
        for _ in range(100):
            event = {key: chance.choice(["", "x", "X y", "a=b", "ü'\\", str(chance.randrange(3))]) for key in KEYS}
            event = {key: value for key, value in event.items() if chance.random() < 0.7}
            time = f"2023-03-0{4 if part < 3 else 5} {chance.randrange(24):02d}:{chance.randrange(60):02d}:00"
            pairs = ", ".join(f"{literal(key)}: {literal(value)}" for key, value in event.items())
            rows.append(f"('{time}', 'svc{chance.randrange(3)}', {{{pairs}}})")
            if part < 3:
                all_events.append(event)
        store.command(f"INSERT INTO otel_logs (Timestamp, ServiceName, LogAttributes) VALUES {', '.join(rows)}")
    return all_events


KEYS = ("a", "b", "a.b", "my key", "k'")


def test_keys_are_those_of_the_events(store: Store, events: list[dict[str, str]]) -> None:
    found = find_keys(store, Scope(source("log"), DAY))
    assert {key.attribute: key.count for key in found.keys if key.attribute} == Counter(
        key for event in events for key in event
    )
    again = find_keys(store, Scope(source("log"), DAY, EVERYTHING))
    assert again.keys == found.keys


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(prefix="x"), Wanted(contains="Y"), Wanted("x", "y")])
def test_the_index_and_the_events_agree(store: Store, events: list[dict[str, str]], wanted: Wanted) -> None:
    for key in KEYS:
        values = Counter(event[key] for event in events if event.get(key))
        expected = {
            value: count
            for value, count in values.items()
            if value.lower().startswith(wanted.prefix) and wanted.contains.lower() in value.lower()
        }
        indexed = find_values(store, Scope(source("log"), DAY), f"LogAttributes.{key}", 20, wanted)
        scanned = find_values(store, Scope(source("log"), DAY, EVERYTHING), f"LogAttributes.{key}", 20, wanted)
        assert (indexed.method, indexed.estimated, indexed.truncated) == ("index", False, False)
        assert (scanned.method, scanned.estimated, scanned.truncated) == ("scan", False, False)
        assert dict(indexed.values) == expected
        assert indexed.values == scanned.values


def test_facets_agree_with_and_without_a_filter(store: Store, events: list[dict[str, str]]) -> None:
    keys = ["ServiceName", "LogAttributes.a", "LogAttributes.my key"]
    counted_before = find_facets(store, Scope(source("log"), DAY), keys, 20)
    scanned = find_facets(store, Scope(source("log"), DAY, EVERYTHING), keys, 20)
    assert [facet.values for facet in counted_before.facets] == [facet.values for facet in scanned.facets]
    assert [facet.method for facet in counted_before.facets] == ["rollup", "index", "index"]


def test_a_dictionary_too_long_to_read_says_so(
    store: Store, events: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted, "DICTIONARY_TOKENS_MAX", 2)
    found = find_values(store, Scope(source("log"), DAY), "LogAttributes.a", 20)
    assert found.truncated
    assert len(found.values) <= 2
    typed = find_values(store, Scope(source("log"), DAY), "LogAttributes.a", 20, Wanted(prefix="X "))
    assert [value for value, _ in typed.values] == ["X y"]  # found although it lies behind what was read


def test_an_engine_without_dictionaries_reads_the_events(
    store: Store, events: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    indexed = find_values(store, Scope(source("log"), DAY), "LogAttributes.a", 20)
    monkeypatch.setattr(counted, "DICTIONARY", "noSuchFunction")
    scanned = find_values(store, Scope(source("log"), DAY), "LogAttributes.a", 20)
    assert scanned.method == "scan"
    assert scanned.values == indexed.values
    assert {key.attribute for key in find_keys(store, Scope(source("log"), DAY)).keys} >= set(KEYS)


def test_of_many_events_a_sample_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.command(
        "INSERT INTO otel_logs (Timestamp, ServiceName) "
        "SELECT toDateTime('2023-03-04 10:00:00') + number % 3600, if(number % 4 = 0, 'rare', 'usual') "
        "FROM numbers(40000)"
    )
    for module in ("values", "facets"):
        monkeypatch.setattr(f"clickstack.query.{module}.EXPLORE_SAMPLE_ROWS_MAX", 4_000)
    scope = Scope(source("log"), DAY, EVERYTHING)
    for found in (find_values(store, scope, "ServiceName", 5), find_facets(store, scope, ["ServiceName"], 5).facets[0]):
        assert found.estimated
        assert dict(found.values) == {"usual": pytest.approx(30_000, rel=0.1), "rare": pytest.approx(10_000, rel=0.2)}
    assert find_values(store, scope, "ServiceName", 5).values == find_values(store, scope, "ServiceName", 5).values
