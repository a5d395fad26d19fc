"""The tree of spans, for any spans at all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clickstack.query.tree import Span, tree

NAMES = ["", "a", "b", "c", "d", "e"]


def span(span_id: str, parent_id: str, start_ns: int = 0, duration_ns: int = 10) -> Span:
    return Span("row", span_id, parent_id, "name", "service", "", "", "", start_ns, duration_ns)


any_spans = st.lists(
    st.builds(span, st.sampled_from(NAMES), st.sampled_from(NAMES), st.integers(0, 50), st.integers(0, 50)), max_size=12
)


@given(any_spans)
def test_no_span_is_lost_or_doubled(spans: list[Span]) -> None:
    assert sorted(map(repr, spans)) == sorted(repr(node.span) for node in tree(spans))


@given(any_spans)
def test_depths_grow_by_one_and_children_are_counted(spans: list[Span]) -> None:
    path: list[int] = []  # for each open depth, how many children are still to come
    for node in tree(spans):
        if node.depth == 0:
            assert not any(path)
            path = []
        else:
            assert node.depth <= len(path)
            assert not any(path[node.depth :])
            path = path[: node.depth]
            path[-1] -= 1
        path.append(node.children)
    assert not any(path)


@given(any_spans)
def test_own_time_is_part_of_the_time(spans: list[Span]) -> None:
    for node in tree(spans):
        assert 0 <= node.self_ns <= node.span.duration_ns


def test_a_chain_of_ten_thousand_spans() -> None:
    chain = [span(str(at), str(at - 1) if at else "", at) for at in range(10_000)]
    assert [node.depth for node in tree(chain)] == list(range(10_000))


def test_own_time_leaves_out_the_union_of_children() -> None:
    root = span("r", "", 0, 100)
    nodes = tree([root, span("1", "r", 10, 30), span("2", "r", 20, 40), span("3", "r", 90, 50)])
    assert nodes[0].self_ns == 100 - 50 - 10
