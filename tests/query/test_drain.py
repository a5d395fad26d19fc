"""Drain: what becomes one pattern, what stays apart, and that a pattern's expression fits its texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clickstack.demo.generator import generate
from clickstack.demo.signals import LogLine
from clickstack.query.drain import CLUSTERS_PER_LEAF_MAX, Cluster, Drain

TEN_MORNING_NS = 1_767_261_600_000_000_000


def templates(*texts: str) -> list[str]:
    drain = Drain()
    for text in texts:
        drain.add(text)
    return [f"{cluster.size} {cluster.template}" for cluster in drain.clusters]


def fits(cluster: Cluster, text: str) -> bool:
    """As re2 would. Python writes flags of a group in the same way."""
    return re.search(cluster.regex, text) is not None


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (("user alice logged in", "user bob logged in", "user charlie logged in"), ["3 user <*> logged in"]),
        (("took 3 ms", "took 14 ms"), ["2 took <*> ms"]),
        (("took 3 ms", "took 3 ms"), ["2 took 3 ms"]),
        (("12 items", "7 items"), ["2 <*> items"]),
        (("cache hit", "disk full"), ["1 cache hit", "1 disk full"]),
        (("a  b\n c", "a b c"), ["2 a b c"]),
        (('{"msg":"in","id":1}', '{"msg":"in","id":2}'), ['2 {"msg":"in","id":<*>}']),
        # The same fields do not make two lines alike.
        (('{"msg":"in","by":"a"}', '{"msg":"no","by":"b"}'), ['1 {"msg":"in","by":"a"}', '1 {"msg":"no","by":"b"}']),
        (("level=info msg=started", "level=info msg=stopped"), ["2 level=info msg=<*>"]),
        (("\x1b[32mINFO\x1b[0m up 1", "INFO up 2"), ["2 INFO up <*>"]),
        (("", "  "), ["2 "]),
    ],
)  # fmt: skip
def test_patterns(texts: tuple[str, ...], found: list[str]) -> None:
    assert templates(*texts) == found


def test_the_lines_of_a_shop_make_few_patterns() -> None:
    """Half an hour of the demo shop, thousands of lines."""
    lines = [
        record.body
        for record in generate(1, TEN_MORNING_NS, TEN_MORNING_NS + 1_800 * 10**9)
        if isinstance(record, LogLine)
    ]
    drain = Drain()
    joined = [(drain.add(line), line) for line in lines]
    assert len(lines) > 5_000
    assert len(drain.clusters) < 60
    found = {cluster.template for cluster in drain.clusters}
    assert {"Added <*> x <*> to cart", "rendered home for <*> in <*>", "order confirmation sent"} <= found
    assert not [line for cluster, line in joined if not fits(cluster, line)]


texts = st.lists(st.text(alphabet="ab1 =:\"'{}.*\\\n", max_size=14), min_size=1, max_size=30)


@given(texts)
def test_a_pattern_fits_every_text_it_counts(texts: list[str]) -> None:
    drain = Drain()
    joined = [(drain.add(text), text) for text in texts]
    assert sum(cluster.size for cluster in drain.clusters) == len(texts)
    assert all(fits(cluster, text) for cluster, text in joined)


def test_clusters_are_bounded() -> None:
    drain = Drain()
    for at in range(3 * CLUSTERS_PER_LEAF_MAX):
        word = "".join(chr(ord("a") + int(digit)) for digit in str(at))
        drain.add(f"start {word}x {word}y {word}z {word}w")
    assert len(drain.clusters) == CLUSTERS_PER_LEAF_MAX


def test_long_texts_are_cut() -> None:
    drain = Drain()
    cluster = drain.add("a " * 1_000)
    assert cluster.template.endswith("…")
    assert fits(cluster, "a " * 1_000)
