"""Opening the store a server's settings ask for."""

from __future__ import annotations

import os

from clickstack.core.limits import QUERY_MEMORY_BYTES_MAX, QUERY_RESULT_ROWS_MAX, QUERY_WAIT_S_MAX
from clickstack.core.settings import Settings

from .embedded import EmbeddedEngine
from .engine import pools
from .mend import mend_deduplication_logs, mend_tables
from .migrate import migrate
from .store import Store


def open_store(settings: Settings) -> Store:
    """The store under `settings.data_dir`, migrated to the newest schema. Raises StartupError."""
    memory_bytes = settings.engine_memory_mb * 1024 * 1024 or _machine_memory_bytes() // 2
    query_bytes = min(QUERY_MEMORY_BYTES_MAX, memory_bytes // 2)
    directory = settings.data_dir.resolve() / "engine"
    mend_deduplication_logs(directory)
    engine = EmbeddedEngine(
        directory,
        pools(settings, query_bytes, QUERY_RESULT_ROWS_MAX, QUERY_WAIT_S_MAX),
        memory_bytes,
    )
    store = Store(engine)
    mend_tables(store, directory)
    migrate(store)
    return store


def _machine_memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
