"""The services of the shop and the pods they run in.

Every service has two pods that are restarted each midnight UTC. Two things happen on the incident clock
(incidents.py): one cart pod starts anew after it ran out of memory, and one payment pod is replaced by a canary of
the next version and comes back under a new name.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from .incidents import CANARY_VERSION, CART_RESTART, PAYMENT_CANARY, WINDOW_S, is_during
from .traffic import digest_of

_DAY_S = 86_400
_SDK_VERSIONS = {
    "nodejs": "2.2.0",
    "go": "1.39.0",
    "java": "1.55.0",
    "dotnet": "1.14.0",
    "python": "1.39.0",
    "php": "1.9.0",
}
_RUNTIMES = {
    "nodejs": ("nodejs", "22.21.1"),
    "go": ("go", "go1.25.4"),
    "java": ("OpenJDK Runtime Environment", "21.0.9"),
    "dotnet": (".NET", "9.0.11"),
    "python": ("cpython", "3.13.9"),
    "php": ("cli", "8.4.14"),
}


class Service(NamedTuple):
    """One service: its program and how large a pod of it is."""

    name: str
    language: str
    version: str
    pods: int
    cpu_cores: float
    memory_mib: int


SERVICES = (
    Service("storefront", "nodejs", "5.12.0", 2, 0.35, 420),
    Service("gateway", "go", "1.18.3", 2, 0.25, 110),
    Service("catalog", "java", "3.7.2", 2, 0.45, 890),
    Service("recommendation", "python", "0.9.14", 2, 0.55, 640),
    Service("cart", "dotnet", "2.1.8", 2, 0.20, 260),
    Service("checkout", "go", "4.0.1", 2, 0.15, 95),
    Service("payment", "java", "2.4.0", 2, 0.30, 760),
    Service("inventory", "python", "1.6.0", 2, 0.25, 310),
    Service("shipping", "php", "1.3.5", 2, 0.10, 140),
    Service("email-worker", "python", "0.8.2", 2, 0.08, 180),
)
BY_NAME = {service.name: service for service in SERVICES}
NODES = ("node-a1", "node-a2", "node-b1")


class Instance(NamedTuple):
    """One running pod. `resource` holds the OpenTelemetry resource attributes in order."""

    service: str
    version: str
    pod: str
    node: str
    ordinal: int
    resource: tuple[tuple[str, str], ...]


def instances_at(service: str, second: float) -> tuple[Instance, ...]:
    """The pods of a service that answer at a moment (seconds since 1970)."""
    if service == "payment" and is_during(PAYMENT_CANARY, second):
        return _canary_fleet(int(second // WINDOW_S))
    if service == "cart" and is_during(CART_RESTART, second):
        return _fleet(service)[1:]
    return _fleet(service)


def started_s(instance: Instance, second: float) -> int:
    """When the process that runs in the pod at a moment was started, in seconds since 1970."""
    midnight = int(second // _DAY_S) * _DAY_S
    if instance.version == CANARY_VERSION:
        return int(second // WINDOW_S) * WINDOW_S + PAYMENT_CANARY.start_s
    if instance.service == "payment" and instance.ordinal == BY_NAME["payment"].pods - 1:
        return max(midnight, _latest(PAYMENT_CANARY.end_s, second))
    if instance.service == "cart" and instance.ordinal == 0:
        return max(midnight, _latest(CART_RESTART.end_s, second))
    return midnight


def _latest(offset_s: int, second: float) -> int:
    """The last moment at or before `second` that lies `offset_s` into a window."""
    return int((second - offset_s) // WINDOW_S) * WINDOW_S + offset_s


@lru_cache(maxsize=64)
def _fleet(service: str) -> tuple[Instance, ...]:
    one = BY_NAME[service]
    return tuple(_instance(one, one.version, ordinal, 0) for ordinal in range(one.pods))


@lru_cache(maxsize=64)
def _canary_fleet(window: int) -> tuple[Instance, ...]:
    one = BY_NAME["payment"]
    return (*_fleet("payment")[:-1], _instance(one, CANARY_VERSION, one.pods - 1, window))


def _instance(service: Service, version: str, ordinal: int, window: int) -> Instance:
    replica_set = f"{service.name}-{digest_of(service.name, version) % 16**9:09x}"
    mark = f"{digest_of(replica_set, ordinal, window) % 16**5:05x}"
    pod = f"{replica_set}-{mark}"
    node = NODES[(digest_of(service.name) + ordinal) % len(NODES)]
    runtime, runtime_version = _RUNTIMES[service.language]
    resource = {
        "service.name": service.name,
        "service.version": version,
        "service.namespace": "shop",
        "service.instance.id": _dashed(digest_of(pod, "instance")),
        "deployment.environment.name": "production",
        "cloud.provider": "aws",
        "cloud.region": "eu-central-1",
        "cloud.availability_zone": f"eu-central-1{node[-2]}",
        "host.name": f"{node}.shop.internal",
        "k8s.cluster.name": "shop-eu",
        "k8s.namespace.name": "shop",
        "k8s.node.name": node,
        "k8s.pod.name": pod,
        "k8s.pod.uid": _dashed(digest_of(pod, "uid")),
        "k8s.deployment.name": service.name,
        "k8s.container.name": service.name,
        "container.image.name": f"shop/{service.name}",
        "process.runtime.name": runtime,
        "process.runtime.version": runtime_version,
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.language": service.language,
        "telemetry.sdk.version": _SDK_VERSIONS[service.language],
    }
    return Instance(service.name, version, pod, node, ordinal, tuple(resource.items()))


def _dashed(bits: int) -> str:
    """128 bits as an identifier in the usual 8-4-4-4-12 form."""
    text = f"{bits:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


@lru_cache(maxsize=len(NODES))
def node(name: str) -> Instance:
    """A machine of the cluster, as a source of metrics without a service."""
    resource = {
        "cloud.provider": "aws",
        "cloud.region": "eu-central-1",
        "cloud.availability_zone": f"eu-central-1{name[-2]}",
        "host.name": f"{name}.shop.internal",
        "host.id": f"i-{digest_of(name) % 16**12:012x}",
        "k8s.cluster.name": "shop-eu",
        "k8s.node.name": name,
        "k8s.node.uid": _dashed(digest_of(name, "uid")),
    }
    return Instance("", "", "", name, 0, tuple(resource.items()))
