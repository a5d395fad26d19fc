"""The server observes itself: its logs, traces and metrics as service `clickstack` in its own store.

lines of the `clickstack` loggers ─┐
spans of `tracer` (sampled) ───────┼─► bounded queues ─► one thread ─► OTLP bytes ─► accept(signal, body)
metrics of `meter` (every 30 s) ───┘

Enters: the settings and `accept`, a function of the ingest room. Leaves: a tracer, a meter, a middleware for the HTTP
listeners, and OTLP requests given to `accept` in this process; nothing leaves the machine. There is no feedback:
whatever happens inside `accept` is suppressed by context, and lines of the rooms that move data further on other
threads are kept only from warning on. Nothing global is set, and no OTEL_* variable can change where anything goes.

Do not add here: exporters, sockets, anything that waits for the store.
"""

from .opening import SelfTelemetry, open_self_telemetry
from .pipeline import Accept, Signal
from .requests import TracingMiddleware

__all__ = ["Accept", "SelfTelemetry", "Signal", "TracingMiddleware", "open_self_telemetry"]
