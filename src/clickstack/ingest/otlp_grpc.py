"""OTLP over gRPC (reference/ingestion.md §4.2): Export of the three services on bytes, and the health check.

Handlers see bytes and answer bytes. A call is declared as a stream, which is the same on the wire: so its key is looked
at before its message is waited for. A thread of the pool waits for the message, GRPC_WORKERS of them for the commit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from clickstack.core.clock import Clock, SystemClock
from clickstack.core.errors import Exposed, StartupError, Unauthorized
from clickstack.core.limits import (
    GRPC_CALLS_MAX,
    GRPC_IDLE_S,
    GRPC_WORKERS,
    INGEST_BODY_BYTES_MAX,
    STOP_WAIT_S,
)
from clickstack.core.log import fields, get_logger

from .grpc_arrivals import Arrivals, CallOver
from .ingest import Accepted, Ingest, KeyCheck, log_request
from .otlp_http import key_from
from .parts import require_few_parts
from .signals import SIGNALS, SignalName
from .status import INTERNAL, MASKED, status_of_error

_log = get_logger("ingest")
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_LOGGED_CHARS_MAX = 200  # of what a stranger wrote
_DETAILS_KEY = "grpc-status-details-bin"  # where clients look for RetryInfo
_HEALTH_SERVICE, _SERVING = "grpc.health.v1.Health", b"\x08\x01"  # HealthCheckResponse{status: SERVING}
_OPTIONS: Sequence[tuple[str, Any]] = (
    ("grpc.max_receive_message_length", INGEST_BODY_BYTES_MAX),
    ("grpc.max_connection_idle_ms", GRPC_IDLE_S * 1000),
    ("grpc.so_reuseport", 0),  # a used port is an error, not a second server
)


class OtlpGrpc:
    """The server."""

    def __init__(self, ingest: Ingest, key_ok: KeyCheck, clock: Clock | None = None) -> None:
        self._ingest = ingest
        self._key_ok = key_ok
        self._clock = clock or SystemClock()
        self._arrivals = Arrivals(self._clock)
        self._turns = threading.BoundedSemaphore(GRPC_WORKERS)
        self._server: grpc.Server | None = None

    def start(self, host: str, port: int) -> int:
        """Listen; returns the port (a free one for 0). Raises StartupError."""
        server = grpc.server(ThreadPoolExecutor(GRPC_CALLS_MAX, thread_name_prefix="otlp-grpc"), options=_OPTIONS)
        for signal in SIGNALS.values():
            export: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_unary_rpc_method_handler(
                self._handler(signal.name)
            )
            server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(signal.grpc_service, {"Export": export}),)
            )
        check: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_unary_rpc_method_handler(
            lambda _messages, _context: _SERVING
        )
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_HEALTH_SERVICE, {"Check": check}),))
        server.add_generic_rpc_handlers((_Strays(self._ingest),))  # asked last
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            bound = server.add_insecure_port(address)
        except RuntimeError:
            bound = 0
        if bound == 0:
            raise StartupError(f"OTLP/gRPC cannot listen on {address}: the port is in use or not allowed.")
        self._arrivals.start()
        server.start()
        self._server = server
        return int(bound)

    def stop(self, grace_s: float) -> None:
        """Take no new request and let the running ones end within the time."""
        if self._server is not None:
            ended = self._server.stop(grace_s)
            if not ended.wait(grace_s + STOP_WAIT_S):
                _log.warning("left running", extra=fields(protocol="grpc", reason="its requests did not end"))
            self._arrivals.stop()

    def _handler(self, signal: SignalName) -> Callable[[Iterator[bytes], grpc.ServicerContext], bytes]:
        def export(messages: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
            started_s = self._clock.monotonic_s()
            key = ""
            try:
                key = self._key(context)
                body = self._arrivals.message(messages, context)
                started_s = self._clock.monotonic_s()
                with self._turns:
                    accepted = self._accept(signal, body, key)
            except CallOver:
                return b""
            except Exposed as error:
                self._ingest.refused(signal, key)
                status = status_of_error(error)
                log_request(signal, "grpc", error.status, None, self._ms_since(started_s), error.message)
                if status.details:
                    context.set_trailing_metadata(((_DETAILS_KEY, status.SerializeToString()),))
                context.abort(_CODES[status.code], status.message)
            except Exception:
                self._ingest.refused(signal, key)
                _log.exception("request failed", extra=fields(signal=signal))
                context.abort(_CODES[INTERNAL], MASKED)
            log_request(signal, "grpc", 200, accepted, self._ms_since(started_s), None)
            return _response(signal, accepted)

        return export

    def _key(self, context: grpc.ServicerContext) -> str:
        """What counters call the key; "" for one without a name. Raises Unauthorized."""
        metadata = {name: value for name, value in context.invocation_metadata() if isinstance(value, str)}
        found = self._key_ok(key_from(metadata.get("authorization", ""), metadata.get("x-api-key", "")))
        if not found:
            raise Unauthorized("The ingestion key is missing or wrong. Send it as the authorization metadata.")
        return found if isinstance(found, str) else ""

    def _accept(self, signal: SignalName, body: bytes, key: str) -> Accepted:
        with self._ingest.admission.enter() as place:
            place.grow(len(body))
            require_few_parts(body)
            return self._ingest.accept(signal, body, key=key)

    def _ms_since(self, started_s: float) -> float:
        return round((self._clock.monotonic_s() - started_s) * 1000, 1)


class _Strays(grpc.GenericRpcHandler):
    """Counts calls to methods that are none of ours; gRPC itself answers UNIMPLEMENTED."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> None:
        self._ingest.strayed()
        reason = f"No such method: {str(handler_call_details.method)[:_LOGGED_CHARS_MAX]}"
        log_request(None, "grpc", 404, None, 0.0, reason)


def _response(signal: SignalName, accepted: Accepted) -> bytes:
    response = SIGNALS[signal].response()
    if accepted.rejected:
        setattr(response.partial_success, SIGNALS[signal].rejected_field, accepted.rejected)
        response.partial_success.error_message = accepted.message
    return bytes(response.SerializeToString())
