"""How fast accepted requests become rows, against the engine's own insert of the same rows, in one run.

    python bench/ingest/bench_ingest.py [--requests 400] [--clients 8]

Prepared requests of 500 log records go through check, spool (fsync) and loader into a fresh store; the acknowledgement
of each is timed. Then the very rows are written to Native files and inserted from there into the same, emptied table:
that is the ceiling, once as our loads are made (one thread, same blocks) and once as the engine likes it.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from clickstack.core.clock import SystemClock
from clickstack.core.ids import RandomIds
from clickstack.core.settings import Settings
from clickstack.core.sql import Sql
from clickstack.ingest import Ingest, open_ingest
from clickstack.ingest.projections import PROJECTIONS
from clickstack.store import Store, open_store

RECORDS = 500
WORDS = (
    "user order payment cart request completed failed timeout cache redis query slow fetch index page service upstream "
    "connection reset by peer retry"
).split()
RESOURCE = {
    "k8s.namespace.name": "prod",
    "deployment.environment.name": "production",
    "telemetry.sdk.language": "python",
}
LOADED_LIKE_US = (
    "max_threads = 1, max_insert_threads = 1, max_block_size = 65536, max_insert_block_size = 65536, "
    "min_insert_block_size_rows = 0, min_insert_block_size_bytes = 0"
)


def request(chance: random.Random, index: int, now_ns: int) -> bytes:
    message = ExportLogsServiceRequest()
    origin = message.resource_logs.add()
    names = {"service.name": f"svc-{index % 8}", "host.name": f"host-{index % 16}", "k8s.pod.name": f"pod-{index % 40}"}
    for key, value in {**names, **RESOURCE}.items():
        origin.resource.attributes.add(key=key).value.string_value = value
    scope = origin.scope_logs.add()
    scope.scope.name = "app.logger"
    for number in range(RECORDS):
        record = scope.log_records.add(
            time_unix_nano=now_ns + index * 1_000_000_000 + number * 1_000_000,
            severity_number=chance.choice([9, 9, 9, 13, 17]),
            severity_text="INFO",
            trace_id=chance.randbytes(16),
            span_id=chance.randbytes(8),
        )
        record.body.string_value = " ".join(chance.choices(WORDS, k=8)) + f" {chance.randrange(1_000_000)}"
        attributes = record.attributes
        attributes.add(key="http.method").value.string_value = chance.choice(["GET", "POST"])
        attributes.add(key="http.route").value.string_value = f"/api/v1/{chance.randrange(30)}"
        attributes.add(key="http.status_code").value.int_value = chance.choice([200, 200, 200, 404, 500])
        attributes.add(key="duration_ms").value.double_value = chance.random() * 100
        attributes.add(key="user.id").value.string_value = f"u{chance.randrange(5000)}"
        attributes.add(key="request.id").value.string_value = chance.randbytes(8).hex()
    return bytes(message.SerializeToString())


def send(ingest: Ingest, requests: Iterator[bytes], lock: threading.Lock, seconds: list[float]) -> None:
    while True:
        with lock:
            body = next(requests, None)
        if body is None:
            return
        started = time.perf_counter()
        ingest.accept("logs", body)
        seconds.append(time.perf_counter() - started)


def measure_ingest(ingest: Ingest, requests: list[bytes], clients: int) -> tuple[float, float]:
    """(wall, CPU) seconds until all rows are stored."""
    source, lock, acks = iter(requests), threading.Lock(), list[float]()
    wall, cpu = time.perf_counter(), time.process_time()
    threads = [threading.Thread(target=send, args=(ingest, source, lock, acks)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = time.perf_counter() - wall
    assert ingest.flush(600)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    cuts = statistics.quantiles(acks, n=100)
    print(f"acks: p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms; accepted in {sent:.2f} s")
    return wall, cpu


def measure_engine(store: Store, files: list[Path], settings: str) -> tuple[float, float]:
    store.command("TRUNCATE TABLE otel_logs")
    columns = ", ".join(PROJECTIONS["logs"][0].columns)
    wall, cpu = time.perf_counter(), time.process_time()
    for file in files:
        store.command(
            f"INSERT INTO otel_logs ({columns}) SETTINGS {settings} SELECT {columns} FROM file('{file}', 'Native')"
        )
    return time.perf_counter() - wall, time.process_time() - cpu


def export(store: Store, directory: Path, files: int) -> list[Path]:
    """The stored rows as Native files, one per segment that ingest made, in the order they came."""
    columns = ", ".join(PROJECTIONS["logs"][0].columns)
    paths = [directory / f"{number}.native" for number in range(files)]
    rows = int(store.query(Sql.of("SELECT count() FROM otel_logs"), pool="admin").scalar())
    each = -(-rows // files)
    for number, path in enumerate(paths):
        store.command(
            f"INSERT INTO FUNCTION file('{path}', 'Native') SELECT {columns} FROM otel_logs "
            f"ORDER BY Timestamp LIMIT {each} OFFSET {number * each}"
        )
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    chance, clock = random.Random(1), SystemClock()
    now_ns = clock.now_ns()
    requests = [request(chance, index, now_ns) for index in range(options.requests)]
    records = len(requests) * RECORDS
    print(f"{records} records, {sum(map(len, requests)) / records:.0f} bytes each")

    with tempfile.TemporaryDirectory() as directory:
        settings = Settings(data_dir=Path(directory))
        store = open_store(settings)
        ingest = open_ingest(Path(directory), store, settings, clock, RandomIds(clock))
        measure_ingest(ingest, requests[:40], options.clients)  # warms the engine
        store.command("TRUNCATE TABLE otel_logs")
        results = {"ingest": measure_ingest(ingest, requests, options.clients)}
        parts = store.query(
            Sql.of("SELECT count() FROM system.parts WHERE active AND table = 'otel_logs'"), pool="admin"
        )
        memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"parts of otel_logs afterwards: {parts.scalar()}; peak memory {memory_mb} MiB (requests included)")
        files = export(store, Path(directory), max(1, sum(map(len, requests)) // (32 * 1024 * 1024)))
        results["engine, our settings"] = measure_engine(store, files, LOADED_LIKE_US)
        results["engine, its settings"] = measure_engine(store, files, "max_insert_threads = 0")
        ingest.close(10)
        store.close()

    for name, (wall, cpu) in results.items():
        print(f"{name:22} {records / wall:10,.0f} records/s   {cpu / records * 1e6:6.1f} CPU s per million")
    ours = results.pop("ingest")
    for name, theirs in results.items():
        print(f"ingest ÷ {name}: speed {theirs[0] / ours[0]:.2f}, CPU {ours[1] / theirs[1]:.2f}")


if __name__ == "__main__":
    main()
