"""The telemetry of the shop as a pure function of a seed and a range of time.

Every second has its own stream of chance, and every metric point is computed from its time alone. So the same seed
and range give the same records, and a range cut in two gives the same records as the whole, in the same order.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from .background import background
from .counting import METRIC_STEP_S
from .metrics import metric_points
from .shop import VISITS, Visit
from .signals import LogLine, Record, SpanRecord
from .traffic import SECOND_NS, chance_of, traffic
from .walk import perform

DEFAULT_RATE = 2.0

_CUMULATED_SHARES = tuple(accumulate(visit.share for visit in VISITS))


def generate(seed: int, start_ns: int, end_ns: int, rate: float = DEFAULT_RATE) -> Iterator[Record]:
    """The records of everything that begins from `start_ns` (included) to `end_ns` (excluded), in order of beginning.

    A trace is given whole at the moment it begins, so some of its spans and logs lie after `end_ns`. `rate` is the
    average of traces per second over a day.
    """
    for second in range(start_ns // SECOND_NS, -(-end_ns // SECOND_NS)):
        moment_ns = second * SECOND_NS
        if second % METRIC_STEP_S == 0 and start_ns <= moment_ns < end_ns:
            yield from metric_points(seed, second, rate)
        for begins_ns, records in _happenings(seed, second, rate, start_ns, end_ns):
            if start_ns <= begins_ns < end_ns:
                yield from records


def _happenings(
    seed: int, second: int, rate: float, start_ns: int, end_ns: int
) -> list[tuple[int, list[SpanRecord | LogLine]]]:
    """What begins in one second, in order: visits, and lines logged outside of them.

    A visit outside of the range is left out early; its chance is its own, so that nothing after it changes.
    """
    found: list[tuple[int, list[SpanRecord | LogLine]]] = [
        (line.time_ns, [line]) for line in background(chance_of(seed, second, "background"), second, rate)
    ]
    chance = chance_of(seed, second, "visits")
    per_second = rate * traffic(second)
    at = chance.expovariate(per_second)
    number = 0
    while at < 1:
        begins_ns = second * SECOND_NS + int(at * SECOND_NS)
        if start_ns <= begins_ns < end_ns:
            own = chance_of(seed, second, number)
            found.append((begins_ns, perform(_choose(own), own, begins_ns)))
        at += chance.expovariate(per_second)
        number += 1
    found.sort(key=lambda happening: happening[0])
    return found


def _choose(chance: random.Random) -> Visit:
    return VISITS[min(bisect_right(_CUMULATED_SHARES, chance.random()), len(VISITS) - 1)]
