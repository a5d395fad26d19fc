"""Runs the demo: first the past, as fast as the server takes it, then the present, as it happens."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass

from clickstack.core.clock import Clock
from clickstack.core.errors import BadRequest

from .generator import DEFAULT_RATE, generate
from .sender import BATCH_RECORDS, Sender
from .signals import LogLine, MetricPoint, Record, SpanRecord
from .traffic import SECOND_NS

_SAY_EVERY_S = 5.0
_LIVE_STEP_S = 1.0


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Where to send, with which key, and how much. `rate` is traces per second on average over a day."""

    otlp_http_url: str
    otlp_grpc_target: str
    ingestion_key: str
    hours: float = 3.0
    rate: float = DEFAULT_RATE
    seed: int = 1
    live: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.hours <= 24 * 31:
            raise BadRequest(f"hours: {self.hours} is not between 0 and 744")
        if not 0 < self.rate <= 10_000:
            raise BadRequest(f"rate: {self.rate} is not above 0 and at most 10000 traces per second")
        if not self.otlp_http_url.startswith(("http://", "https://")):
            raise BadRequest(f"otlp_http_url: {self.otlp_http_url!r} must begin with http:// or https://")

    def __repr__(self) -> str:
        return f"DemoOptions({self.otlp_http_url}, {self.otlp_grpc_target}, hours={self.hours}, rate={self.rate})"


def run_demo(options: DemoOptions, stop: threading.Event, say: Callable[[str], None], clock: Clock) -> None:
    """Fills the last `hours` and then, if `live`, goes on until `stop` is set. `say` gets progress, line by line.

    A server that is away, busy or refuses the key is asked again until it takes the data.
    """
    sender = Sender(options.otlp_http_url, options.otlp_grpc_target, options.ingestion_key, stop, say)
    try:
        if sender.wait_until_ready():
            _Run(options, sender, stop, say, clock).run()
    finally:
        sender.close()


class _Run:
    def __init__(
        self, options: DemoOptions, sender: Sender, stop: threading.Event, say: Callable[[str], None], clock: Clock
    ) -> None:
        self._options, self._sender, self._stop, self._say, self._clock = options, sender, stop, say, clock
        self._spans: list[SpanRecord] = []
        self._logs: list[LogLine] = []
        self._points: list[MetricPoint] = []
        self._future: list[tuple[int, int, Record]] = []  # what a trace does after the present, by time
        self._order = 0
        self._said_s = clock.monotonic_s()

    def run(self) -> None:
        now_ns = self._clock.now_ns()
        start_ns = now_ns - int(self._options.hours * 3600 * SECOND_NS)
        self._fill(start_ns, now_ns)
        if self._stop.is_set():
            return
        self._say(f"demo: {self._options.hours:g} h of history sent ({self._counts()})")
        if self._options.live:
            self._live(now_ns)
        else:
            self._release(None)
            self._flush()

    def _fill(self, start_ns: int, now_ns: int) -> None:
        records = generate(self._options.seed, start_ns, now_ns, self._options.rate)
        for number, record in enumerate(records):
            if self._stop.is_set():
                return
            self._take(record, now_ns)
            if number % BATCH_RECORDS == 0 and self._is_time_to_say():
                done = (_time_ns(record) - start_ns) / max(1, now_ns - start_ns)
                self._say(f"demo: history {min(1.0, done):.0%} ({self._counts()})")
        self._flush()

    def _live(self, done_ns: int) -> None:
        self._say(f"demo: live, about {self._options.rate:g} traces per second; Ctrl-C stops")
        while not self._stop.wait(_LIVE_STEP_S):
            now_ns = self._clock.now_ns()
            for record in generate(self._options.seed, done_ns, now_ns, self._options.rate):
                self._take(record, now_ns)
            done_ns = max(done_ns, now_ns)
            self._release(now_ns)
            self._flush()
            if self._is_time_to_say():
                self._say(f"demo: live ({self._counts()})")

    def _take(self, record: Record, now_ns: int) -> None:
        """Keeps a record for its batch, or, if it has not happened yet, for later."""
        if _time_ns(record) > now_ns:
            self._order += 1
            heapq.heappush(self._future, (_time_ns(record), self._order, record))
        elif isinstance(record, SpanRecord):
            self._spans.append(record)
            if len(self._spans) >= BATCH_RECORDS:
                self._flush_spans()
        elif isinstance(record, LogLine):
            self._logs.append(record)
            if len(self._logs) >= BATCH_RECORDS:
                self._flush_logs()
        else:
            self._points.append(record)
            if len(self._points) >= BATCH_RECORDS:
                self._flush_points()

    def _release(self, now_ns: int | None) -> None:
        """Takes what was kept for later and has happened by now; everything if `now_ns` is None."""
        while self._future and (now_ns is None or self._future[0][0] <= now_ns):
            time_ns, _, record = heapq.heappop(self._future)
            self._take(record, time_ns)

    def _flush(self) -> None:
        self._flush_spans()
        self._flush_logs()
        self._flush_points()

    def _flush_spans(self) -> None:
        batch, self._spans = self._spans, []
        if batch:
            self._sender.spans(batch)

    def _flush_logs(self) -> None:
        batch, self._logs = self._logs, []
        if batch:
            self._sender.logs(batch)

    def _flush_points(self) -> None:
        batch, self._points = self._points, []
        if batch:
            self._sender.points(batch)

    def _is_time_to_say(self) -> bool:
        now_s = self._clock.monotonic_s()
        if now_s - self._said_s < _SAY_EVERY_S:
            return False
        self._said_s = now_s
        return True

    def _counts(self) -> str:
        sent = self._sender.sent
        text = f"{sent.spans:,} spans, {sent.logs:,} logs, {sent.points:,} metric points"
        return f"{text}, {sent.refused:,} refused" if sent.refused else text


def _time_ns(record: Record) -> int:
    """When a record can be known: the end of a span, the time of a log or point."""
    return record.end_ns if isinstance(record, SpanRecord) else record.time_ns
