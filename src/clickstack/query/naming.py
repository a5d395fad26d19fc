"""What the values and groups of a chart are called, and texts that use these names (query-engine.md §2.12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from clickstack.core.chart import ChartConfig, Select
from clickstack.core.errors import BadQuery

from .usersql import SqlToken, split_alias, tokenize


def operand_names(chart: ChartConfig) -> list[str]:
    """The names of the selects, in order. The second of the same name is called `name__1`, by its index."""
    return _distinct([_name(select) for select in chart.select])


def spoken_names(chart: ChartConfig) -> dict[str, int]:
    """What SQL calls selects that have an alias: `count() > 5`. Not those with a condition, whose rows are fewer."""
    whole = enumerate(chart.select)
    return {_name(replace(select, alias=None)): index for index, select in whole if not select.where.text.strip()}


def derived_names(chart: ChartConfig) -> list[str]:
    """The names of formulas, or of the ratio."""
    if chart.formulas:
        return [formula.alias or formula.expression.strip() for formula in chart.formulas]
    if chart.ratio and len(chart.select) == 2:
        above, below = (_name(select) for select in chart.select)
        return [f"{above}/{below}"]
    return []


def value_names(chart: ChartConfig) -> list[str]:
    """All names, operands first, whether they are shown or not."""
    return _distinct([*operand_names(chart), *derived_names(chart)])


def group_parts(chart: ChartConfig) -> list[tuple[str, str]]:
    """Expression and name of each `group_by` entry. Raises BadQuery."""
    parts = []
    for index, text in enumerate(chart.group_by):
        expression, alias = split_alias(text, f"groupBy.{index}")
        parts.append((expression, alias or expression))
    return parts


def with_columns(text: str, columns: Mapping[str, str], what: str) -> str:
    """A text in which names of values and groups, quoted or not, are the columns that hold them. Raises BadQuery.

    >>> with_columns("count() > 5 AND `error rate` < 1", {"count()": "__value_0", "error rate": "__value_1"}, "having")
    '__value_0 > 5 AND __value_1 < 1'
    """
    tokens = tokenize(text, what)
    spellings = sorted(((_spelling(name), column) for name, column in columns.items()), key=lambda each: -len(each[0]))
    pieces, at, copied = [], 0, 0
    while at < len(tokens):
        column, length = _column_at(tokens, at, columns, spellings)
        if column is None:
            at += 1
            continue
        last = tokens[at + length - 1]
        pieces += [text[copied : tokens[at].position], column]
        copied = last.position + len(last.text)
        at += length
    return "".join([*pieces, text[copied:]])


def _column_at(
    tokens: Sequence[SqlToken], at: int, columns: Mapping[str, str], spellings: Sequence[tuple[list[str], str]]
) -> tuple[str | None, int]:
    """The column whose name stands here, and how many tokens it takes."""
    if tokens[at].kind == "quoted_name" and tokens[at].name in columns:
        return columns[tokens[at].name], 1
    for spelling, column in spellings:
        if spelling and [token.text for token in tokens[at : at + len(spelling)]] == spelling:
            return column, len(spelling)
    return None, 0


def _spelling(name: str) -> list[str]:
    """A name as tokens; nothing when it can only be written in quotes, as `1` or `'a'` would be."""
    try:
        tokens = tokenize(name, "name")
    except BadQuery:
        return []
    return [token.text for token in tokens] if any(token.name for token in tokens) else []


def _name(select: Select) -> str:
    if select.alias:
        return select.alias
    inside = select.metric.name if select.metric else (select.expression or "").strip()
    if select.is_delta:
        inside = f"delta({inside})"
    if select.aggregate == "none":
        return inside
    if select.aggregate == "quantile" and select.metric is None:
        return f"quantile({0.5 if select.level is None else select.level:g})({inside})"
    return f"{select.aggregate}({'' if select.aggregate == 'count' and select.metric is None else inside})"


def _distinct(names: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    distinct = []
    for index, name in enumerate(names):
        distinct.append(f"{name}__{index}" if name in seen else name)
        seen.add(distinct[-1])
    return distinct
