"""Counting events per caller in fixed windows, in bounded memory."""

from __future__ import annotations

import ipaddress
import math
import threading
from collections import OrderedDict
from dataclasses import dataclass

from clickstack.core.clock import Clock

_IPV6_OF_ONE = 64  # bits of an IPv6 address that are the same for all that a household or a machine may use


def household(address: str) -> str:
    """Whose address it is, for counting: an IPv6 network is one caller, or its 2^64 addresses would be as many.

    >>> household("192.0.2.1"), household("2001:db8::1:2"), household("::ffff:192.0.2.1"), household("unknown")
    ('192.0.2.1', '2001:db8::/64', '192.0.2.1', 'unknown')
    """
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, _IPV6_OF_ONE), strict=False))


@dataclass(frozen=True, slots=True)
class Window:
    """The standing of one caller: how many events are left, and in how many whole seconds the count starts anew."""

    limit: int
    remaining: int
    reset_s: int
    exceeded: bool


class Windows:
    """Counters by key. A key's window begins with its first event; above `keys_max` the oldest window is forgotten.

    Safe to use from any thread.
    """

    def __init__(self, clock: Clock, *, limit: int, window_s: float, keys_max: int) -> None:
        self._clock = clock
        self._limit = limit
        self._window_s = window_s
        self._keys_max = keys_max
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()  # key → (window's end, events), by start

    def hit(self, key: str) -> Window:
        """Count one event. `exceeded` is true from the first event over the limit."""
        with self._lock:
            now = self._clock.monotonic_s()
            end, count = self._counts.get(key, (now + self._window_s, 0))
            if end <= now:
                del self._counts[key]  # so that the new window stands at the young end
                end, count = now + self._window_s, 0
            count += 1
            self._counts[key] = (end, count)
            if len(self._counts) > self._keys_max:
                self._counts.popitem(last=False)
        return Window(self._limit, max(0, self._limit - count), max(1, math.ceil(end - now)), count > self._limit)

    def forget(self, key: str) -> None:
        with self._lock:
            self._counts.pop(key, None)
