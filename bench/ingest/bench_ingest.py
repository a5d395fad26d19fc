"""How fast the real server takes telemetry from real clients, against the engine's own insert of the same rows.

    python bench/ingest/bench_ingest.py [--requests 3000] [--clients 8] [--only logs]

For each signal, protocol and encoding: prepared requests of 500 records go to a running `clickstack serve` from this
process; the acknowledgement of each is timed, the server's CPU and peak memory are read from /proc. Then the server
stops, and the very rows it stored are inserted by the engine from Native files into the same, emptied tables: that is
the ceiling, in the same run. The files hold the rows in the order of their times, as they came in. As it comes, the
engine inserts into a table with views in one thread; the figure for two is printed beside it. Short runs look slow: the
last segment closes only after its second of age.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import grpc
import payloads

from clickstack.core.settings import Settings
from clickstack.core.sql import Sql
from clickstack.ingest.projections import PROJECTIONS
from clickstack.store import Store, open_store

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from program import LiveServer, call, serve, sign_up

MAKERS: dict[str, Callable[[random.Random, int, int], bytes]] = {
    "logs": payloads.logs,
    "traces": payloads.traces,
    "metrics": payloads.metrics,
}
LATER: dict[str, Callable[[bytes, int], bytes]] = {
    "logs": payloads.logs_later,
    "traces": payloads.traces_later,
    "metrics": payloads.metrics_later,
}
REQUESTS = {"logs": 3000, "traces": 3000, "metrics": 9000}
BODIES = 1000  # made one by one; longer runs send them again with later times, as equal rows would flatter the engine
ROWS = 100_000  # of one Native file
RPC = {
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
WAYS = (("http", "plain"), ("http", "gzip"), ("grpc", "plain"))
WARM_UP = 20  # requests before the clock starts
CEILINGS = {"engine": "", "engine, two threads": " SETTINGS parallel_view_processing = 1"}
CLOCK_TICKS = 100  # of /proc/<pid>/stat, per second, on Linux


@dataclass(frozen=True)
class Run:
    """What one way of sending cost."""

    records: int
    wall_s: float
    cpu_s: float
    acks_s: list[float]

    def __str__(self) -> str:
        cuts = quantiles(self.acks_s, n=100)
        return (
            f"{self.records / self.wall_s:10,.0f} records/s  {self.cpu_s / self.records * 1e6:6.1f} CPU s per million"
            f"  acks p50 {cuts[49] * 1000:5.1f} ms, p99 {cuts[98] * 1000:5.1f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--requests", type=int, help="of each signal; without it as many as take about ten seconds")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--only", choices=tuple(MAKERS), action="append")
    options = parser.parse_args()
    for signal in options.only or MAKERS:
        with tempfile.TemporaryDirectory() as directory:
            measure_signal(signal, options.requests or REQUESTS[signal], options.clients, Path(directory))


def measure_signal(signal: str, count: int, clients: int, data_dir: Path) -> None:
    bodies = make_bodies(signal, count)
    records = count * payloads.RECORDS
    print(f"\n{signal}: {records:,} records of {sum(map(len, bodies)) // records} bytes")
    for number, (protocol, encoding) in enumerate(WAYS):
        way_dir = data_dir / str(number)
        packed = list(map(_gzipped, bodies)) if encoding == "gzip" else bodies
        with serve(way_dir, "--self-telemetry", "false") as server:
            key = call("GET", f"{server.api_url}/team", cookie=sign_up(server))[2]["apiKey"]
            connect = _http(server, signal, key, encoding) if protocol == "http" else _grpc(server, signal, key)
            send_all(connect, packed[:WARM_UP], clients)
            wait_until_loaded(way_dir, signal)
            run = measure(server, way_dir, signal, connect, packed[WARM_UP:], clients)
            memory_mb = _status_kb(server, "VmHWM") // 1024
        print(f"  {protocol + ', ' + encoding:12}{run}  peak {memory_mb} MiB", flush=True)
        for name, (wall_s, cpu_s) in measure_engine(way_dir, signal).items():
            speed, cpu = wall_s * run.records / run.wall_s, run.cpu_s / run.records / cpu_s
            print(
                f"    {name:20} {1 / wall_s:10,.0f} records/s  {cpu_s * 1e6:6.1f} CPU s per million; ours ÷ it: "
                f"speed {speed:.2f}, CPU {cpu:.2f}",
                flush=True,
            )


def make_bodies(signal: str, count: int) -> list[bytes]:
    """Requests a second apart, no two alike."""
    chance, now_ns = random.Random(1), time.time_ns()
    different = [MAKERS[signal](chance, index, now_ns) for index in range(min(count, BODIES))]
    rounds = range(-(-count // BODIES))
    return [LATER[signal](body, turn * BODIES * 1_000_000_000) for turn in rounds for body in different][:count]


def measure(
    server: LiveServer, data_dir: Path, signal: str, connect: Callable[[], Callable[[bytes], None]],
    bodies: list[bytes], clients: int,
) -> Run:  # fmt: skip
    """Until every row is stored, not only acknowledged."""
    cpu_s, started = _cpu_s(server), time.perf_counter()
    acks_s = send_all(connect, bodies, clients)
    wait_until_loaded(data_dir, signal)
    return Run(len(bodies) * payloads.RECORDS, time.perf_counter() - started, _cpu_s(server) - cpu_s, acks_s)


def send_all(connect: Callable[[], Callable[[bytes], None]], bodies: list[bytes], clients: int) -> list[float]:
    source, lock, acks_s = iter(bodies), threading.Lock(), list[float]()
    threads = [threading.Thread(target=_client, args=(connect(), source, lock, acks_s)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(acks_s) == len(bodies), "a client failed"
    return acks_s


def _client(send: Callable[[bytes], None], source: Iterator[bytes], lock: threading.Lock, acks_s: list[float]) -> None:
    while True:
        with lock:
            body = next(source, None)
        if body is None:
            return
        started = time.perf_counter()
        send(body)
        acks_s.append(time.perf_counter() - started)


def _http(server: LiveServer, signal: str, key: str, encoding: str) -> Callable[[], Callable[[bytes], None]]:
    headers = {"content-type": "application/x-protobuf", "authorization": key}
    if encoding == "gzip":
        headers["content-encoding"] = "gzip"

    def connect() -> Callable[[bytes], None]:
        connection = http.client.HTTPConnection(server.otlp_http_url.removeprefix("http://"))

        def send(body: bytes) -> None:
            connection.request("POST", f"/v1/{signal}", body, headers)
            reply = connection.getresponse()
            text = reply.read()
            assert reply.status == 200, text

        return send

    return connect


def _grpc(server: LiveServer, signal: str, key: str) -> Callable[[], Callable[[bytes], None]]:
    def connect() -> Callable[[bytes], None]:
        export = grpc.insecure_channel(server.otlp_grpc_target).unary_unary(RPC[signal])

        def send(body: bytes) -> None:
            export(body, metadata=[("authorization", key)], timeout=60)

        return send

    return connect


def wait_until_loaded(data_dir: Path, signal: str) -> None:
    spool = data_dir / "spool" / signal
    while any(spool.glob("*.segment")):
        time.sleep(0.01)


def measure_engine(data_dir: Path, signal: str) -> dict[str, tuple[float, float]]:
    """For each of CEILINGS (wall, CPU) seconds per record of the engine's own insert of the stored rows."""
    store = open_store(Settings(data_dir=data_dir))
    rows = 0
    spent = {name: [0.0, 0.0] for name in CEILINGS}
    for projection in PROJECTIONS[signal]:  # type: ignore[index]
        table, columns = projection.table, ", ".join(f"`{column}`" for column in projection.columns)
        stored = store.query(Sql.of(f"SELECT count() FROM {table}")).scalar()
        if stored == 0:
            continue
        rows += stored
        files = _export(
            store, data_dir / f"came-in-{table}", table, columns, "TimeUnix" if signal == "metrics" else "Timestamp"
        )
        for name, settings in CEILINGS.items():
            store.command(f"TRUNCATE TABLE {table}")
            started, started_cpu = time.perf_counter(), time.process_time()
            for file in files:
                store.command(
                    f"INSERT INTO {table} ({columns}) SELECT {columns} FROM file('{file}', 'Native'){settings}"
                )
            spent[name][0] += time.perf_counter() - started
            spent[name][1] += time.process_time() - started_cpu
            assert store.query(Sql.of(f"SELECT count() FROM {table}")).scalar() == stored, "rows taken for repetitions"
    store.close()
    return {name: (wall_s / rows, cpu_s / rows) for name, (wall_s, cpu_s) in spent.items()}


def _export(store: Store, directory: Path, table: str, columns: str, order: str) -> list[Path]:
    """The table's rows in Native files."""
    store.command(
        f"INSERT INTO FUNCTION file('{directory}/{{_partition_id}}.native', 'Native') "
        f"PARTITION BY intDiv(rowNumberInAllBlocks(), {ROWS}) "
        f"SELECT {columns} FROM (SELECT {columns} FROM {table} ORDER BY {order}) SETTINGS max_threads = 1"
    )
    return sorted(directory.glob("*.native"), key=lambda file: int(file.stem))


def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, 1)


def _cpu_s(server: LiveServer) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def _status_kb(server: LiveServer, name: str) -> int:
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


if __name__ == "__main__":
    main()
