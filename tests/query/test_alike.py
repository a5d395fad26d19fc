"""Texts that differ in numbers only are seen by Drain once, and nothing is lost by it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clickstack.query.alike import alike
from clickstack.query.drain import Drain, cleaned, split

words = st.sampled_from(
    ["took 1 ms", 'user1="ann 22"', "user2=7", '{"k1": 5, "b": "x9"}', "a1b", "a2b", " 12", "x", "\x1b[31m3", "٣"]
)
texts = st.lists(st.lists(words, max_size=5).map(" ".join) | st.text("ab12 =:\"',{}", max_size=14), max_size=40)


@given(texts)
def test_each_text_fits_the_shape_of_its_kind(texts: list[str]) -> None:
    found = alike(texts)
    assert sorted(at for each in found for at in each.members) == list(range(len(texts)))
    assert [each.members[0] for each in found] == sorted(each.members[0] for each in found)
    for each in found:
        shapes = [split(cleaned(texts[at])) for at in each.members]
        assert {(shape.between, shape.cut) for shape in shapes} == {(each.shape.between, each.shape.cut)}
        for values, kept in zip(zip(*(shape.values for shape in shapes), strict=True), each.shape.values, strict=True):
            assert kept == (values[0] if len(set(values)) == 1 else None)


def test_numbers_in_names_keep_texts_apart() -> None:
    found = alike(["a1=5", "a2=6", "a1=7", "b took 4 ms", "b took 19 ms"])
    assert [each.members for each in found] == [[0, 2], [1], [3, 4]]
    assert [each.shape.values for each in found] == [[None], ["6"], ["b", "took", None, "ms"]]


def test_what_lies_behind_the_last_value_looked_at_keeps_nothing_apart() -> None:
    (one,) = alike(["a " * 200 + "1", "a " * 200 + "2"])
    assert one.shape.cut
    assert one.members == [0, 1]


def test_the_same_patterns_come_of_it() -> None:
    lines = [
        line
        for at in range(300)
        for line in (
            f"payment {at * 7919 % 1000} declined: card expired",
            f"connection to db-{at % 3}:5432 refused, retry {at % 5} of 5",
            f'{{"user": "u{at}", "ms": {at * 31 % 97}}}',
            f"cache {'hit' if at % 2 else 'miss'} for key k{at % 4}",
        )
    ]
    whole, together = Drain(), Drain()
    for line in lines:
        whole.add(line)
    for each in alike(lines):
        together.join(each.shape, len(each.members))
    assert {(each.template, each.size) for each in together.clusters} == {
        (each.template, each.size) for each in whole.clusters
    }
