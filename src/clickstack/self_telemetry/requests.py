"""A span and a duration for each HTTP request, with the HTTP semantic conventions (stable)."""

from __future__ import annotations

import sys

from opentelemetry.trace import SpanKind, Status, StatusCode, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .opening import SelfTelemetry

# A layer inside that makes a copy of the scope notes the route it found under this key, in the dict it finds there.
ROUTE_NOTE = "clickstack.route_note"

_QUIET_PATHS = ("/health", "/ready", "/favicon.ico")
_QUIET_PREFIXES = ("/assets/",)
_METHODS = frozenset("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE".split())
# The boundaries the conventions advise, in seconds.
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_PROPAGATOR = TraceContextTextMapPropagator()  # never the global one, which the environment can replace
_USER_AGENT_CHARS_MAX = 256


class TracingMiddleware:
    """Wraps an ASGI app. Health checks and static files are left alone; paths and queries are never recorded whole.

    `name` tells the listeners of one server apart, as attribute `clickstack.listener`.
    """

    def __init__(self, app: ASGIApp, telemetry: SelfTelemetry, name: str) -> None:
        self._app, self._name = app, name
        self._enabled = telemetry.enabled
        self._tracer, self._clock = telemetry.tracer, telemetry.clock
        self._duration = telemetry.meter.create_histogram(
            "http.server.request.duration",
            "s",
            "Duration of HTTP server requests.",
            explicit_bucket_boundaries_advisory=_BOUNDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._enabled or _is_quiet(scope["path"]):
            await self._app(scope, receive, send)
            return
        note: dict[str, str] = {}
        scope[ROUTE_NOTE] = note
        attributes = self._attributes(scope)
        method = str(attributes["http.request.method"])
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        span = self._tracer.start_span(
            method,
            context=_PROPAGATOR.extract(headers),
            kind=SpanKind.SERVER,
            attributes={**attributes, "user_agent.original": headers.get("user-agent", "")[:_USER_AGENT_CHARS_MAX]},
        )
        reply = _Reply(send)
        started_s = self._clock.monotonic_s()
        answered = False
        try:
            with use_span(span, record_exception=True, set_status_on_exception=True):
                await self._app(scope, receive, reply.send)
            answered = True
        finally:
            error = None if answered else sys.exception()
            if error is not None:
                attributes["error.type"] = f"{type(error).__module__}.{type(error).__qualname__}"
            route = _route(scope, note)
            if route:
                attributes["http.route"] = route
                span.update_name(f"{method} {route}")
            if reply.status:
                attributes["http.response.status_code"] = reply.status
            if reply.status >= 500:
                attributes.setdefault("error.type", str(reply.status))
                span.set_status(Status(StatusCode.ERROR))
            self._duration.record(self._clock.monotonic_s() - started_s, attributes)
            span.set_attributes(attributes)
            span.end()

    def _attributes(self, scope: Scope) -> dict[str, AttributeValue]:
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        return {
            "http.request.method": method,
            "url.scheme": scope.get("scheme", "http"),
            "network.protocol.version": scope.get("http_version", "1.1"),
            "clickstack.listener": self._name,
        }


class _Reply:
    """The way out: remembers the status; 0 until there is one."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


def _is_quiet(path: str) -> bool:
    return path in _QUIET_PATHS or path.startswith(_QUIET_PREFIXES)


def _route(scope: Scope, note: dict[str, str]) -> str:
    """The template of the path, from the note or from Starlette's router; empty if no route matched."""
    if note.get("route"):
        return note["route"]
    return str(getattr(scope.get("route"), "path", ""))
