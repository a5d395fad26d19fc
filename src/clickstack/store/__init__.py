"""The only room that speaks to ClickHouse.

Enters: `Sql` values, `Load`s (a file of protobuf messages and how to project it), DDL of our own migrations.
Leaves: `QueryResult`s, table schemas, progress; engine failures translated to the tree of `core.errors`.

Every call blocks its thread and is safe from many threads: callers on an event loop go through a worker thread.
Do not add here: what telemetry or a chart means, teams, HTTP.
"""

from .catalog import Catalog, SkipIndex, TableColumn, TableSchema
from .engine import Load, Pool, PoolName
from .index_profile import IndexProfiles
from .opening import open_store
from .retention import Retention
from .store import Store

__all__ = [
    "Catalog",
    "IndexProfiles",
    "Load",
    "Pool",
    "PoolName",
    "Retention",
    "SkipIndex",
    "Store",
    "TableColumn",
    "TableSchema",
    "open_store",
]
