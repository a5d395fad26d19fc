"""A process to be killed: `load <dir>` accepts without end and prints what was acknowledged; `count <dir>` loads what
is left and prints how often each record is stored, as JSON."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from clickstack.core.clock import SystemClock
from clickstack.core.ids import RandomIds
from clickstack.core.settings import Settings
from clickstack.core.sql import Sql
from clickstack.ingest import Ingest, open_ingest
from clickstack.store import open_store
from ingest.requests import logs

RECORDS = 20


def send(ingest: Ingest, worker: str, start_ns: int) -> None:
    """Each request has a name; its records are `<name>/<index>`, logs over three days and replays."""
    number = 0
    while True:
        number += 1
        name = f"{worker}-{number}"
        bodies = [f"{name}/{index}" for index in range(RECORDS)]
        ingest.accept(
            "logs", logs(bodies, days=3, start_ns=start_ns) + logs([f"{name}/replay"], session=True, start_ns=start_ns)
        )
        sys.stdout.write(name + "\n")  # one write per line: threads do not mix theirs
        sys.stdout.flush()


def main(mode: str, data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir, engine_memory_mb=1024)
    store = open_store(settings)
    clock = SystemClock()
    ids = RandomIds(clock)
    ingest = open_ingest(data_dir, store, settings, clock, ids)
    if mode == "load":
        for worker in range(3):
            threading.Thread(target=send, args=(ingest, f"{ids.object_id()}-{worker}", clock.now_ns())).start()
        return
    assert ingest.flush(30)
    counted = {}
    for table in ("otel_logs", "hyperdx_sessions"):
        counted.update(
            store.query(Sql.of(f"SELECT Body, toUInt32(count()) FROM {table} GROUP BY Body LIMIT 1000000")).rows
        )
    rolled_up = store.query(Sql.of("SELECT sum(count) FROM otel_logs_kv_rollup_15m WHERE Key = 'ServiceName'")).scalar()
    logs_stored = store.query(Sql.of("SELECT count() FROM otel_logs")).scalar()
    json.dump(
        {"stored": counted, "logs": logs_stored, "rolled_up": rolled_up, "counters": ingest.counters()["logs"].loaded},
        sys.stdout,
    )
    ingest.close(10)
    store.close()


main(sys.argv[1], Path(sys.argv[2]))
