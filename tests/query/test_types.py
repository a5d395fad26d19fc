"""Every type a column can have, through every aggregate: the right number, or words that say what does not go.

Each type has a column of three rows. Where it holds numbers they are 1, 2 and 5, written in this order, with times that
make the 1 the newest and the 2 the oldest; nullable columns hold 1, NULL and 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from clickstack.core.chart import AggregateName, ChartConfig, Filter, Formula, Select
from clickstack.core.errors import BadQuery
from clickstack.core.timerange import TimeRange
from clickstack.query import Runner
from clickstack.query.select import AGGREGATIONS
from clickstack.store import Store
from query.cases import CASES_SOURCE

SOURCE = replace(
    CASES_SOURCE,
    table_name="kinds",
    implicit_column_expression=None,
    body_expression=None,
    service_name_expression=None,
    severity_text_expression=None,
    event_attributes_expression=None,
)
AGGREGATES: Sequence[AggregateName] = [name for name in AGGREGATIONS if name not in ("increase", "rate", "none")]
OF_NUMBERS = ("sum", "avg", "quantile")
OF_NUMBERS_AND_TIMES = ("min", "max", "last_value")

# How a column of three answers: count_distinct, sum, avg, median, min, max, last_value.
ONE_TWO_FIVE = (3, 8, 8 / 3, 2, 1, 5, 1)
ONE_FIVE = (2, 6, 3, 3, 1, 5, 1)
NO_NUMBERS = (None,) * 6
REFUSED = "refused"

DAYS = ("'2024-01-01'", "'2024-01-02'", "'2024-01-05'")
FIRST_DAY_MS, LAST_DAY_MS = 1_704_067_200_000, 1_704_412_800_000
WHOLE = "Int8 Int16 Int32 Int64 Int128 Int256 UInt8 UInt16 UInt32 UInt64 UInt128 UInt256"
BROKEN = "Float32 Float64 BFloat16 Decimal(9,2) Decimal(18,4) Decimal(38,6) Decimal(76,8)"
TIMES = "Date Date32 DateTime DateTime('UTC') DateTime64(3) DateTime64(9,'UTC')"


@dataclass(frozen=True)
class Kind:
    """A column. `holds` are its three values in SQL; the rest is what is known about them: how many are distinct, and
    the numbers, if they have any. `expression` is what a chart asks, where that is not the column itself."""

    type: str
    holds: tuple[str, str, str]
    distinct: int
    numbers: tuple[Any, ...] | str
    expression: str = ""

    @property
    def name(self) -> str:
        return "c_" + re.sub(r"\W+", "_", self.type).strip("_").lower()

    @property
    def asked(self) -> str:
        return self.name + self.expression


def plain(type: str, holds: tuple[str, str, str], numbers: tuple[Any, ...] | str, distinct: int = 3) -> Iterator[Kind]:
    """A type and its nullable form, which holds NULL instead of the second value."""
    yield Kind(type, holds, distinct, numbers)
    less = numbers if isinstance(numbers, str) or numbers == NO_NUMBERS else ONE_FIVE[1:]
    if numbers == (REFUSED, REFUSED, REFUSED, FIRST_DAY_MS, LAST_DAY_MS, FIRST_DAY_MS):
        less = numbers
    yield Kind(f"Nullable({type})", (holds[0], "NULL", holds[2]), 2, less)


def kinds() -> Iterator[Kind]:
    number = ONE_TWO_FIVE[1:]
    for base in f"{WHOLE} {BROKEN}".split():
        yield from plain(base, ("1", "2", "5"), number)
    for base in ("String", "FixedString(3)", "Enum8('1' = 1, '2' = 2, '5' = 5)"):
        yield from plain(base, ("'1'", "'2'", "'5'"), number)
    for base in TIMES.split():
        yield from plain(base, DAYS, (REFUSED, REFUSED, REFUSED, FIRST_DAY_MS, LAST_DAY_MS, FIRST_DAY_MS))
    ids = tuple(f"'00000000-0000-0000-0000-00000000000{digit}'" for digit in (1, 2, 5))
    yield from plain("UUID", ids, NO_NUMBERS)  # type: ignore[arg-type]
    yield from plain("IPv4", ("'10.0.0.1'", "'10.0.0.2'", "'10.0.0.5'"), NO_NUMBERS)
    yield from plain("IPv6", ("'fe80::1'", "'fe80::2'", "'fe80::5'"), NO_NUMBERS)
    yield from plain("Enum16('a' = -300, 'b' = 2, 'c' = 500)", ("'a'", "'b'", "'c'"), NO_NUMBERS)
    yield Kind("Bool", ("true", "false", "true"), 2, (2, 2 / 3, 1, 0, 1, 1))
    yield Kind("Nullable(Bool)", ("true", "NULL", "true"), 1, (2, 1, 1, 1, 1, 1))
    texts = ("'1'", "'2'", "'5'")
    yield Kind("LowCardinality(String)", texts, 3, number)
    yield Kind("LowCardinality(FixedString(2))", texts, 3, number)
    yield Kind("LowCardinality(Nullable(String))", ("'1'", "NULL", "'5'"), 2, ONE_FIVE[1:])
    yield Kind("SimpleAggregateFunction(sum, UInt64)", ("1", "2", "5"), 3, number)
    yield Kind("SimpleAggregateFunction(anyLast, Nullable(String))", ("'1'", "NULL", "'5'"), 2, ONE_FIVE[1:])
    # of a map, what one key holds; the second row has none, which is no 0 where numbers are asked for
    yield Kind("Map(String, String)", ("{'k': '1'}", "{}", "{'k': '5'}"), 3, ONE_FIVE[1:], ".k")
    yield Kind("Map(LowCardinality(String), Float64)", ("{'k': 1}", "{}", "{'k': 5}"), 3, ONE_FIVE[1:], "['k']")
    yield Kind("Map(String, Nullable(Int64))", ("{'k': 1}", "{'k': NULL}", "{'k': 5}"), 2, ONE_FIVE[1:], ".k")
    yield Kind("Map(String, Bool)", ("{'k': true}", "{}", "{'k': true}"), 2, (2, 1, 1, 1, 1, 1), ".k")
    yield Kind("Map(UInt8, String)", ("{1: 'a'}", "{}", "{}"), 2, REFUSED)
    yield Kind("Map(String, Array(String))", ("{'k': ['1']}", "{}", "{}"), 2, REFUSED, ".k")
    number_text_none = ("""'{"a": {"b": 1}}'""", "'{}'", """'{"a": {"b": "5"}}'""")
    for base in ("JSON", "JSON(max_dynamic_paths=0)"):
        yield Kind(base, number_text_none, 2, ONE_FIVE[1:], ".a.b")
    yield Kind("Dynamic", ("1", "NULL", "'5'"), 2, ONE_FIVE[1:])
    yield Kind("Variant(String, UInt64)", ("1", "NULL", "'5'"), 2, ONE_FIVE[1:])
    for inner, value in (("String", "'1'"), ("Int64", "1"), ("Nullable(Float64)", "NULL"), ("Date", DAYS[0])):
        yield Kind(f"Array({inner})", (f"[{value}]", "[]", f"[{value}, {value}]"), 3, REFUSED)
    yield Kind("Array(Map(String, String))", ("[{'k': '1'}]", "[]", "[{}]"), 3, REFUSED)
    yield Kind("Array(Map(String, Int64))", ("[{'k': 0}]", "[]", "[{}]"), 3, REFUSED)
    yield Kind("Array(JSON)", ("""['{"k": 1}']""", "[]", "[]"), 2, REFUSED)
    yield Kind("Tuple(a String, b Int64)", ("('x', 1)", "('y', 1)", "('x', 2)"), 3, REFUSED)
    yield Kind("Nested(a String, b Int64)", ("['x']", "[]", "['y', 'z']"), 3, REFUSED, ".a")


KINDS = list(kinds())
COMPUTED = {"m": "UInt16 MATERIALIZED c_uint8 * 2", "a": "String ALIAS toString(c_uint8)"}
COMPUTED |= {"t": "Float32 MATERIALIZED c_uint8 / 10"}


@pytest.fixture(scope="module")
def table(_engine: Store) -> Iterator[Store]:
    columns = [f"{kind.name} {kind.type}" for kind in KINDS]
    columns += [f"{name} {definition}" for name, definition in COMPUTED.items()]
    _engine.command(f"CREATE TABLE kinds (id UInt8, Timestamp DateTime64(9), {', '.join(columns)}) "
                    "ENGINE = MergeTree ORDER BY Timestamp")  # fmt: skip
    written = [f"`{kind.name}.a`" if kind.type.startswith("Nested") else kind.name for kind in KINDS]
    nested = next(f"`{kind.name}.b`" for kind in KINDS if kind.type.startswith("Nested"))
    lengths = ("[1]", "[]", "[1, 2]")
    rows = [
        f"({row + 1}, {time}, {', '.join(kind.holds[row] for kind in KINDS)}, {lengths[row]})"
        for row, time in enumerate((3, 1, 2))
    ]
    _engine.command(f"INSERT INTO kinds (id, Timestamp, {', '.join(written)}, {nested}) VALUES {', '.join(rows)}")
    yield _engine
    _engine.command("DROP TABLE kinds")
    _engine.catalog.forget()


def ask(store: Store, expression: str, aggregates: Sequence[AggregateName]) -> list[Any]:
    """The value of each aggregate over the three rows."""
    selects = tuple(Select(name, expression, 0.5) for name in aggregates)
    (point,) = Runner(store).run(ChartConfig(SOURCE, selects, display="table"), TimeRange(0, 1000_000)).points
    return list(point.values)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type + kind.expression)
def test_a_type_through_every_aggregate(table: Store, kind: Kind) -> None:
    names: tuple[AggregateName, ...] = ("sum", "avg", "quantile", "min", "max", "last_value")
    numbers = (REFUSED,) * 6 if isinstance(kind.numbers, str) else kind.numbers
    answered = [name for name, value in zip(names, numbers, strict=True) if value != REFUSED]
    found = ask(table, kind.asked, ["count", "count_distinct", *answered])
    expected = [value for value in numbers if value != REFUSED]
    assert found == [3, kind.distinct, *(pytest.approx(value) if value is not None else None for value in expected)]
    for name in set(names) - set(answered):
        with pytest.raises(BadQuery, match=r"select\.0\.valueExpression: c_.* (needs a number|is a list of maps)"):
            ask(table, kind.asked, [name])


OF_ONE_TWO_FIVE = [kind for kind in KINDS if kind.numbers in (ONE_TWO_FIVE[1:], ONE_FIVE[1:])]


@pytest.mark.parametrize("kind", OF_ONE_TWO_FIVE, ids=lambda kind: kind.type + kind.expression)
def test_a_type_weighted_divided_and_in_formulas(table: Store, kind: Kind) -> None:
    """Quotients have all their digits, also of decimals; and no type is refused."""
    total, average, median, *_ = kind.numbers
    values = (Select("sum", kind.asked), Select("avg", kind.asked), Select("quantile", kind.asked, 0.5))
    weighted = ChartConfig(SOURCE, values, display="table", sample_weight="2")
    (point,) = Runner(table).run(weighted, TimeRange(0, 1000_000)).points
    assert point.values == (2 * total, pytest.approx(average), pytest.approx(median, abs=1.5))
    by_rows = ChartConfig(SOURCE, (Select("sum", kind.asked), Select("count")), display="table")
    formulas = tuple(map(Formula, ("A / B", "A * A", "A + 1.5", "A - B", "-(A * 0)", "B / A")))
    (point,) = Runner(table).run(replace(by_rows, formulas=formulas), TimeRange(0, 1000_000)).points
    assert point.values[2:] == pytest.approx((total / 3, total * total, total + 1.5, total - 3, 0, 3 / total))
    (point,) = Runner(table).run(replace(by_rows, ratio="share_of_total"), TimeRange(0, 1000_000)).points
    assert point.values == (pytest.approx(total / 3),)


def test_weighted_numbers_below_zero_and_with_fractions(table: Store) -> None:
    """The engine's avgWeighted beside a UInt64 makes 1 of 1.5 and 18446744073709551615 of -1."""
    values = tuple(Select(name, "c_int8 * -1.5") for name in ("sum", "avg"))
    chart = ChartConfig(SOURCE, values, display="table", sample_weight="if(id = 1, 3, 1)")
    (point,) = Runner(table).run(chart, TimeRange(0, 1000_000)).points
    assert point.values == (-15, -3)


