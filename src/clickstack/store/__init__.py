"""The only room that speaks to ClickHouse.

Enters: `Sql` values, `Load`s (a file of protobuf messages and how to project it), DDL of our own migrations.
Leaves: `QueryResult`s, table schemas, progress; engine failures translated to the tree of `core.errors`.

Every call blocks its thread and is safe from many threads: callers on an event loop go through a worker thread.
Do not add here: what telemetry or a chart means, teams, HTTP.
"""

from . import allocator as allocator  # before whatever loads the engine's library
from .catalog import Catalog, SkipIndex, TableColumn, TableSchema
from .engine import Answer, Load, Pool, PoolName, Statement
from .failures import EngineFault, engine_fault
from .index_profile import IndexProfiles
from .opening import open_store
from .query_settings import may_be_set
from .retention import Retention
from .store import Store
from .table_parts import Part

__all__ = [
    "Answer",
    "Catalog",
    "EngineFault",
    "IndexProfiles",
    "Load",
    "Part",
    "Pool",
    "PoolName",
    "Retention",
    "SkipIndex",
    "Statement",
    "Store",
    "TableColumn",
    "TableSchema",
    "engine_fault",
    "may_be_set",
    "open_store",
]
