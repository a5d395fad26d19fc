"""Statements of programs that speak ClickHouse themselves: run as they are, in the format they ask for.

The tree of a statement is checked as that of a raw SQL chart, with its parameters put in; more kinds of statements are
allowed, and a few tables in which the engine describes itself. Of those, every row that is not about a table of the
team is filtered out by the engine, wherever in the statement they stand (`additional_table_filters`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clickstack.core.errors import BadQuery, BadRequest, Forbidden
from clickstack.core.limits import RAW_TEXT_CHARS_MAX, VERBATIM_ANSWER_BYTES_MAX
from clickstack.core.source import Source
from clickstack.core.sql import literal
from clickstack.store import Answer, Statement, Store, may_be_set

from .blanked import blanked
from .reach import SELECT, Node, Tables, check_counts, nodes_of, tables_of
from .reader import reach_of
from .syntax import located

# What the engine tells about itself: table → the columns that say which table of ours a row is about.
DESCRIPTIONS: dict[str, tuple[str, ...]] = {
    "tables": ("database", "name"),
    "columns": ("database", "table"),
    "data_skipping_indices": ("database", "table"),
    "databases": ("name",),
    "settings": (),
    "functions": (),
    "one": (),
}
_DESCRIBED: Tables = frozenset(("system", name) for name in DESCRIPTIONS)

FORMATS = re.compile(
    r"(?:Pretty)?(?:JSON|CSV|TSV|TSKV|TabSeparated|CustomSeparated|Vertical|XML|Markdown|Values|RowBinary|Native|Null"
    r"|Arrow|ArrowStream|Parquet|ORC|MsgPack|Pretty|RawBLOB|LineAsString)"
    r"(?:Strings|Compact|EachRow|Columns|Column|Object|Raw|NoEscapes|MonoBlock|Space|Block|WithNames|AndTypes|WithTypes"
    r"|WithProgress|WithMetadata|WithDefaults)*"
)
# Settings of the answer's form, and of how a statement is read: they reach nothing and lift no limit.
_HARMLESS = re.compile(
    r"(?:output_format_(?:json|csv|tsv|pretty|decimal|binary|arrow|parquet|orc|msgpack|markdown|xml)_\w+"
    r"|output_format_write_statistics|date_time_output_format|bool_(?:true|false)_representation|session_timezone"
    r"|format_(?:csv_delimiter|tsv_null_representation|csv_null_representation)"
    r"|enable_(?:full_text_index|positional_arguments|extended_results_for_datetime_functions|global_with_statement"
    r"|scalar_subquery_optimization|join_transitive_predicates|early_constant_folding|materialized_cte"
    r"|time_time64_type|unaligned_array_join|named_columns_in_function_tuple))"
)
# Sent by clients, and either the way it is here or nothing to change: they change nothing.
_WITHOUT_EFFECT = frozenset(
    "enable_analyzer wait_end_of_query buffer_size readonly log_queries log_comment "
    "cancel_http_readonly_queries_on_client_close send_progress_in_http_headers http_headers_progress_interval_ms "
    "enable_http_compression add_http_cors_header http_write_exception_in_output_format session_check stacktrace "
    "max_result_bytes result_overflow_mode use_client_time_zone".split()
)

_VALUE = r"(?:'(?:[^'\\]|\\.)*'|[\w.+-]+)"
_FORMAT_CLAUSE = re.compile(r"(?s)\A(.*\S)\s+FORMAT\s+(\w+)\s*\Z", re.IGNORECASE)
_SETTINGS_CLAUSE = re.compile(
    rf"(?s)\A(.*\S)\s+SETTINGS\s+(\w+\s*=\s*{_VALUE}(?:\s*,\s*\w+\s*=\s*{_VALUE})*)\s*\Z", re.IGNORECASE
)
_SETTING = re.compile(rf"(\w+)\s*=\s*({_VALUE})")
_SHOW = re.compile(
    r"\s*SHOW\s+(?:TABLES|DATABASES)(?:\s+(?:FROM|IN)\s+(?:\w+|`\w+`|\{\w+:Identifier\}))?"
    r"(?:\s+I?LIKE\s+'[^'\\]*')?(?:\s+LIMIT\s+\d+)?\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Question:
    """`params` are values in the text form of the engine; `settings` are those sent beside the statement."""

    text: str
    params: Mapping[str, str]
    settings: Mapping[str, str]
    default_format: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, and the format it is in."""

    answer: Answer
    format: str


