"""The planted incidents: the same in every two-hour window of the UTC clock (00:00, 02:00, 04:00, …).

minute  0        20──26                50            68──────76            100──105        120
        │         slow_checkout         cart_restart   payment_canary          noisy_inventory
        │         POST /checkout slow   cart-0 is      2.4.1 on one pod;       retry warnings,
        │         (payment database)    killed (OOM)   it fails from 70 to 74  far more than all else
"""

from __future__ import annotations

from typing import NamedTuple

from .traffic import SECOND_NS

WINDOW_S = 7_200


class Incident(NamedTuple):
    """What went wrong, where, and from when (included) to when (excluded)."""

    name: str
    title: str
    service: str
    version: str
    route: str
    start_ns: int
    end_ns: int


class Planned(NamedTuple):
    """An incident on the clock of a window: seconds after its start."""

    name: str
    title: str
    service: str
    version: str
    route: str
    start_s: int
    end_s: int


CANARY_VERSION = "2.4.1"
SLOW_CHECKOUT = Planned(
    "slow_checkout", "POST /checkout is slow: a payment query waits", "payment", "", "/checkout", 1200, 1560
)
CART_RESTART = Planned(
    "cart_restart", "A cart pod is killed, out of memory, and starts anew", "cart", "", "", 3000, 3030
)
PAYMENT_CANARY = Planned(
    "payment_canary", "payment 2.4.1 runs on one pod, then is rolled back", "payment", CANARY_VERSION, "", 4080, 4560
)
PAYMENT_ERRORS = Planned(
    "payment_errors", "payment 2.4.1 fails two of three charges", "payment", CANARY_VERSION, "", 4200, 4440
)
NOISY_INVENTORY = Planned(
    "noisy_inventory", "inventory retries the warehouse and logs each attempt", "inventory", "", "", 6000, 6300
)

SCHEDULE = (SLOW_CHECKOUT, CART_RESTART, PAYMENT_CANARY, PAYMENT_ERRORS, NOISY_INVENTORY)


def incidents(start_ns: int, end_ns: int) -> tuple[Incident, ...]:
    """The incidents that touch the range, in order of their start."""
    found: list[Incident] = []
    for window in range(start_ns // SECOND_NS // WINDOW_S, end_ns // SECOND_NS // WINDOW_S + 1):
        for planned in SCHEDULE:
            begin, end = ((window * WINDOW_S + second) * SECOND_NS for second in (planned.start_s, planned.end_s))
            if begin < end_ns and end > start_ns:
                found.append(Incident(*planned[:5], begin, end))
    return tuple(found)


def is_during(planned: Planned, second: float) -> bool:
    """Whether a moment (seconds since 1970) falls into a planned incident."""
    return planned.start_s <= second % WINDOW_S < planned.end_s


def seconds_during(planned: Planned, start_s: float, end_s: float) -> list[tuple[float, float]]:
    """The parts of `start_s` to `end_s` that fall into a planned incident."""
    parts: list[tuple[float, float]] = []
    for window in range(int(start_s // WINDOW_S), int(end_s // WINDOW_S) + 1):
        begin = max(start_s, window * WINDOW_S + planned.start_s)
        end = min(end_s, window * WINDOW_S + planned.end_s)
        if begin < end:
            parts.append((begin, end))
    return parts
