"""The metric points of the shop at a moment: requests, database calls, business, pods and nodes."""

from __future__ import annotations

from collections.abc import Iterator

from .counting import METRIC_STEP_S, Exposure, durations, exposure, order_values, wobble
from .fleet import BY_NAME, Instance, instances_at, started_s
from .incidents import CANARY_VERSION, SLOW_CHECKOUT, is_during
from .load import Load, loads
from .metrics_pods import pod_points
from .signals import Attributes, Metric, MetricPoint
from .traffic import SECOND_NS, traffic

_HTTP = Metric("http.server.request.duration", "s", "Duration of HTTP server requests.", "histogram")
_RPC = Metric("rpc.server.call.duration", "s", "Duration of RPCs answered.", "histogram")
_DB = Metric("db.client.operation.duration", "s", "Duration of database client operations.", "histogram")
_ACTIVE = Metric("http.server.active_requests", "{request}", "Requests being answered.", "sum")
_POOL = Metric("db.client.connection.count", "{connection}", "Connections of the pool by state.", "sum")
_ORDERS = Metric("shop.orders.placed", "{order}", "Orders placed.", "sum", monotonic=True)
_REVENUE = Metric("shop.revenue", "EUR", "Value of the orders placed, in euro.", "sum", monotonic=True)
_ADDED = Metric("shop.cart.items.added", "{item}", "Items put into carts.", "sum", monotonic=True, temporality="delta")
_VALUE = Metric("shop.order.value", "EUR", "Value of one order, in euro.", "exponential_histogram")
_QUEUE = Metric("shop.orders.queue.depth", "{message}", "Messages that wait on the topic orders.", "gauge")

_HTTP_ANSWERS: tuple[str | int, str | int] = (200, 500)
_RPC_ANSWERS: tuple[str | int, str | int] = ("OK", "INTERNAL")
_POOL_SIZE = 20
_MEAN_ORDER_EUR = 47.0


def metric_points(seed: int, second: int, rate: float) -> Iterator[MetricPoint]:
    """All points of one moment (seconds since 1970, on the grid of METRIC_STEP_S)."""
    for load in loads():
        if load.work.kind == "server":
            yield from _request_points(seed, second, rate, load)
        elif load.work.kind == "client":
            yield from _database_points(seed, second, rate, load)
    yield from _business_points(seed, second, rate)
    yield from pod_points(seed, second)


def _request_points(seed: int, second: int, rate: float, load: Load) -> Iterator[MetricPoint]:
    """Durations of a route or RPC: one series of the good answers, and one of the failed ones if it can fail."""
    http = load.work.status_key.startswith("http.")
    metric, answers = (_HTTP, _HTTP_ANSWERS) if http else (_RPC, _RPC_ANSWERS)
    for pod in instances_at(load.service, second):
        since, seen = exposure(seed, load.work.name, pod, second)
        per = rate * load.per_visit / BY_NAME[pod.service].pods
        for status, parts in zip(answers, _good_and_bad(load, pod, seen, per), strict=True):
            if status != answers[0] and not any(count for count, _ in parts):
                continue
            key = f"{load.work.name}/{pod.pod}/{status}"
            attributes: dict[str, str | int] = {load.work.status_key: status}
            if http:
                attributes["http.request.method"], attributes["http.route"] = load.work.name.split(" ", 1)
                attributes["url.scheme"] = "https" if load.service == "storefront" else "http"
            else:
                attributes["rpc.system.name"], attributes["rpc.method"] = "grpc", load.work.name
            if status != answers[0]:
                attributes["error.type"] = str(status)
            yield MetricPoint(
                pod, metric, attributes, since * SECOND_NS, second * SECOND_NS, durations(key, parts, load.work.spread)
            )


_Parts = tuple[tuple[float, float], ...]