def test_large_whole_numbers_do_not_overflow(table: Store) -> None:
    chart = ChartConfig(SOURCE, (Select("sum", "c_uint64 * 1000000000000000000"),), display="table")
    (point,) = Runner(table).run(replace(chart, sample_weight="10"), TimeRange(0, 1000_000)).points
    assert point.values == (8e19,)
    (point,) = Runner(table).run(replace(chart, formulas=(Formula("A * 10"),)), TimeRange(0, 1000_000)).points
    assert point.values[1] == 8e19


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type + kind.expression)
def test_a_type_as_group_and_as_value(table: Store, kind: Kind) -> None:
    """Grouped, each distinct value, and no value, is a group; `any` and `none` show it as it is."""
    asked = (Select("count"), Select("any", kind.asked))
    chart = ChartConfig(SOURCE, (*asked, Select("none", kind.asked)), group_by=(kind.asked,), display="table")
    points = Runner(table).run(chart, TimeRange(0, 1000_000)).points
    assert sum(point.values[0] for point in points) == 3
    nothing = any("NULL" in value for value in kind.holds) or kind.type.startswith("JSON")
    assert len(points) in (kind.distinct, kind.distinct + nothing)
    narrowed = replace(chart, select=(Select("any", kind.asked, where=Filter("id:>9")),), group_by=())
    (none,) = Runner(table).run(narrowed, TimeRange(0, 1000_000)).points
    assert none.values[0] in (None, [], {})


