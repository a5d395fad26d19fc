"""Demo data of one noon, and a receiver that takes OTLP as a server would."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SECOND_NS = 1_000_000_000
NOON_S = 1_767_268_800  # 2026-01-01T12:00:00Z, the start of a two-hour window


def at(minute: float) -> int:
    """A moment of the window, in nanoseconds since 1970."""
    return (NOON_S + int(minute * 60)) * SECOND_NS


@dataclass
class Receiver:
    """Answers OTLP on both protocols and keeps what it was sent. `status` is what HTTP answers."""

    status: int = 200
    key: str = "right-key"
    spans: list[Any] = field(default_factory=list)
    logs: list[Any] = field(default_factory=list)
    points: list[Any] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    http_url: str = ""
    grpc_target: str = ""

    def take(self, path: str, body: bytes) -> None:
        if path.endswith("traces"):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    self.spans.extend((resource.resource, span) for span in scope.spans)
        elif path.endswith("logs"):
            for resource in ExportLogsServiceRequest.FromString(body).resource_logs:
                for scope in resource.scope_logs:
                    self.logs.extend((resource.resource, record) for record in scope.log_records)
        elif path.endswith("metrics"):
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        data = getattr(metric, metric.WhichOneof("data"))
                        self.points.extend((metric, point) for point in data.data_points)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    received = Receiver()

    class Http(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = received.status if self.headers["authorization"] == received.key else 401
            if status == 200:
                received.take(self.path, body)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    class Grpc(grpc.GenericRpcHandler):
        def service(self, call: Any) -> Any:
            def export(body: bytes, context: Any) -> bytes:
                if dict(context.invocation_metadata()).get("authorization") != received.key:
                    context.abort(grpc.StatusCode.UNAUTHENTICATED, "no such key")
                received.take("/v1/traces", body)
                return b""

            return grpc.unary_unary_rpc_method_handler(export)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Http)
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    rpc = grpc.server(futures.ThreadPoolExecutor(2))
    rpc.add_generic_rpc_handlers((Grpc(),))
    port = rpc.add_insecure_port("127.0.0.1:0")
    rpc.start()
    received.http_url = f"http://127.0.0.1:{http.server_port}"
    received.grpc_target = f"127.0.0.1:{port}"
    yield received
    http.shutdown()
    http.server_close()
    rpc.stop(None).wait(5)
