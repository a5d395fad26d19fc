"""What the pods log outside of requests: heartbeats, start-ups, a kill, and the retries of a noisy incident."""

from __future__ import annotations

import random

from .fleet import SERVICES, Instance, instances_at
from .incidents import CART_RESTART, NOISY_INVENTORY, PAYMENT_CANARY, WINDOW_S, Planned, is_during
from .signals import Attributes, LogLine, Severity
from .traffic import SECOND_NS

HEARTBEATS_PER_S = 0.4
RETRIES_PER_TRACE = 10.0  # noise lines for each trace the shop would make in the same time

_HEARTBEATS = {
    "nodejs": "event loop lag {a} ms, {b} handles",
    "go": "gc cycle {b}: heap {a} MiB, pause 0.{b:03d} ms",
    "java": "[GC (Allocation Failure) {a}M->{b}M(1024M), 0.00{b} secs]",
    "dotnet": "Connection pool stats: {b} idle, {a} busy",
    "python": "pool status: size={a} checked_out={b}",
    "php": "fpm: {b} idle workers, {a} active",
}


def background(chance: random.Random, second: int, rate: float) -> list[LogLine]:
    """The lines of one second (counted from 1970), in order of time."""
    lines = [*_heartbeats(chance, second), *_retries(chance, second, rate), *_moments(second)]
    return sorted(lines, key=lambda line: line.time_ns)


def _heartbeats(chance: random.Random, second: int) -> list[LogLine]:
    if chance.random() >= HEARTBEATS_PER_S:
        return []
    service = SERVICES[int(len(SERVICES) * chance.random())]
    pods = instances_at(service.name, second)
    pod = pods[int(len(pods) * chance.random())]
    a, b = int(8 + 200 * chance.random()), int(1 + 60 * chance.random())
    body = _HEARTBEATS[service.language].format(a=a, b=b)
    return [_line(pod, second, chance.random(), "DEBUG", body, {"app.heartbeat": True})]


def _retries(chance: random.Random, second: int, rate: float) -> list[LogLine]:
    if not is_during(NOISY_INVENTORY, second):
        return []
    pods = instances_at("inventory", second)
    lines: list[LogLine] = []
    at = chance.expovariate(rate * RETRIES_PER_TRACE)
    while at < 1:
        attempt = int(1 + 9 * chance.random())
        body = (
            f"warehouse sync failed, attempt {attempt}/10, retrying in {attempt * 200} ms: "
            "ConnectTimeout(host='wms.example', port=443)"
        )
        attributes: Attributes = {"app.retry.attempt": attempt, "error.type": "ConnectTimeout", "peer.service": "wms"}
        lines.append(_line(pods[int(len(pods) * chance.random())], second, at, "WARN", body, attributes))
        at += chance.expovariate(rate * RETRIES_PER_TRACE)
    return lines


def _moments(second: int) -> list[LogLine]:
    """The single lines that explain an incident: they fall on its first or last second."""
    lines: list[LogLine] = []
    if _begins(CART_RESTART, second):
        cart = instances_at("cart", second - 1)[0]
        text = "Out of memory: exhausted 512 MiB, the process will be killed"
        lines.append(_line(cart, second, 0.1, "FATAL", text, {"exception.type": "System.OutOfMemoryException"}))
        lines.append(
            _line(cart, second, 0.3, "WARN", "Container cart was OOMKilled", _event("OOMKilling", cart), "k8s.events")
        )
    if _ends(CART_RESTART, second):
        cart = instances_at("cart", second)[0]
        lines.append(_line(cart, second, 0.5, "INFO", f"cart {cart.version} started in 2.8 s", {}))
    if _begins(PAYMENT_CANARY, second):
        canary = instances_at("payment", second)[-1]
        text = f"Rolling out payment {canary.version} as canary on 1 of 2 pods"
        lines.append(_line(canary, second, 0.2, "INFO", text, _event("ScalingReplicaSet", canary), "k8s.events"))
        lines.append(_line(canary, second, 0.9, "INFO", f"payment {canary.version} started in 6.1 s", {}))
    if _ends(PAYMENT_CANARY, second):
        stable = instances_at("payment", second)[-1]
        text = f"Rolled back payment to {stable.version}: error budget of the canary spent"
        lines.append(_line(stable, second, 0.2, "WARN", text, _event("RolledBack", stable), "k8s.events"))
        lines.append(_line(stable, second, 0.9, "INFO", f"payment {stable.version} started in 5.7 s", {}))
    return lines


def _begins(planned: Planned, second: int) -> bool:
    return second % WINDOW_S == planned.start_s


def _ends(planned: Planned, second: int) -> bool:
    return second % WINDOW_S == planned.end_s


def _event(reason: str, pod: Instance) -> Attributes:
    return {"k8s.event.reason": reason, "k8s.object.kind": "Pod", "k8s.object.name": pod.pod}


def _line(
    pod: Instance,
    second: int,
    fraction: float,
    severity: Severity,
    body: str,
    attributes: Attributes,
    scope: str = "",
) -> LogLine:
    time_ns = second * SECOND_NS + int(fraction * SECOND_NS)
    return LogLine(pod, scope or f"shop.{pod.service}", time_ns, severity, body, attributes, 0, 0)
