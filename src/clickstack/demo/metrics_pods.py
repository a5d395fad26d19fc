"""What a Kubernetes cluster reports of its pods and nodes (names as the collector's kubelet and cluster receivers)."""

from __future__ import annotations

from collections.abc import Iterator

from .counting import exposure, wobble
from .fleet import BY_NAME, NODES, SERVICES, Instance, instances_at, node, started_s
from .incidents import CART_RESTART, SLOW_CHECKOUT, WINDOW_S, is_during
from .signals import Metric, MetricPoint
from .traffic import SECOND_NS, traffic, unit_of

_MIB = 1024 * 1024
_DAY_S = 86_400
_RUNNING = 2  # phase as the cluster receiver counts: 1 pending, 2 running, 3 succeeded, 4 failed, 5 unknown
_NODE_CORES, _NODE_MIB = 4, 16_384

_CPU = Metric("k8s.pod.cpu.usage", "{cpu}", "Cores in use by the pod.", "gauge")
_CPU_TIME = Metric("container.cpu.time", "s", "CPU time used by the container.", "sum", monotonic=True)
_CPU_LIMIT = Metric("k8s.container.cpu_limit", "{cpu}", "Cores the container may use.", "gauge")
_MEMORY = Metric("k8s.pod.memory.usage", "By", "Memory in use by the pod.", "gauge")
_MEMORY_LIMIT = Metric("k8s.container.memory_limit", "By", "Memory the container may use.", "gauge")
_RESTARTS = Metric("k8s.container.restarts", "{restart}", "Restarts of the container.", "gauge")
_PHASE = Metric("k8s.pod.phase", "", "Phase of the pod.", "gauge")
_UPTIME = Metric("k8s.pod.uptime", "s", "Time since the pod started.", "gauge")
_NETWORK = Metric("k8s.pod.network.io", "By", "Bytes sent and received by the pod.", "sum", monotonic=True)
_NODE_CPU = Metric("k8s.node.cpu.usage", "{cpu}", "Cores in use on the node.", "gauge")
_NODE_MEMORY = Metric("k8s.node.memory.usage", "By", "Memory in use on the node.", "gauge")
_NODE_READY = Metric("k8s.node.condition_ready", "", "Whether the node is ready: 1 is yes.", "gauge")
_NODE_UPTIME = Metric("k8s.node.uptime", "s", "Time since the node started.", "gauge")


def pod_points(seed: int, second: int) -> Iterator[MetricPoint]:
    """The points of all pods and nodes at one moment."""
    cores_of = dict.fromkeys(NODES, 0.4)
    bytes_of = dict.fromkeys(NODES, 2_100 * _MIB)
    for service in SERVICES:
        for pod in instances_at(service.name, second):
            cores, used = _cores(seed, pod, second), _memory(seed, pod, second)
            cores_of[pod.node] += cores
            bytes_of[pod.node] += used
            yield from _points_of_pod(seed, pod, second, cores, used)
    now_ns = second * SECOND_NS
    for name in NODES:
        one = node(name)
        yield MetricPoint(one, _NODE_CPU, {}, 0, now_ns, round(min(_NODE_CORES, cores_of[name]), 4))
        yield MetricPoint(one, _NODE_MEMORY, {}, 0, now_ns, min(_NODE_MIB * _MIB, bytes_of[name]))
        yield MetricPoint(one, _NODE_READY, {}, 0, now_ns, 1)
        yield MetricPoint(one, _NODE_UPTIME, {}, 0, now_ns, second % (30 * _DAY_S))


def _points_of_pod(seed: int, pod: Instance, second: int, cores: float, used: int) -> Iterator[MetricPoint]:
    service = BY_NAME[pod.service]
    now_ns = second * SECOND_NS
    since, seen = exposure(seed, "pod", pod, second)
    since_ns = since * SECOND_NS
    sent = int(seen.total * 40_000 * service.cpu_cores)
    yield MetricPoint(pod, _CPU, {}, 0, now_ns, cores)
    yield MetricPoint(pod, _CPU_TIME, {}, since_ns, now_ns, round(seen.total * service.cpu_cores, 3))
    yield MetricPoint(pod, _CPU_LIMIT, {}, 0, now_ns, service.cpu_cores * 2)
    yield MetricPoint(pod, _MEMORY, {}, 0, now_ns, used)
    yield MetricPoint(pod, _MEMORY_LIMIT, {}, 0, now_ns, _limit_mib(pod) * _MIB)
    yield MetricPoint(pod, _RESTARTS, {}, 0, now_ns, _restarts(pod, second))
    yield MetricPoint(pod, _PHASE, {}, 0, now_ns, _RUNNING)
    yield MetricPoint(pod, _UPTIME, {}, 0, now_ns, second - since)
    for direction, share in (("transmit", 1.0), ("receive", 0.4)):
        attributes = {"network.io.direction": direction, "network.interface.name": "eth0"}
        yield MetricPoint(pod, _NETWORK, attributes, since_ns, now_ns, int(sent * share))


def _cores(seed: int, pod: Instance, second: int) -> float:
    """CPU follows the traffic; a payment pod that waits for its database does less, not more."""
    base = BY_NAME[pod.service].cpu_cores * traffic(second) * wobble(seed, pod.pod, second)
    return round(base * (0.6 if pod.service == "payment" and is_during(SLOW_CHECKOUT, second) else 1.0), 4)


def _memory(seed: int, pod: Instance, second: int) -> int:
    """Memory is steady, except in the first cart pod, which leaks until it is killed."""
    base = BY_NAME[pod.service].memory_mib
    if pod.service == "cart" and pod.ordinal == 0:
        age = second - started_s(pod, second)
        lifetime = WINDOW_S - CART_RESTART.end_s + CART_RESTART.start_s
        return int((base * 0.6 + (_limit_mib(pod) - base * 0.6) * min(1.0, age / lifetime)) * _MIB)
    return int(base * (0.95 + 0.1 * unit_of(seed, pod.pod, "memory", second)) * _MIB)


def _limit_mib(pod: Instance) -> int:
    return BY_NAME[pod.service].memory_mib * 2


def _restarts(pod: Instance, second: int) -> int:
    """How often the first cart pod was killed since midnight."""
    if pod.service != "cart" or pod.ordinal != 0:
        return 0
    return max(0, (second % _DAY_S - CART_RESTART.end_s) // WINDOW_S + 1)
