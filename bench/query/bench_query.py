"""Our answers against the SQL a person would write for the same question, in one run; and what we add above the engine.

    python bench/query/bench_query.py [--rows 20000000] [--repeats 5] [--cache DIRECTORY] [--only WORDS]

Rows are generated once and kept (see generated_rows.py). Both sides are asked in turn; the median of each counts. `CPU`
is the same ratio in CPU time of this process, which holds on a machine that is busy with other things. For charts the
two texts are compared on the same connections, and `above` is a whole chart of an hour (compile, ask, shape) minus the
engine's own time; for the other tasks ours is the whole function. At the end a real server is asked over HTTP.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from generated_rows import DAY, ROWS_DEFAULT, cache_directory, generated
from incident import tasks
from questions import questions

from clickstack.core.ids import SequentialIds
from clickstack.core.result import Statistics
from clickstack.core.settings import Settings
from clickstack.core.source import Source
from clickstack.core.sql import Sql
from clickstack.core.timerange import TimeRange
from clickstack.metadata.defaults import default_sources
from clickstack.query import Runner
from clickstack.store import Store, open_store

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from program import call, serve, sign_up

HOUR = TimeRange(DAY.start_ms + 13 * 3_600_000, DAY.start_ms + 14 * 3_600_000)
REQUESTS = 60  # over HTTP, after as many to warm up


@dataclass(frozen=True)
class Spent:
    """Milliseconds on the clock and of CPU."""

    wall: float
    cpu: float


@dataclass
class Times:
    """Of both sides, run by run; `above` in milliseconds."""

    ours: list[Spent] = field(default_factory=list)
    theirs: list[Spent] = field(default_factory=list)
    above: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return _median(self.ours, "wall") / _median(self.theirs, "wall")

    @property
    def cpu_ratio(self) -> float:
        return _median(self.ours, "cpu") / _median(self.theirs, "cpu")


def _median(spent: Sequence[Spent], what: str) -> float:
    return statistics.median(getattr(each, what) for each in spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS_DEFAULT, help="logs, spans and metric points together")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cache", type=Path, default=cache_directory(), help="where generated rows are kept")
    parser.add_argument("--only", default="", help="questions whose name has these words")
    options = parser.parse_args()
    directory = generated(options.rows, options.cache)
    sources = {source.kind: source for source in default_sources("team", "connection", SequentialIds())}
    store = open_store(Settings(data_dir=directory))
    print(
        f"{'question':34}{'ours ms':>9}{'by hand':>9}{'ratio':>7}{'CPU':>6}{'above':>7}"
        f"{'rows read':>12}{'by hand':>12}{'MB':>8}{'by hand':>9}"
    )
    all_times = [*ask_charts(store, sources, options), *ask_tasks(store, sources, options)]
    store.close()
    above = [each for times in all_times for each in times.above]
    ratio, cpu_ratio = (statistics.median(getattr(each, name) for each in all_times) for name in ("ratio", "cpu_ratio"))
    print(f"\n{len(all_times)} questions: median ratio {ratio:.2f}, of CPU {cpu_ratio:.2f}", end="")
    print(f"; a chart above the engine: p50 {statistics.median(above):.1f} ms" if above else "")
    if not options.only:
        ask_over_http(directory)


def ask_charts(store: Store, sources: Mapping[str, Source], options: argparse.Namespace) -> list[Times]:
    runner, all_times = Runner(store), []
    for question in questions(sources):
        if options.only not in question.name:
            continue
        sql, by_hand = runner.plan(question.chart, DAY)[0].sql, Sql.of(question.by_hand)
        times = Times()
        for _ in range(options.repeats + 1):
            spent, ours = timed(lambda sql=sql: store.query(sql))
            times.ours.append(spent)
            spent, theirs = timed(lambda by_hand=by_hand: store.query(by_hand))
            times.theirs.append(spent)
            spent, chart = timed(lambda chart=question.chart: runner.run(chart, HOUR))
            times.above.append(spent.wall - chart.statistics.elapsed_s * 1000)
        report(question.name, _warm(times), ours.statistics, [theirs.statistics])
        all_times.append(times)
    return all_times


def ask_tasks(store: Store, sources: Mapping[str, Source], options: argparse.Namespace) -> list[Times]:
    all_times = []
    for task in tasks(store, sources):
        if options.only not in task.name:
            continue
        by_hand = [Sql.of(text) for text in task.by_hand]
        times = Times()
        for _ in range(options.repeats + 1):
            spent, ours = timed(task.ours)
            times.ours.append(spent)
            spent, theirs = timed(lambda by_hand=by_hand: [store.query(each) for each in by_hand])
            times.theirs.append(spent)
        report(task.name, _warm(times), ours.statistics, [each.statistics for each in theirs])
        all_times.append(times)
    return all_times


def _warm(times: Times) -> Times:
    """Without the first run of each, which finds nothing in the caches."""
    for each in (times.ours, times.theirs, times.above):
        del each[:1]
    return times


def report(name: str, times: Times, ours: Statistics, theirs: Sequence[Statistics]) -> None:
    above = f"{statistics.median(times.above):7.1f}" if times.above else " " * 7
    rows, megabytes = sum(each.rows_read for each in theirs), sum(each.bytes_read for each in theirs) / 1e6
    print(
        f"{name:34}{_median(times.ours, 'wall'):9.1f}{_median(times.theirs, 'wall'):9.1f}"
        f"{times.ratio:7.2f}{times.cpu_ratio:6.2f}{above}"
        f"{ours.rows_read:12,}{rows:12,}{ours.bytes_read / 1e6:8.1f}{megabytes:9.1f}",
        flush=True,
    )


def ask_over_http(directory: Path) -> None:
    """An hour's chart over the REST API and as the app streams it, in turn: from the request to the last byte on one
    kept connection, minus what the engine says the chart took it."""
    for name in ("metadata.sqlite", "metadata.sqlite-wal", "metadata.sqlite-shm"):
        (directory / name).unlink(missing_ok=True)
    with serve(directory, "--self-telemetry", "false") as server:
        cookie = sign_up(server)
        key = call("GET", f"{server.api_url}/me", cookie=cookie)[2]["accessKey"]
        sources = call("GET", f"{server.api_url}/sources", cookie=cookie)[2]
        logs = next(each["id"] for each in sources if each["kind"] == "log")
        hour = {"startTime": DAY.start_ms, "endTime": DAY.start_ms + 3_600_000}
        series = {"sourceId": logs, "aggFn": "count", "where": "", "groupBy": []}
        chart = {"displayType": "line", "sourceId": logs, "select": [{"aggFn": "count"}], "granularity": "1m"}
        rest = Asked(
            server.api_url,
            "/api/v2/charts/series",
            {"authorization": f"Bearer {key}"},
            {**hour, "series": [series], "granularity": "1m"},
        )
        app = Asked(server.app_url, "/api/explore/chart", {"cookie": cookie}, {**hour, "chart": chart})
        spent: dict[str, list[float]] = {"rest": [], "app": [], "engine": []}
        for _ in range(2 * REQUESTS):
            (over_rest, _), (over_app, reply) = timed(rest), timed(app)
            spent["rest"].append(over_rest.wall)
            spent["app"].append(over_app.wall)
            spent["engine"].append(_last_frame(reply)["statistics"]["elapsedMs"])
    warm = {name: each[REQUESTS:] for name, each in spent.items()}
    above = {
        name: statistics.median(ours - engine for ours, engine in zip(warm[name], warm["engine"], strict=True))
        for name in ("rest", "app")
    }
    print(
        f"an hour's chart over HTTP, p50: the engine {statistics.median(warm['engine']):.1f} ms, above it "
        f"{above['rest']:.1f} ms over the REST API, {above['app']:.1f} ms as a stream with progress"
    )


class Asked:
    """A request that is sent again and again on one connection; what is returned is the reply's text.

    A bare socket: http.client sends the headers and the body apart and takes as long to read a reply as the server to
    write it.
    """

    def __init__(self, url: str, path: str, headers: dict[str, str], body: dict[str, Any]) -> None:
        at, text = urlsplit(url), json.dumps(body).encode()
        self._socket = socket.create_connection((at.hostname, at.port or 80))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        given = {"host": at.netloc, "content-type": "application/json", "content-length": str(len(text)), **headers}
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", ""]
        self._request = "\r\n".join(lines).encode() + text

    def __call__(self) -> str:
        self._socket.sendall(self._request)
        reply = b""
        while b"\r\n\r\n" not in reply:
            reply += self._more()
        head, _, body = reply.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), reply
        length = re.search(rb"\ncontent-length: (\d+)", head)
        while not (len(body) == int(length[1]) if length else body.endswith(b"\r\n0\r\n\r\n")):
            body += self._more()
        return (body if length else _CHUNK_HEAD.sub(b"", body)).decode()

    def _more(self) -> bytes:
        more = self._socket.recv(1 << 16)
        assert more, "the server hung up"
        return more


_CHUNK_HEAD = re.compile(rb"(?:^|\r\n)[0-9a-f]+\r\n(?:\r\n)?")  # of a reply in chunks, none of which holds an \r\n


def _last_frame(text: str) -> dict[str, Any]:
    return dict(json.loads(text.splitlines()[-1]))


def timed(work: Callable[[], Any]) -> tuple[Spent, Any]:
    """What it took, and the answer."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    result = work()
    return Spent((time.perf_counter() - wall_s) * 1000, (time.process_time() - cpu_s) * 1000), result


if __name__ == "__main__":
    main()
