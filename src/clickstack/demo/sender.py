"""Sends the shop's telemetry as any client would: the official exporters, gRPC for spans, HTTP for logs and metrics."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from grpc import Compression as GrpcCompression
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.metrics.export import MetricExportResult
from opentelemetry.sdk.trace.export import SpanExportResult

from .otlp import sdk_log, sdk_metrics_data, sdk_span
from .signals import LogLine, MetricPoint, SpanRecord

BATCH_RECORDS = 1_000
_TIMEOUT_S = 30.0
_RETRY_S = 3.0
_ATTEMPTS_WHEN_HEALTHY = 3  # a server that answers well but refuses a batch will refuse it again
# Typed as the exporter declares it; gRPC itself wants a number here.
_NO_PROXY: Any = (("grpc.enable_http_proxy", 0),)
_LOCAL = {"localhost", "127.0.0.1", "::1", ""}

Batch = Sequence[SpanRecord] | Sequence[LogLine] | Sequence[MetricPoint]


@dataclass(slots=True)
class Sent:
    """How many records the server has taken, and how many it has refused for good."""

    spans: int = 0
    logs: int = 0
    points: int = 0
    refused: int = 0


class Sender:
    """Sends batches, and tries again while the server is away, busy, or refuses the key.

    Gives up only when `stop` is set. `say` gets one line when trouble begins or changes, and one when it is over.
    """

    def __init__(
        self, http_url: str, grpc_target: str, key: str, stop: threading.Event, say: Callable[[str], None]
    ) -> None:
        self.sent = Sent()
        self._stop, self._say = stop, say
        self._trouble = ""
        self._url = http_url.rstrip("/")
        self._grpc_target = grpc_target
        headers = {"authorization": key}
        local = (urlsplit(self._url).hostname or "") in _LOCAL
        self._session = requests.Session()
        self._session.trust_env = not local  # a proxy of the environment cannot reach this machine's own ports
        self._session.headers.update(headers)
        self._logs = OTLPLogExporter(
            f"{self._url}/v1/logs",
            headers=headers,
            timeout=_TIMEOUT_S,
            compression=Compression.NoCompression if local else Compression.Gzip,
            session=self._session,
        )
        self._metrics = OTLPMetricExporter(
            f"{self._url}/v1/metrics",
            headers=headers,
            timeout=_TIMEOUT_S,
            compression=Compression.NoCompression if local else Compression.Gzip,
            session=self._session,
        )
        secure = grpc_target.startswith("https://")
        self._spans = OTLPSpanExporter(
            grpc_target if "://" in grpc_target else f"http://{grpc_target}",
            insecure=not secure,
            headers=headers,
            timeout=_TIMEOUT_S,
            compression=GrpcCompression.NoCompression if local else GrpcCompression.Gzip,
            channel_options=_NO_PROXY if local else None,
        )

    def spans(self, batch: Sequence[SpanRecord]) -> None:
        exported = [sdk_span(span) for span in batch]
        if self._deliver(lambda: self._spans.export(exported) is SpanExportResult.SUCCESS, len(batch)):
            self.sent.spans += len(batch)

    def logs(self, batch: Sequence[LogLine]) -> None:
        exported = [sdk_log(line) for line in batch]
        if self._deliver(lambda: self._logs.export(exported) is LogRecordExportResult.SUCCESS, len(batch)):
            self.sent.logs += len(batch)

    def points(self, batch: Sequence[MetricPoint]) -> None:
        exported = sdk_metrics_data(batch)
        if self._deliver(lambda: self._metrics.export(exported) is MetricExportResult.SUCCESS, len(batch)):
            self.sent.points += len(batch)

    def wait_until_ready(self) -> bool:
        """Waits for a server that takes the key. False if told to stop before."""
        while not self._stop.is_set():
            problem = self._ask()
            self._report(problem)
            if not problem:
                return True
            self._stop.wait(_RETRY_S)
        return False

    def close(self) -> None:
        self._spans.shutdown()
        self._logs.shutdown()  # type: ignore[no-untyped-call]
        self._metrics.shutdown()

    def _deliver(self, export: Callable[[], bool], records: int) -> bool:
        refused = 0
        while not self._stop.is_set():
            with _quiet_exporters():
                if export():
                    self._report("")
                    return True
            problem = self._ask()
            if not problem:
                refused += 1
                problem = f"{self._grpc_target} or {self._url} refused a batch of {records} records"
            if refused == _ATTEMPTS_WHEN_HEALTHY:
                self.sent.refused += records
                self._say(f"demo: {problem} {refused} times; going on without it")
                return False
            self._report(problem)
            self._stop.wait(_RETRY_S)
        return False

    def _ask(self) -> str:
        """What is wrong with the server, in words, or nothing: an empty request is a question that stores nothing."""
        try:
            reply = self._session.post(
                f"{self._url}/v1/traces", data=b"", headers={"content-type": "application/x-protobuf"}, timeout=10
            )
        except requests.RequestException:
            return f"no server answers at {self._url}"
        if reply.status_code in {401, 403}:
            return f"{self._url} refuses the ingestion key ({reply.status_code}); give the key shown in team settings"
        if reply.status_code in {429, 502, 503, 504}:
            return f"{self._url} is busy ({reply.status_code})"
        return (
            ""
            if reply.ok
            else f"{self._url} answers {reply.status_code} to OTLP; it should be the address of the OTLP port"
        )

    def _report(self, problem: str) -> None:
        if problem and problem != self._trouble:
            self._say(f"demo: {problem}. Trying again every {_RETRY_S:.0f} s.")
        elif self._trouble and not problem:
            self._say("demo: the server takes data again.")
        self._trouble = problem


@contextmanager
def _quiet_exporters() -> Iterator[None]:
    """The exporters log every hiccup with stack and all; the sender says the same in one line."""
    logger = logging.getLogger("opentelemetry.exporter")
    was = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(was)
