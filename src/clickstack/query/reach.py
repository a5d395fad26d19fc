"""What SQL of a user can reach: checked on the engine's own syntax tree, before it runs.

The embedded engine has one user, who may read everything. So this check is what keeps one team's statement out of
another's tables and out of `system` (running queries of others, settings, paths). It is a list of what is allowed,
never of what is forbidden: kinds of syntax, functions by category, table functions, tables. `EXPLAIN AST` gives the
tree after parameters are put in, and evaluates nothing; so quotes, comments and parameters cannot hide a name. Names
with line breaks can add lines to the printed tree but never take one away: they can only forbid more.
"""

from __future__ import annotations

import itertools
import math
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from clickstack.core.clock import Clock, SystemClock
from clickstack.core.errors import Forbidden
from clickstack.core.limits import RAW_NAMES_REMEMBERED_MAX, RAW_TEXTS_REMEMBERED_MAX
from clickstack.core.source import Source, is_system_database
from clickstack.core.sql import Param, Sql
from clickstack.store import Store

from .allowed import CASTS, SYNTAX, SYNTAX_REFUSED, TABLE_FUNCTIONS, Functions, is_state, takes_function, takes_table

Tables = frozenset[tuple[str, str]]
ABSENT_AGE_S_MAX = 5.0  # how long a name that was no table is taken for none

SELECT = "SelectWithUnionQuery"

_NODE = re.compile(r"\s*(?P<kind>[A-Za-z:]*) ?(?P<name>.*)", re.DOTALL)
_ASIDE = re.compile(r" ?\((?:alias |children )")
_CHILDREN = re.compile(r"\(children (\d+)\)$")


@dataclass(frozen=True, slots=True)
class Node:
    """A line of the tree. `name` is how a function, table or column is called; `parent` the kind of the line above."""

    kind: str
    name: str
    above: str
    depth: int = 0
    children: int = 0


def tables_of(sources: Iterable[Source]) -> Tables:
    """The tables that sources read, without those of the engine itself."""
    names: set[tuple[str, str]] = set()
    for source in sources:
        metadata = source.metadata_materialized_views or {}
        rollups = [table for key, table in metadata.items() if key.endswith("Table")]  # its `granularity` is none
        tables = [source.table_name, source.series_table, *(source.metric_tables or {}).values(), *rollups]
        names |= {(source.database_name, table) for table in tables if table and isinstance(table, str)}
        for view in source.materialized_views or ():
            names.add((str(view.get("databaseName") or source.database_name), str(view.get("tableName") or "")))
    return frozenset(each for each in names if not is_system_database(each[0]) and each[1])


class Reach:
    """Safe from many threads."""

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._known: tuple[str, Functions] | None = None
        self._passed: dict[tuple[str, Tables], frozenset[str]] = {}
        self._absent: dict[tuple[str, str], float] = {}

    def check(self, sql: Sql, tables: Tables) -> None:
        """Raise Forbidden when the statement reaches for more than `tables`; BadQuery when it cannot be parsed.

        A text that passed once passes again with other values: parameters are values here, never names.
        """
        key = (sql.render()[0], tables)
        asked = self._passed.get(key)
        if asked is None:
            assert all(isinstance(part, str) or part.type != "Identifier" for part in sql.parts)
            nodes = self._tree(sql)
            if nodes[0].kind != SELECT:
                raise Forbidden(SYNTAX_REFUSED.get(nodes[0].kind, "Only reading is allowed here: write one SELECT."))
            check_counts(nodes)
            asked = self._allowed_but(nodes, tables)
        self._refuse_existing(asked, self._engine()[0], tables)
        with self._lock:
            self._passed[key] = asked
            while len(self._passed) > RAW_TEXTS_REMEMBERED_MAX:
                del self._passed[next(iter(self._passed))]

    def check_called(self, words: Iterable[str]) -> None:
        """Raise Forbidden when one of these words, which stand where functions do, is one that is not allowed."""
        functions = self._engine()[1]
        for word in sorted(words):
            if functions.refuse(word):
                raise Forbidden(f"The function {word} is not allowed in SQL.")

    def check_tree(self, nodes: list[Node], tables: Tables, also: Tables) -> None:
        """The same for a tree, or a part of one, that says what to read. It may read `also` besides; errors do not
        speak of those."""
        self._refuse_existing(self._allowed_but(nodes, tables, also), self.database, tables | also)

    @property
    def database(self) -> str:
        """Where tables without a database are."""
        return self._engine()[0]

    def _allowed_but(self, nodes: list[Node], tables: Tables, also: Tables = frozenset()) -> frozenset[str]:
        """Check the tree. What is left are names that must not be tables; which tables exist may change."""
        database, functions = self._engine()
        for at, node in enumerate(nodes):
            _check_node(node, functions)
            if node.kind == "Function":
                _check_arguments(node, nodes[at + 2 :], functions)
        asked: set[str] = set()
        for name in (node.name for node in nodes if node.kind == "TableIdentifier"):
            first, dot, rest = name.partition(".")
            if ((first, rest) if dot else (database, name)) in tables | also:
                continue
            if dot:
                raise Forbidden(_refused(name, tables))
            asked.add(name)
        if any(node.kind == "Function" and takes_table(node.name) for node in nodes):
            asked |= {node.name for node in nodes if node.kind == "Identifier"}
        return frozenset(asked)

    def _tree(self, sql: Sql) -> list[Node]:
        lines = [row[0] for row in self._store.query(Sql.of("EXPLAIN AST ", sql), pool="untrusted").rows]
        return nodes_of("\n".join(lines))

    def _refuse_existing(self, names: Iterable[str], database: str, tables: Tables) -> None:
        """Refuse names that are tables of others. What is no table is a column or a subquery of the statement's own."""
        pairs = {(database, name) for name in names}
        pairs |= {(first, rest.split(".", 1)[0]) for first, dot, rest in (name.partition(".") for name in names) if dot}
        now_s = self._clock.monotonic_s()
        pairs = {pair for pair in pairs - tables if now_s - self._absent.get(pair, -math.inf) >= ABSENT_AGE_S_MAX}
        if not pairs:
            return
        wanted = Sql.join(
            [Sql.of("(", Param(first, "String"), ", ", Param(name, "String"), ")") for first, name in sorted(pairs)],
            ", ",
        )
        found = self._store.query(
            Sql.of("SELECT database, name FROM system.tables WHERE (database, name) IN (", wanted, ") LIMIT 1")
        ).rows
        if found:
            raise Forbidden(_refused(found[0][1] if found[0][0] == database else ".".join(found[0]), tables))
        with self._lock:
            self._absent |= dict.fromkeys(pairs, now_s)
            while len(self._absent) > RAW_NAMES_REMEMBERED_MAX:
                del self._absent[next(iter(self._absent))]

    def _engine(self) -> tuple[str, Functions]:
        """The engine's current database and its functions, asked once."""
        with self._lock:
            if self._known is None:
                rows = self._store.query(
                    Sql.of("SELECT name, is_aggregate, alias_to, toString(origin), categories FROM system.functions")
                ).rows
                combinators = self._store.query(Sql.of("SELECT name FROM system.aggregate_function_combinators")).rows
                database = str(self._store.query(Sql.of("SELECT currentDatabase()")).scalar())
                self._known = database, Functions(rows, [row[0] for row in combinators])
            return self._known


