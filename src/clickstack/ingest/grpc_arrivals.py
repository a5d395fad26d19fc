"""Waiting for the message of a gRPC call, which may never come.

gRPC hands a call over when its headers are there, and has no bound on the time until its message is: a thread that
waits for it could wait for ever, and a stranger could so hold all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import grpc

from clickstack.core.clock import Clock
from clickstack.core.limits import GRPC_MESSAGE_S
from clickstack.core.threads import join_within

_LOOK_S = 1.0


class CallOver(Exception):
    """The call ended before its message: the client went away, was too slow, or sent too much. No answer is heard."""


class Arrivals:
    """`message` may be called from many threads."""

    def __init__(self, clock: Clock, patience_s: float = GRPC_MESSAGE_S) -> None:
        self._clock = clock
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._since_s: dict[grpc.ServicerContext, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="otlp-grpc-arrivals", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        join_within([self._thread])

    def message(self, messages: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        """The first message of a call; a call without any says as much as an empty one. Raises CallOver."""
        with self._lock:
            self._since_s[context] = self._clock.monotonic_s()
        try:
            return next(messages, b"")
        except grpc.RpcError:
            raise CallOver from None
        finally:
            with self._lock:
                del self._since_s[context]

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_S):
            latest_s = self._clock.monotonic_s() - self._patience_s
            with self._lock:
                late = [context for context, since_s in self._since_s.items() if since_s < latest_s]
            for context in late:
                context.cancel()  # its thread wakes up; a message that came this moment is answered to nobody
