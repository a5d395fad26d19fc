"""Bounded queues, and the thread that turns what waits in them into OTLP requests to ourselves."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, attach, detach, get_value, set_value
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from clickstack.core.clock import Clock
from clickstack.core.limits import (
    SELF_TELEMETRY_BATCH_MAX,
    SELF_TELEMETRY_DELAY_S,
    SELF_TELEMETRY_METRICS_S,
    SELF_TELEMETRY_QUEUE_MAX,
)

Signal = Literal["logs", "traces", "metrics"]
Accept = Callable[[Signal, bytes], object]


def is_suppressed() -> bool:
    """Whether what happens now is our own doing: handing telemetry over."""
    return bool(get_value(_SUPPRESS_INSTRUMENTATION_KEY))


class Pipeline(SpanProcessor):
    """Bounded queues and the thread that empties them."""

    def __init__(self, accept: Accept, clock: Clock, reader: InMemoryMetricReader) -> None:
        self.dropped: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self._accept, self._clock, self._reader = accept, clock, reader
        self._spans: deque[ReadableSpan] = deque()
        self._logs: deque[ReadableLogRecord] = deque()
        self._lock = threading.Lock()  # held while handing over, so that records keep their order
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="self-telemetry", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout_s)

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is not None and span.context.trace_flags.sampled:
            self._add("traces", self._spans, span)

    def add_log(self, record: ReadableLogRecord) -> None:
        self._add("logs", self._logs, record)

    def flush(self, *, with_metrics: bool) -> None:
        token = attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
        try:
            with self._lock:
                self._drain("traces", self._spans, encode_spans)
                self._drain("logs", self._logs, encode_logs)
                if with_metrics:
                    self._hand_over_metrics()
        finally:
            detach(token)

    def _add(self, signal: Signal, queue: deque[Any], record: object) -> None:
        if self._stopping or len(queue) >= SELF_TELEMETRY_QUEUE_MAX:
            self.dropped[signal] += 1
            return
        queue.append(record)
        if len(queue) >= SELF_TELEMETRY_BATCH_MAX:
            self._wake.set()

    def _run(self) -> None:
        metrics_at_s = self._clock.monotonic_s() + SELF_TELEMETRY_METRICS_S
        while not self._stopping:
            self._wake.wait(SELF_TELEMETRY_DELAY_S)
            self._wake.clear()
            due = self._clock.monotonic_s() >= metrics_at_s
            if due:
                metrics_at_s += SELF_TELEMETRY_METRICS_S
            self.flush(with_metrics=due and not self._stopping)
        self.flush(with_metrics=True)

    def _drain(self, signal: Signal, queue: deque[Any], encode: Callable[[Sequence[Any]], _Message]) -> None:
        """Hands over what waited when we came; what `accept` itself adds waits for the next time."""
        left = len(queue)
        while left > 0:
            batch = [queue.popleft() for _ in range(min(left, SELF_TELEMETRY_BATCH_MAX))]
            left -= len(batch)
            self._hand_over(signal, len(batch), lambda batch=batch: encode(batch))  # type: ignore[misc]

    def _hand_over_metrics(self) -> None:
        data = self._reader.get_metrics_data()
        if data is not None and data.resource_metrics:
            self._hand_over("metrics", 1, lambda: encode_metrics(data))

    def _hand_over(self, signal: Signal, records: int, encode: Callable[[], _Message]) -> None:
        try:
            self._accept(signal, encode().SerializeToString())
        except Exception:
            # Observing must never hurt what is observed, and a log line about it would be one more to hand over.
            self.dropped[signal] += records
        else:
            self.accepted[signal] += records


class _Message(Protocol):
    def SerializeToString(self) -> bytes: ...  # noqa: N802  (protobuf's name)
