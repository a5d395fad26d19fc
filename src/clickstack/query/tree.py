"""Spans → the tree they tell of, whatever is missing or wrong in it.

A parent that was never stored makes its children orphans: roots of their own, after the true ones. Clocks of machines
differ, so children may seem to begin before their parents: that is told, not mended. Ids that appear twice and rings of
parents (both have been seen in the wild) lose no span and end no loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpanEvent:
    name: str
    time_ns: int


@dataclass(frozen=True, slots=True)
class Span:
    """A stored span. Times in nanoseconds since 1970; `parent_id` is empty for a root."""

    row_id: str
    span_id: str
    parent_id: str
    name: str
    service: str
    kind: str
    status: str
    status_message: str
    start_ns: int
    duration_ns: int
    events: tuple[SpanEvent, ...] = ()

    @property
    def end_ns(self) -> int:
        return self.start_ns + self.duration_ns

    @property
    def failed(self) -> bool:
        return self.status.lower() in ("error", "status_code_error")


@dataclass(frozen=True, slots=True)
class Node:
    """A span in its place. `self_ns` is the time in which none of its children ran.

    `orphan`: it has a parent that is not here. `outside`: it begins before its parent or ends after it.
    """

    span: Span
    depth: int
    children: int
    orphan: bool
    outside: bool
    self_ns: int


def tree(spans: Sequence[Span]) -> list[Node]:
    """All spans, each directly before its descendants; siblings in order of their beginning."""
    ordered = sorted(spans, key=lambda span: (span.start_ns, -span.duration_ns, span.span_id))
    place: dict[str, int] = {}
    for at, span in enumerate(ordered):
        place.setdefault(span.span_id, at)
    parents = [_parent(at, span, place) for at, span in enumerate(ordered)]
    children: list[list[int]] = [[] for _ in ordered]
    for at, parent in enumerate(parents):
        if parent is not None:
            children[parent].append(at)
    nodes: list[Node] = []
    seen = [False] * len(ordered)
    for root in _roots(ordered, parents):
        waiting = [(root, 0)]
        while waiting:
            at, depth = waiting.pop()
            if seen[at]:
                continue
            seen[at] = True
            nodes.append(_node(at, depth, root, ordered, parents, [each for each in children[at] if not seen[each]]))
            waiting.extend((child, depth + 1) for child in reversed(children[at]))
    return nodes


def _parent(at: int, span: Span, place: dict[str, int]) -> int | None:
    found = place.get(span.parent_id) if span.parent_id else None
    return None if found == at else found


def _roots(ordered: Sequence[Span], parents: Sequence[int | None]) -> list[int]:
    """Where to begin: true roots, orphans, then everything once more, for rings that nothing leads into."""
    without = [at for at, parent in enumerate(parents) if parent is None]
    without.sort(key=lambda at: bool(ordered[at].parent_id))  # stable: each kind stays in order of time
    return [*without, *range(len(ordered))]


def _node(
    at: int,
    depth: int,
    root: int,
    ordered: Sequence[Span],
    parents: Sequence[int | None],
    children: Sequence[int],
) -> Node:
    span, parent = ordered[at], parents[at]
    above = ordered[parent] if parent is not None and at != root else None
    return Node(
        span=span,
        depth=depth,
        children=len(children),
        orphan=at == root and bool(span.parent_id),
        outside=above is not None and (span.start_ns < above.start_ns or span.end_ns > above.end_ns),
        self_ns=_self_ns(span, [ordered[child] for child in children]),
    )


def _self_ns(span: Span, children: Sequence[Span]) -> int:
    """The span's time without the union of its children's. They come in order of their beginning."""
    covered, until = 0, span.start_ns
    for child in children:
        start, end = max(child.start_ns, until), min(child.end_ns, span.end_ns)
        if end > start:
            covered += end - start
            until = end
    return span.duration_ns - covered
