"""How long one round of evaluation takes when thousands of alerts are due in the same minute.

    make bench-alerts ARGS="--alerts 10000 --rows 600000"

100 sources, each with its own filter on the logs table; on each of them saved searches by words, levels and attributes,
every tenth grouped by pod (50 pods). All are due every minute. One round is one call of `AlertEngine.round`, with the
real engine and a SQLite metadata database; the first creates the standings, the others are what a server does each
minute. Lateness is the time from the round's beginning to the verdict being stored.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from clickstack.alerts.engine import AlertEngine
from clickstack.alerts.policy import Defaults
from clickstack.alerts.workers import Workers
from clickstack.core.alert import Alert, Channel
from clickstack.core.clock import FixedClock
from clickstack.core.ids import RandomIds
from clickstack.core.limits import ALERT_SCANS_AT_ONCE
from clickstack.core.records import Author
from clickstack.core.saved_search import SavedSearch
from clickstack.core.settings import Settings
from clickstack.core.source import Source
from clickstack.core.webhook import Webhook
from clickstack.metadata import Lease, Metadata, open_metadata
from clickstack.query import Reader
from clickstack.store import Store, open_store

SOURCES = 100
MINUTES = 10
BENCH = Author("system", "bench", "bench")
FILTERS = (
    "SeverityText:error AND w{n}",
    "SeverityText:warn OR w{n}",
    "w{n} timeout",
    'Body:"request w{n}"',
    "LogAttributes.status:>{n}",
    "NOT SeverityText:info AND w{n}",
    "LogAttributes.path:/api/w{n}*",
    "w{n} AND LogAttributes.status:500",
    "SeverityText:fatal",
    "payment w{n} failed",
)


class MinuteClock(FixedClock):
    """A wall clock that stands still until told to move, and real durations."""

    def monotonic_s(self) -> float:
        return time.perf_counter()


def main() -> None:
    arguments = read_arguments()
    with tempfile.TemporaryDirectory(prefix="bench-alerts-") as directory:
        place = Path(directory)
        clock = MinuteClock()
        store = open_store(Settings(data_dir=place))
        metadata = open_metadata(place / "metadata.sqlite", clock, RandomIds(clock))
        fill(store, clock, arguments.rows)
        lease = metadata.leases.take("alerts", "bench", 10**12)
        assert lease is not None
        began_s = time.perf_counter()
        insert_alerts(metadata, RandomIds(clock), arguments.alerts)
        print(f"{arguments.alerts} alerts, {SOURCES} sources, {arguments.rows} rows in {MINUTES} minutes;", end=" ")
        print(f"set up in {time.perf_counter() - began_s:.0f} s")
        workers = Workers(ALERT_SCANS_AT_ONCE, "bench")
        read = partial(Reader, store, pool="background")
        engine = AlertEngine(metadata, read, clock, RandomIds(clock), "http://app", Defaults(), workers)
        measure(engine, lease, clock, arguments.rounds)
        workers.close()
        metadata.close()
        store.close()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=4)
    return parser.parse_args()


def fill(store: Store, clock: FixedClock, rows: int) -> None:
    """Logs of 100 services over the minutes that will be judged."""
    start_ms = clock.now_ns() // 1_000_000
    store.command("ALTER TABLE otel_logs REMOVE TTL")
    store.command(
        f"""
        INSERT INTO otel_logs (Timestamp, ServiceName, SeverityText, Body, LogAttributes)
        SELECT fromUnixTimestamp64Milli({start_ms} + toInt64(number * {MINUTES * 60_000} / {rows}), 'UTC'),
               'service-' || toString(cityHash64(number) % {SOURCES}),
               arrayElement(['info', 'info', 'info', 'info', 'warn', 'error', 'fatal'],
                            1 + cityHash64(number, 1) % 7),
               'request w' || toString(cityHash64(number, 2) % 500) || ' for payment took '
                   || toString(cityHash64(number, 3) % 1000) || ' ms'
                   || if(cityHash64(number, 4) % 20 = 0, ' and failed with a timeout', ''),
               map('pod', 'pod-' || toString(cityHash64(number, 5) % 50),
                   'status', toString(200 + 100 * (cityHash64(number, 6) % 4)),
                   'path', '/api/w' || toString(cityHash64(number, 7) % 500))
        FROM numbers({rows})"""
    )


def insert_alerts(metadata: Metadata, ids: RandomIds, count: int) -> None:
    team, _ = metadata.installation.found("bench@example.com", "hash")
    (logs,) = (source for source in metadata.sources.list(team.id) if source.kind == "log")
    hook = Webhook(ids.object_id(), team.id, "bench", "generic", "https://example.com/hook")
    metadata.webhooks.insert(hook, BENCH, None)
    sources = [
        metadata.sources.insert(of_service(logs, ids.object_id(), number), BENCH, None) for number in range(SOURCES)
    ]
    for number, search in enumerate(searches(team.id, sources, ids, count)):
        metadata.saved_searches.insert(search, BENCH, None)
        alert = Alert(
            id=ids.object_id(),
            team_id=team.id,
            name=None,
            channels=(Channel(hook.id),),
            interval="1m",
            threshold=1_000_000 if number % 50 else 1,  # one in fifty fires
            threshold_type="above",
            source="saved_search",
            saved_search_id=search.id,
            group_by="LogAttributes['pod']" if number % 10 == 0 else None,
        )
        metadata.alerts.insert(alert, BENCH, None)


def of_service(logs: Source, id: str, number: int) -> Source:
    return replace(logs, id=id, name=f"service {number}", table_filter_expression=f"ServiceName = 'service-{number}'")


def searches(team_id: str, sources: list[Source], ids: RandomIds, count: int) -> Iterator[SavedSearch]:
    for number in range(count):
        where = FILTERS[number % len(FILTERS)].format(n=number // SOURCES)
        source = sources[(number // len(FILTERS)) % SOURCES]
        yield SavedSearch(ids.object_id(), team_id, f"search {number}", source.id, where=where)


def measure(engine: AlertEngine, lease: Lease, clock: FixedClock, rounds: int) -> None:
    print("round | seconds | alerts judged | failed | queries | rows read | messages | cpu s | late p99 s")
    taken = []
    for number in range(rounds):
        clock.advance(60)
        cpu_s, began_s = time.process_time(), time.perf_counter()
        done = engine.round(lease)
        taken.append(time.perf_counter() - began_s)
        print(
            f"{number + 1} | {taken[-1]:.1f} | {done.judged} | {done.failed} | {done.queries} | {done.rows_read} "
            f"| {done.messages} | {time.process_time() - cpu_s:.1f} | {percentile(done.stored_after_s, 0.99):.1f}"
        )
    print(f"median after the first: {statistics.median(taken[1:]):.1f} s; goal < 30 s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
    sys.stdout.flush()


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))] if values else 0.0


if __name__ == "__main__":
    main()