def _good_and_bad(load: Load, pod: Instance, seen: Exposure, per: float) -> tuple[_Parts, _Parts]:
    """How many answers were good and how many bad, each part with its median in milliseconds."""
    profile = load.profile
    canary = profile.canary_errors
    if load.service != "payment":
        canary *= 0.5  # one of two payment pods is the canary
    elif pod.version != CANARY_VERSION:
        canary = 0.0
    failed = per * ((seen.total - seen.faulty) * profile.errors + seen.faulty * max(canary, profile.errors))
    good = 1 - profile.errors
    slow = per * seen.slow * good
    normal = per * ((seen.total - seen.slow - seen.faulty) * good + seen.faulty * (1 - max(canary, profile.errors)))
    return ((normal, profile.median_ms), (slow, profile.slow_ms)), ((failed, profile.median_ms),)


def _database_points(seed: int, second: int, rate: float, load: Load) -> Iterator[MetricPoint]:
    attributes = {
        key: value
        for key, value in load.work.attributes.fill({}).items()
        if key in {"db.system.name", "db.namespace", "db.operation.name", "db.collection.name", "server.address"}
    }
    if attributes.get("db.system.name") != "postgresql":
        return
    for pod in instances_at(load.service, second):
        since, seen = exposure(seed, load.work.name, pod, second)
        per = rate * load.per_visit / BY_NAME[pod.service].pods
        slow = per * seen.slow
        parts = ((per * seen.total - slow, load.profile.median_ms), (slow, load.profile.slow_ms))
        key = f"{load.work.name}/{pod.pod}"
        yield MetricPoint(
            pod, _DB, attributes, since * SECOND_NS, second * SECOND_NS, durations(key, parts, load.work.spread)
        )


def _business_points(seed: int, second: int, rate: float) -> Iterator[MetricPoint]:
    now_ns = second * SECOND_NS
    slow = is_during(SLOW_CHECKOUT, second)
    busy = rate * traffic(second)
    for service in ("storefront", "gateway"):
        for pod in instances_at(service, second):
            waiting = busy * (0.25 if slow else 0.03) * 4 * wobble(seed, pod.pod, second)
            yield MetricPoint(
                pod, _ACTIVE, {"http.request.method": "GET"}, _since_ns(pod, second), now_ns, int(waiting)
            )
    for pod in instances_at("payment", second):
        used = min(_POOL_SIZE, int((17 if slow else 2) * wobble(seed, pod.pod, second)) + 1)
        for state, count in (("used", used), ("idle", _POOL_SIZE - used)):
            attributes: Attributes = {"db.client.connection.state": state, "db.client.connection.pool.name": "payment"}
            yield MetricPoint(pod, _POOL, attributes, _since_ns(pod, second), now_ns, count)
    yield from _order_points(seed, second, rate)
    depth = busy * (9 if slow else 2) * wobble(seed, "queue", second)
    worker = instances_at("email-worker", second)[0]
    yield MetricPoint(worker, _QUEUE, {"messaging.destination.name": "orders"}, 0, now_ns, int(depth))


def _order_points(seed: int, second: int, rate: float) -> Iterator[MetricPoint]:
    now_ns = second * SECOND_NS
    share = {load.work.name: load.per_visit for load in loads() if load.work.kind == "server"}
    for pod in instances_at("checkout", second):
        since, seen = exposure(seed, "orders", pod, second)
        orders = int(rate * share["POST /orders"] * seen.total / BY_NAME[pod.service].pods)
        yield MetricPoint(pod, _ORDERS, {}, since * SECOND_NS, now_ns, orders)
        yield MetricPoint(pod, _REVENUE, {}, since * SECOND_NS, now_ns, round(orders * _MEAN_ORDER_EUR, 2))
        yield MetricPoint(pod, _VALUE, {}, since * SECOND_NS, now_ns, order_values(pod.pod, orders))
    for pod in instances_at("cart", second):
        per = rate * share["POST /cart/items"] / BY_NAME[pod.service].pods
        _, before = exposure(seed, "added", pod, second - METRIC_STEP_S)
        since, seen = exposure(seed, "added", pod, second)
        if since <= second - METRIC_STEP_S:
            added = int(per * seen.total) - int(per * before.total)
            yield MetricPoint(pod, _ADDED, {}, (second - METRIC_STEP_S) * SECOND_NS, now_ns, added)


def _since_ns(pod: Instance, second: int) -> int:
    return started_s(pod, second) * SECOND_NS