@pytest.mark.parametrize(("column", "expected"), [("m", [3, 3, 16, 2, 10, 2]), ("a", [3, 3, 8, 1, 5, 1])])
def test_computed_columns(table: Store, column: str, expected: list[int]) -> None:
    """Materialized: twice the numbers; an alias: their texts."""
    assert ask(table, column, ["count", "count_distinct", "sum", "min", "max", "last_value"]) == expected


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("c_array_json.k:1", [1]),  # inside a list of JSON
        ('-c_array_json.k:"1"', [2, 3]),
        ("c_array_json.k:*", [1]),
        ("c_array_map_string_string.k:1", [1]),
        ("c_json.a.b:<x", [1, 3]),  # what is not there is not before x
        ("c_json.a.b:[1 TO 5]", [1, 3]),
        ('c_json.a.b:""', [2]),
        ("c_dynamic:5", [3]),
        ("c_variant_string_uint64:>4", [3]),
        ("c_nullable_uuid:*", [1, 3]),
        ("-c_nullable_ipv4:10", [2]),
        ("c_enum16_a_300_b_2_c_500:a", [1]),
        ("c_fixedstring_3:5", [3]),
        ("c_float64:1e0", [1]),
        ("c_uint256:>=2", [2, 3]),
        ("c_int8:>99999999999999999999999999", []),
        ("c_decimal_76_8:[1.5 TO *]", [2, 3]),
        ("c_datetime_utc:2024-01-02", [2]),
        ("c_nullable_bool:false", []),
        ("-c_nullable_bool:false", [1, 2, 3]),
        ("c_float32:1e0", [1]),
        ("t:0.1", [1]),  # in Float32, where it is another number than in Float64
        ("t:[0.2 TO 0.2]", [2]),
        ("c_decimal_9_2:>9999999999999999999", []),
        ("-c_decimal_76_8:>9999999999999999999", [1, 2, 3]),
        ('c_uuid:"00000000000000000000000000000002"', [2]),
        ('c_ipv6:"FE80:0:0::2"', [2]),
        ("c_ipv6:>fe80::1", [2, 3]),
        ("c_nullable_ipv4:[10.0.0.1 TO 10.0.0.10]", [1, 3]),
        ("-c_nullable_ipv4:>10.0.0.10", [1, 2, 3]),
        ("c_map_string_nullable_int64.k:*", [1, 3]),  # NULL is no value
        ("c_array_map_string_int64.k:0", [1]),  # not where the key is missing
        ("c_array_map_string_int64.k:*", [1]),
        ("m:4", [2]),
        ("a:4", []),
    ],
)
def test_searching_a_type(table: Store, query: str, rows: list[int]) -> None:
    chart = ChartConfig(SOURCE, (Select("count"),), where=Filter(query), group_by=("id",), display="table")
    assert sorted(point.group[0] for point in Runner(table).run(chart, TimeRange(0, 1000_000)).points) == rows


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("c_map_uint8_string.1:a", "its keys are no texts"),
        ("c_variant_string_uint64.k:1", "it has no field 'k'"),
        ("c_tuple_a_string_b_int64.a:x", "it has no field 'a'"),
        ("c_array_string:>1", "is a list; it can only be searched for a value"),
        ("c_map_string_string:x", "cannot be searched as a whole"),
        ("c_date:>5", "is a time, never '5'"),
        ("c_int8:>x", "is a number, never 'x'"),
    ],
)
def test_what_a_type_cannot_be_searched_for(table: Store, query: str, message: str) -> None:
    chart = ChartConfig(SOURCE, (Select("count"),), where=Filter(query), display="table")
    with pytest.raises(BadQuery, match=message):
        Runner(table).run(chart, TimeRange(0, 1000_000))


