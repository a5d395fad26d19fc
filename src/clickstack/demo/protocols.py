"""Works by protocol: the spans that HTTP, gRPC, database and queue libraries record.

Attribute names follow the OpenTelemetry semantic conventions (HTTP and database: stable; RPC and messaging: 1.39).
"""

from __future__ import annotations

from collections.abc import Mapping

from .operation import Call, Fault, Field, Say, Slowness, Template, Work
from .signals import Value

Extra = Mapping[str, Value | Field]
Calls = tuple[Call | Work, ...]

_HTTP_SCOPES = {
    "storefront": ("@opentelemetry/instrumentation-http", "@opentelemetry/instrumentation-undici"),
    "gateway": ("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp",) * 2,
    "cart": ("Microsoft.AspNetCore", "System.Net.Http"),
    "checkout": ("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp",) * 2,
    "payment": ("io.opentelemetry.tomcat-10.0", "io.opentelemetry.apache-httpclient-5.0"),
    "shipping": ("io.opentelemetry.contrib.php.slim", "io.opentelemetry.contrib.php.guzzle"),
}
_GRPC_SCOPES = {
    "catalog": "io.opentelemetry.grpc-1.6",
    "payment": "io.opentelemetry.grpc-1.6",
    "recommendation": "opentelemetry.instrumentation.grpc",
    "inventory": "opentelemetry.instrumentation.grpc",
    "gateway": "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc",
    "checkout": "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc",
}
_PORTS = {"postgresql": 5432, "redis": 6379, "opensearch": 9200}


def page(method: str, route: str, path: str, median_ms: float, calls: Calls, *, says: tuple[Say, ...] = ()) -> Work:
    """A page of the storefront, asked for by a browser."""
    return Work(
        service="storefront",
        name=f"{method} {route}",
        kind="server",
        scope=_HTTP_SCOPES["storefront"][0],
        median_ms=median_ms,
        attributes=Template(
            {
                "http.request.method": method,
                "http.route": route,
                "url.path": path,
                "url.scheme": "https",
                "server.address": "shop.example",
                "server.port": 443,
                "client.address": "{client_address}",
                "network.protocol.version": "2",
                "user_agent.original": "{user_agent}",
                "session.id": "{session_id}",
                "user.id": "{user_id}",
                "geo.country.iso_code": "{country}",
            }
        ),
        calls=_calls(calls),
        status_key="http.response.status_code",
        says=says,
    )


def http(
    caller: str,
    service: str,
    method: str,
    route: str,
    path: str,
    median_ms: float,
    calls: Calls = (),
    *,
    extra: Extra | None = None,
    at_once: bool = False,
    says: tuple[Say, ...] = (),
    faults: tuple[Fault, ...] = (),
) -> Work:
    """An HTTP request from one service to another: a client span and a server span."""
    shared: Extra = {"http.request.method": method, "server.address": f"{service}.shop.svc", "server.port": 8080}
    return Work(
        service=service,
        name=f"{method} {route}",
        kind="server",
        scope=_HTTP_SCOPES[service][0],
        median_ms=median_ms,
        attributes=Template(
            {**shared, "http.route": route, "url.path": path, "url.scheme": "http", **dict(extra or {})}
        ),
        caller=(
            method,
            _HTTP_SCOPES[caller][1],
            Template({**shared, "url.full": f"http://{service}.shop.svc:8080{path}"}),
        ),
        calls=_calls(calls),
        at_once=at_once,
        says=says,
        faults=faults,
        status_key="http.response.status_code",
    )


def grpc(
    caller: str,
    service: str,
    method: str,
    median_ms: float,
    calls: Calls = (),
    *,
    extra: Extra | None = None,
    says: tuple[Say, ...] = (),
    faults: tuple[Fault, ...] = (),
) -> Work:
    """A gRPC call from one service to another. `method` is `package.Service/Method`."""
    shared: Extra = {
        "rpc.system.name": "grpc",
        "rpc.method": method,
        "server.address": f"{service}.shop.svc",
        "server.port": 9090,
    }
    return Work(
        service=service,
        name=method,
        kind="server",
        scope=_GRPC_SCOPES[service],
        median_ms=median_ms,
        attributes=Template({**shared, **dict(extra or {})}),
        caller=(method, _GRPC_SCOPES[caller], Template(shared)),
        calls=_calls(calls),
        says=says,
        faults=faults,
        status_key="rpc.response.status_code",
    )


