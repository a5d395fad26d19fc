"""A pattern's filter finds the events that the pattern was made of, whatever their text holds."""

from __future__ import annotations

import pytest

from clickstack.core.chart import Filter
from clickstack.core.limits import PATTERN_TEXT_CHARS_MAX
from clickstack.core.timerange import TimeRange
from clickstack.query import Search, SearchConfig
from clickstack.query.events import Scope
from clickstack.query.patterns import find_noise, find_patterns
from clickstack.store import Store
from query.seeds import source

T0_MS = 1_641_340_800_000
RANGE = TimeRange(T0_MS, T0_MS + 3_600_000)


def _write(store: Store, texts: list[str]) -> None:
    rows = ", ".join(f"('2022-01-05 00:00:01', unhex('{text.encode().hex()}'), 'info')" for text in texts)
    store.command(f"INSERT INTO otel_logs (Timestamp, Body, SeverityText) VALUES {rows}")


def _found(store: Store, where: str) -> int:
    return len(Search(store).page(SearchConfig(source("log"), Filter(where, "sql"), RANGE, 100)).rows)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\x1b[31mERROR\x1b[0m took \x1b[1m7\x1b[0m ms", id="colours"),
        pytest.param("10\u00a0000 rows", id="no-break space"),
        pytest.param("\u3000ideographic\u3000space\u2003", id="other blanks"),
        pytest.param("vertical\x0btab, \x1cfile separator, \x85next line", id="control characters"),
        pytest.param("zero\0byte", id="zero byte"),
        pytest.param("stack " + "x" * PATTERN_TEXT_CHARS_MAX, id="one long word"),
        pytest.param("long " * PATTERN_TEXT_CHARS_MAX, id="many words"),
        pytest.param("a" * (PATTERN_TEXT_CHARS_MAX - 3) + " cut within a word", id="cut within a word"),
        pytest.param(' {"msg": "日本語 [x] \\d",\r\n\t"n": 3} ', id="JSON"),
        pytest.param("", id="empty"),
    ],
)
def test_a_patterns_filter_finds_its_events(store: Store, text: str) -> None:
    _write(store, [text, text, "another thing altogether"])
    found = find_patterns(store, Scope(source("log"), RANGE), 10)
    assert [pattern.sampled for pattern in found.patterns] == [2, 1]
    assert [_found(store, pattern.where) for pattern in found.patterns] == [2, 1]


def test_the_end_of_a_long_text_is_no_part_of_its_pattern(store: Store) -> None:
    """Texts of one kind, of which only the longer are cut."""
    begin = "a" * (PATTERN_TEXT_CHARS_MAX - 8)
    _write(store, [f"{begin} n 1", f"{begin} n 12345678", f"{begin} n 22345678"])
    found = find_patterns(store, Scope(source("log"), RANGE), 10)
    assert sum(pattern.sampled for pattern in found.patterns) == 3
    for pattern in found.patterns:
        assert _found(store, pattern.where) >= pattern.sampled


@pytest.mark.parametrize("expression", ["SeverityNumber", "LogAttributes", "length(Body)", "Timestamp", "ServiceName"])
def test_what_is_no_text_is_found_as_text(store: Store, expression: str) -> None:
    _write(store, ["one", "two"])
    found = find_patterns(store, Scope(source("log"), RANGE), 10, expression)
    assert [_found(store, pattern.where) for pattern in found.patterns] == [2]


def test_coloured_noise_is_left_out(store: Store) -> None:
    _write(store, ["\x1b[32mGET\x1b[0m /healthz 200"] * 9 + ["something broke"])
    noise = find_noise(store, Scope(source("log"), RANGE))
    (loud,) = [where for where in noise.without if "GET" in where]
    assert _found(store, loud) == 1