def test_a_nested_column_in_one_piece(_engine: Store) -> None:  # noqa: PT019
    _engine.command(
        "CREATE TABLE whole (id UInt8, Timestamp DateTime64(9), n Nested(a String, b Int64)) "
        "ENGINE = MergeTree ORDER BY Timestamp SETTINGS flatten_nested = 0"
    )
    _engine.command("INSERT INTO whole VALUES (1, 1, [('x', 5)]), (2, 2, [])")
    try:
        for query, found in (("n:x", 1), ("n:*", 1), ("-n:x", 1), ("n:y", 0)):
            chart = ChartConfig(replace(SOURCE, table_name="whole"), (Select("count"),), where=Filter(query))
            points = Runner(_engine).run(replace(chart, display="table"), TimeRange(0, 1000_000)).points
            assert [point.values for point in points] == [(found,)]
    finally:
        _engine.command("DROP TABLE whole")
        _engine.catalog.forget()


def test_a_column_that_keeps_a_number_of_a_map_has_none_where_the_map_has_none(_engine: Store) -> None:  # noqa: PT019
    _engine.command(
        "CREATE TABLE kept (Timestamp DateTime64(9), m Map(String, Float64), k Float64 MATERIALIZED m['k']) "
        "ENGINE = MergeTree ORDER BY Timestamp"
    )
    _engine.command("INSERT INTO kept VALUES (1, {'k': 4}), (2, {'k': 0}), (3, {})")
    try:
        values = (Select("avg", "m.k"), Select("min", "m['k']"), Select("count", where=Filter("m.k:0")))
        values += (Select("count", where=Filter("m.k:*")), Select("count", where=Filter("-m.k:<1")))
        chart = ChartConfig(replace(SOURCE, table_name="kept"), values, display="table")
        (point,) = Runner(_engine).run(chart, TimeRange(0, 1000_000)).points
        assert point.values == (2, 0, 1, 2, 2)
    finally:
        _engine.command("DROP TABLE kept")
        _engine.catalog.forget()


def test_the_state_of_an_aggregate_says_how_it_is_read(_engine: Store) -> None:  # noqa: PT019
    _engine.command(
        "CREATE TABLE states (Timestamp DateTime64(9), s AggregateFunction(sum, UInt64)) "
        "ENGINE = MergeTree ORDER BY Timestamp"
    )
    try:
        chart = ChartConfig(replace(SOURCE, table_name="states"), (Select("any", "s"),), display="table")
        with pytest.raises(BadQuery, match="s is the state of an aggregate") as refusal:
            Runner(_engine).run(chart, TimeRange(0, 1000_000))
        assert refusal.value.hint == "An aggFn that ends in Merge reads it, such as sumMerge."
    finally:
        _engine.command("DROP TABLE states")
        _engine.catalog.forget()