def inside(
    name: str,
    scope: str,
    median_ms: float,
    calls: Calls = (),
    *,
    extra: Extra | None = None,
    says: tuple[Say, ...] = (),
    faults: tuple[Fault, ...] = (),
) -> Work:
    """A step inside a service that its authors thought worth a span."""
    return Work(
        service="",
        name=name,
        kind="internal",
        scope=scope,
        median_ms=median_ms,
        attributes=Template(extra or {}),
        calls=_calls(calls),
        says=says,
        faults=faults,
    )


def database(
    system: str,
    namespace: str,
    query: str,
    median_ms: float,
    *,
    collection: str = "",
    spread: float = 0.45,
    slowness: Slowness | None = None,
    faults: tuple[Fault, ...] = (),
) -> Work:
    """A statement sent to PostgreSQL, Redis or OpenSearch: a client span without a server span."""
    operation = query.split(" ", 1)[0]
    summary = f"{operation} {collection}".strip()
    attributes: dict[str, Value | Field] = {
        "db.system.name": system,
        "db.namespace": namespace,
        "db.operation.name": operation,
        "db.query.text": query,
        "db.query.summary": summary,
        "server.address": f"{namespace}-{system}.shop.svc",
        "server.port": _PORTS[system],
    }
    if collection:
        attributes["db.collection.name"] = collection
    return Work(
        service="",
        name=summary,
        kind="client",
        scope=f"shop.db.{system}",
        median_ms=median_ms,
        spread=spread,
        attributes=Template(attributes),
        slowness=slowness,
        faults=faults,
    )


def outside(
    method: str, host: str, path: str, median_ms: float, *, spread: float = 0.4, faults: tuple[Fault, ...] = ()
) -> Work:
    """A request to somebody else's API: a client span whose other side is not ours to see."""
    return Work(
        service="",
        name=method,
        kind="client",
        scope="shop.http.client",
        median_ms=median_ms,
        spread=spread,
        attributes=Template(
            {
                "http.request.method": method,
                "server.address": host,
                "server.port": 443,
                "url.full": f"https://{host}{path}",
            }
        ),
        status_key="http.response.status_code",
        faults=faults,
    )


def publish(topic: str, consumers: tuple[Work, ...]) -> Work:
    """A message put on a Kafka topic, and who takes it from there."""
    return Work(
        service="",
        name=f"send {topic}",
        kind="producer",
        scope="github.com/twmb/franz-go/plugin/kotel",
        median_ms=1.8,
        attributes=Template({**_queue(topic, "send"), "messaging.message.id": "{message_id}"}),
        consumers=consumers,
    )


def consume(
    service: str,
    topic: str,
    median_ms: float,
    calls: Calls = (),
    *,
    says: tuple[Say, ...] = (),
    faults: tuple[Fault, ...] = (),
) -> Work:
    """A message taken from a Kafka topic, the root of a trace of its own."""
    return Work(
        service=service,
        name=f"process {topic}",
        kind="consumer",
        scope=f"shop.{service}.consumer",
        median_ms=median_ms,
        attributes=Template(
            {
                **_queue(topic, "process"),
                "messaging.message.id": "{message_id}",
                "messaging.consumer.group.name": service,
                "messaging.kafka.offset": Field("offset"),
            }
        ),
        calls=_calls(calls),
        says=says,
        faults=faults,
    )


def _queue(topic: str, operation: str) -> dict[str, Value | Field]:
    return {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.destination.partition.id": "{partition}",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "server.address": "kafka.shop.svc",
        "server.port": 9092,
    }


def _calls(calls: Calls) -> tuple[Call, ...]:
    return tuple(one if isinstance(one, Call) else Call(one) for one in calls)
