"""A program with the reference's own Python SDK: `opentelemetry-instrument python hyperdx_app.py`."""

import logging

from opentelemetry import trace

with trace.get_tracer("shop").start_as_current_span("POST /orders"):
    logging.getLogger("shop").error("order refused", extra={"order.id": 17})