def ask(store: Store, sources: Iterable[Source], question: Question, query_id: str | None = None) -> Verdict:
    """Run a statement of a team that has these sources. Blocks its thread.

    Raises BadRequest for a format or setting that is not for clients, Forbidden for what it may not reach, and what
    Store.answer raises.
    """
    text, format_name, settings = _taken_apart(question)
    if len(text) > RAW_TEXT_CHARS_MAX:
        raise BadRequest(f"A statement may have {RAW_TEXT_CHARS_MAX} characters; this one has {len(text)}.")
    if not FORMATS.fullmatch(format_name):
        raise BadRequest(f"The format {format_name[:50]} is not for answers here. JSONEachRow, CSV or Native are.")
    tables = tables_of(sources)
    nodes = _tree(store, text, question.params)
    _check(store, text, nodes, tables)
    tables_named, columns_named = (
        [node.name for node in nodes if node.kind == kind] for kind in ("TableIdentifier", "Identifier")
    )
    text = blanked(text, tables_named, columns_named)
    chosen, shape = _sorted(settings)
    ours: dict[str, int | float | str] = {**shape}
    ours |= {"max_result_bytes": VERBATIM_ANSWER_BYTES_MAX, "additional_table_filters": _filters(tables)}
    return Verdict(
        store.answer(Statement(text, question.params, format_name, chosen, ours), query_id=query_id), format_name
    )


def _taken_apart(question: Question) -> tuple[str, str, dict[str, str]]:
    """The statement without its last clauses, FORMAT and SETTINGS in either order; what they say counts."""
    text, format_name, settings = question.text.rstrip("; \t\r\n"), question.default_format, dict(question.settings)
    for _ in range(2):
        if found := _FORMAT_CLAUSE.match(text):
            text, format_name = found[1], found[2]
        if found := _SETTINGS_CLAUSE.match(text):
            text = found[1]
            settings |= {name: _unquoted(value) for name, value in _SETTING.findall(found[2])}
    return text, format_name, settings


def _tree(store: Store, text: str, params: Mapping[str, str]) -> list[Node]:
    try:
        tree = store.answer(Statement("EXPLAIN AST " + text, params, "TSVRaw", {}, {}))
    except BadQuery as error:
        told = located(error, text)  # places are counted from the start of another text
        if told is error:
            raise
        raise told from error.__cause__
    return nodes_of(tree.body.decode(errors="replace"))


def _check(store: Store, text: str, nodes: list[Node], tables: Tables) -> None:
    reach, first = reach_of(store), nodes[0]
    check_counts(nodes)
    if first.kind == SELECT:
        reach.check_tree(nodes, tables, _DESCRIBED)
    elif first.kind in ("Explain", "DescribeQuery"):
        about = [node for node in nodes[1:] if (node.kind, node.above) != ("Set", "Explain")]  # indexes = 1
        if first.kind == "Explain" and not any(node.kind == SELECT for node in about):
            raise Forbidden("EXPLAIN tells about a SELECT here.")
        reach.check_tree(about, tables, _DESCRIBED)
    elif first.kind == "ShowCreateTableQuery":
        names = [node.name for node in nodes[1:]]
        if tuple([reach.database, *names][-2:]) not in tables or len(names) > 2:
            raise Forbidden(f"The table {'.'.join(names)} belongs to no source of yours.")
    elif first.kind != "ShowTables" or not _SHOW.fullmatch(text):
        raise Forbidden(
            "Only reading is allowed here: SELECT, EXPLAIN, DESCRIBE, SHOW CREATE TABLE, SHOW TABLES, SHOW DATABASES."
        )


def _sorted(settings: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Settings that tune the query, within the limits of the server, and settings that shape the answer."""
    chosen, shape = {}, {}
    for name, value in settings.items():
        if _HARMLESS.fullmatch(name):
            shape[name] = value
        elif name in _WITHOUT_EFFECT or name.startswith("allow_experimental_"):
            continue
        elif may_be_set(name):
            chosen[name] = value
        else:
            raise BadRequest(f"The setting {name[:100]} cannot be changed here.")
    return chosen, shape


def _filters(tables: Tables) -> str:
    """Which rows of the engine's descriptions are about the team's tables, as the engine takes it: a map as text."""
    filters = {}
    for name, columns in DESCRIPTIONS.items():
        if columns:
            mine = {tuple(map(literal, (pair if len(columns) > 1 else pair[:1]))) for pair in tables}
            listed = ", ".join(f"({', '.join(each)})" for each in sorted(mine))
            filters[f"system.{name}"] = f"({', '.join(columns)}) IN ({listed})" if mine else "0"
    return "{" + ", ".join(f"{literal(name)}: {literal(text)}" for name, text in filters.items()) + "}"


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith("'") else value
