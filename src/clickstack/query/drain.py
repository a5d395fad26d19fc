"""Drain: texts → templates, in one pass, bounded (He et al., "Drain: An Online Log Parsing Approach").

A text is cut into values and what stands between them: blanks, punctuation, and the names in `name=value` and
`"name": value`. Texts with the same between-pieces share a tree, whose first level is the first value (one with a
digit, or in single quotes, counts as any value); at its leaves are clusters. A text joins the most similar cluster;
values in which its members differ become `<*>`. Different from the paper: names of fields are structure, not values, so
that structured lines do not look alike merely because they have the same fields; and values with digits say nothing
about likeness.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import eq

from clickstack.core.sql import literal

WILDCARD = "<*>"
SIMILARITY_MIN = 0.5  # share of equal values, those with digits apart
LEVELS = 1  # values that choose the branch, as the usual depth of 4
BRANCHES_MAX = 100  # of one node; above: further values go to the branch of any value
CLUSTERS_PER_LEAF_MAX = 50  # above: a text joins the most similar, however different
VALUES_MAX = 128  # of one text; what follows is not looked at

# A name with what ties it to its value belongs between the values: `"user": `, `user=`, `retries: 3`.
_PIECE = re.compile(
    r"""
      (?P<between>
          \s+
        | (?:"[^"\s]{1,80}"|[A-Za-z_][\w.\-]{0,80}) \s* (?: : (?=\s*(?:["'\d\[{\-]|true\b|false\b|null\b)) | = (?!=) )
        | [=:,;()\[\]{}<>|&?"']
      )
    | (?P<value> [^\s=:,;()\[\]{}<>|&?"']+ )
    """,
    re.VERBOSE,
)
_BLANK = " \t\n\r\f"  # what `\s` is to the engine's regular expressions; Python knows more blanks
_BLANKS = re.compile(f"[{_BLANK}]+")
COLOURS = r"\x1b\[[0-9;]*m"
_COLOURS = re.compile(COLOURS)
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Shape:
    """A text in pieces: what stands between the values, the values (None: several texts differ in it), and whether the
    text is longer than is looked at."""

    between: tuple[str, ...]
    values: Sequence[str | None]
    cut: bool


@dataclass(slots=True)
class Cluster:
    """Texts of one template. `between` has one piece more than `values`; None is a value in which they differ."""

    between: tuple[str, ...]
    values: list[str | None]
    cut: bool
    size: int = 0

    @property
    def template(self) -> str:
        pieces = [self.between[0]]
        for value, after in zip(self.values, self.between[1:], strict=True):
            pieces += [WILDCARD if value is None else value, after]
        return "".join(pieces).strip() + (" …" if self.cut else "")

    @property
    def regex(self) -> str:
        """A re2 expression that fits the texts of the template, blanks of any length."""
        pieces = [_escaped(self.between[0])]
        for value, after in zip(self.values, self.between[1:], strict=True):
            pieces += ["(?s:.+?)" if value is None else _escaped(value), _escaped(after)]
        return r"^\s*" + "".join(pieces) + ("" if self.cut else r"\s*$")

    def sql(self, expression: str) -> str:
        """A condition for an SQL filter that finds the events of the template."""
        return f"match({expression}, {literal(self.regex)})"


@dataclass(slots=True)
class _Node:
    branches: dict[str | None, _Node] = field(default_factory=dict)
    clusters: list[Cluster] = field(default_factory=list)


class Drain:
    """Clusters the texts that are added."""

    def __init__(self) -> None:
        self._trees: dict[tuple[str, ...], _Node] = {}
        self.clusters: list[Cluster] = []

    def add(self, text: str) -> Cluster:
        """The cluster the text joins, perhaps a new one."""
        return self.join(split(cleaned(text)), 1)

    def join(self, shape: Shape, size: int) -> Cluster:
        """The cluster that so many texts of one shape join."""
        leaf = self._leaf(shape)
        cluster = _most_similar(leaf.clusters, shape.values)
        if cluster is None:
            cluster = Cluster(shape.between, list(shape.values), shape.cut)
            leaf.clusters.append(cluster)
            self.clusters.append(cluster)
        else:
            for at, value in enumerate(shape.values):
                if cluster.values[at] != value:
                    cluster.values[at] = None
            cluster.cut |= shape.cut
        cluster.size += size
        return cluster

    def _leaf(self, shape: Shape) -> _Node:
        node = self._trees.setdefault(shape.between, _Node())
        for before, value in zip(shape.between, shape.values[:LEVELS], strict=False):
            branch = None if value is None or _DIGIT.search(value) or before.endswith("'") else value
            if branch not in node.branches and len(node.branches) >= BRANCHES_MAX:
                branch = None
            node = node.branches.setdefault(branch, _Node())
        return node


def cleaned(text: str) -> str:
    """The text without what nobody reads in it: colours, blanks around it."""
    text = text.strip(_BLANK)
    return _COLOURS.sub("", text) if "\x1b" in text else text


def split(text: str) -> Shape:
    """A cleaned text in pieces.

    >>> split('took 3 ms {"user": "ann"}')
    Shape(between=('', ' ', ' ', ' {"user": "', '"}'), values=['took', '3', 'ms', 'ann'], cut=False)
    """
    between, values = [""], list[str]()
    for match in _PIECE.finditer(text):
        if match["value"] is None:
            between[-1] += _BLANKS.sub(" ", match[0])
        elif len(values) == VALUES_MAX:
            return Shape(tuple(between), values, cut=True)
        else:
            values.append(match[0])
            between.append("")
    return Shape(tuple(between), values, cut=False)


def _most_similar(clusters: Sequence[Cluster], values: Sequence[str | None]) -> Cluster | None:
    best, best_likeness = None, -1.0
    telling = [
        "" if value is None or _DIGIT.search(value) else value for value in values
    ]  # no value is empty: "" equals none
    count = len(telling) - telling.count("")
    for cluster in clusters:
        likeness = sum(map(eq, cluster.values, telling)) / count if count else 1.0
        if likeness > best_likeness:
            best, best_likeness = cluster, likeness
    good = best_likeness >= SIMILARITY_MIN or len(clusters) >= CLUSTERS_PER_LEAF_MAX
    return best if good else None


def _escaped(text: str) -> str:
    """The text for re2, its blanks as any blanks. No filter may hold a zero byte."""
    escaped = re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", text).replace("\0", r"\x00")
    return _BLANKS.sub(lambda _: r"\s+", escaped)
