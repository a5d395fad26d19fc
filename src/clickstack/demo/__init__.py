"""The demo shop: a believable system of services that sends its telemetry as any client would.

Enters: where to send, an ingestion key, a seed, how many hours of history, how busy. Leaves: OTLP requests made by
the official OpenTelemetry SDK's exporters (gRPC for spans, HTTP for logs and metrics), or the same telemetry as plain
values (`generate`), which is the data of tests and benchmarks. The values depend on the seed and the range of time
alone; `incidents` tells where the planted trouble is.

Do not add here: anything that reads the server's tables or knows its insides. The shop is a stranger who only has the
address and the key.
"""

from .account import demo_ingestion_key
from .generator import DEFAULT_RATE, generate
from .incidents import WINDOW_S, Incident, incidents
from .run import DemoOptions, run_demo
from .signals import LogLine, MetricPoint, Record, SpanRecord

__all__ = [
    "DEFAULT_RATE",
    "WINDOW_S",
    "DemoOptions",
    "Incident",
    "LogLine",
    "MetricPoint",
    "Record",
    "SpanRecord",
    "demo_ingestion_key",
    "generate",
    "incidents",
    "run_demo",
]