def nodes_of(tree: str) -> list[Node]:
    """The lines of what `EXPLAIN AST` prints."""
    nodes: list[Node] = []
    for line in tree.splitlines():
        match = _NODE.match(line)
        if match is None or not line.strip():
            continue
        name = _ASIDE.split(match["name"], maxsplit=1)[0]
        counted = _CHILDREN.search(line)
        children = int(counted[1]) if counted else 0
        nodes.append(
            Node(match["kind"], name, nodes[-1].kind if nodes else "", len(line) - len(line.lstrip()), children)
        )
    return nodes


def _check_node(node: Node, functions: Functions) -> None:
    if node.kind not in SYNTAX:
        raise Forbidden(SYNTAX_REFUSED.get(node.kind, f"This is not allowed in SQL: {node.kind or node.name}"))
    if node.kind == "Function":
        allowed = node.name in TABLE_FUNCTIONS if node.above == "TableExpression" else functions.allow(node.name)
        if not allowed:
            raise Forbidden(f"The function {node.name} is not allowed in SQL.")


def check_counts(nodes: list[Node]) -> None:
    """Raise Forbidden unless every node of a whole tree has as many children as it says, if types are named in it.

    Lines that a name has added can take the place of an argument only where another node ends up without a place.
    """
    if not any(node.kind == "Function" and node.name.lower() in CASTS for node in nodes):
        return
    missing: list[int] = []  # of the nodes from the root to the last one
    for node in nodes:
        if any(missing[node.depth :]) or node.depth > len(missing) or (node.depth and not missing[node.depth - 1]):
            raise Forbidden("A name in this statement holds a line break.")
        del missing[node.depth :]
        if node.depth:
            missing[-1] -= 1
        missing.append(node.children)
    if any(missing):
        raise Forbidden("A name in this statement holds a line break.")


def _check_arguments(function: Node, after: list[Node], functions: Functions) -> None:
    """A function may be handed over by its name; and a type may be named by any expression. `after` begins with the
    first argument."""
    name = function.name.lower()
    if takes_function(name) and after and after[0].kind == "Identifier" and functions.refuse(after[0].name):
        raise Forbidden(f"The function {after[0].name} is not allowed in SQL.")
    if name in CASTS:
        inside = itertools.takewhile(lambda node: node.depth > function.depth + 1, after)
        types = [node for node in inside if node.depth == function.depth + 2][1:]
        if name.endswith("default"):
            types = types[:1]
        if any(node.kind != "Literal" or is_state(node.name) for node in types):
            raise Forbidden("CAST needs the name of a type here, and not that of the state of an aggregate.")


def _refused(name: str, tables: Tables) -> str:
    mine = ", ".join(sorted(f"{database}.{table}" for database, table in tables)[:20])
    return f"The table {name} belongs to no source of yours. " + (
        f"There are {mine}." if mine else "There is no source."
    )
