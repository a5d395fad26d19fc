"""Opens and closes self-telemetry."""

from __future__ import annotations

import logging
import os
import platform

from opentelemetry.metrics import Meter, NoOpMeter
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.trace import NoOpTracer, Tracer

from clickstack.core.clock import Clock
from clickstack.core.limits import SELF_TELEMETRY_TEXT_CHARS_MAX
from clickstack.core.log import ROOT
from clickstack.core.settings import Settings

from .log_lines import LineHandler
from .pipeline import Accept, Pipeline
from .process import observe_pipeline, observe_process
from .sampling import ShareSampler

SERVICE = "clickstack"

_SPAN_LIMITS = SpanLimits(
    max_attributes=64,
    max_events=64,
    max_links=16,
    max_span_attributes=64,
    max_event_attributes=16,
    max_link_attributes=16,
    max_attribute_length=SELF_TELEMETRY_TEXT_CHARS_MAX,
    max_span_attribute_length=SELF_TELEMETRY_TEXT_CHARS_MAX,
)


def open_self_telemetry(settings: Settings, version: str, accept: Accept, clock: Clock) -> SelfTelemetry:
    """Start observing, or, if `settings.self_telemetry` is off, hand out a tracer and a meter that do nothing.

    Call it after `core.log.configure_logging`, which replaces the handlers of the program's logger. `accept` may
    raise; what it refuses is dropped and counted.
    """
    if not settings.self_telemetry:
        return SelfTelemetry(NoOpTracer(), NoOpMeter(SERVICE), clock, None)
    host = platform.node()
    resource = Resource(
        {
            "service.name": SERVICE,
            "service.version": version,
            "service.instance.id": f"{host}:{os.getpid()}",
            "host.name": host,
            "process.pid": os.getpid(),
            "process.runtime.name": platform.python_implementation().lower(),
            "process.runtime.version": platform.python_version(),
            "telemetry.sdk.name": "opentelemetry",
            "telemetry.sdk.language": "python",
        }
    )
    reader = InMemoryMetricReader()
    # Everything the SDK would otherwise look up in the environment is given, here and below.
    meters = MeterProvider([reader], resource, AlwaysOffExemplarFilter(), shutdown_on_exit=False)
    meter = meters.get_meter(SERVICE, version)
    pipeline = Pipeline(accept, clock, reader)
    tracers = TracerProvider(
        ShareSampler(settings.self_telemetry_sample_ratio),
        resource,
        shutdown_on_exit=False,
        span_limits=_SPAN_LIMITS,
        meter_provider=meters,
    )
    tracers.add_span_processor(pipeline)
    handler = LineHandler(pipeline, resource, clock)
    logging.getLogger(ROOT).addHandler(handler)
    observe_process(meter)
    observe_pipeline(meter, pipeline)
    pipeline.start()
    return SelfTelemetry(tracers.get_tracer(SERVICE, version), meter, clock, pipeline, handler)


class SelfTelemetry:
    """What the server uses to observe itself."""

    def __init__(
        self,
        tracer: Tracer,
        meter: Meter,
        clock: Clock,
        pipeline: Pipeline | None,
        handler: logging.Handler | None = None,
    ) -> None:
        self.tracer = tracer
        self.meter = meter
        self.clock = clock
        self._pipeline = pipeline
        self._handler = handler

    @property
    def enabled(self) -> bool:
        return self._pipeline is not None

    @property
    def dropped(self) -> dict[str, int]:
        """How many records were dropped, by signal: the queue was full or `accept` refused."""
        return dict(self._pipeline.dropped) if self._pipeline else {}

    def flush(self) -> None:
        """Hand over everything that waits, and the metrics, in this thread."""
        if self._pipeline:
            self._pipeline.flush(with_metrics=True)

    def close(self, timeout_s: float) -> None:
        """Hand over what waits, within `timeout_s` seconds; what is not done by then is lost."""
        if self._handler:
            logging.getLogger(ROOT).removeHandler(self._handler)
        if self._pipeline:
            self._pipeline.stop(timeout_s)
