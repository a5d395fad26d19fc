"""How often each work is done and how long it takes, computed from the tables of the shop.

This is what makes the metrics agree with the traces: both come from the same works, shares and medians.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from .operation import Work
from .shop import VISITS

_TWO_HOPS_MS = 0.7


class Profile(NamedTuple):
    """A work with all it calls: typical time, the same during the slow incident, and the share that fails."""

    median_ms: float
    slow_ms: float
    errors: float
    canary_errors: float


@dataclass(frozen=True, slots=True)
class Load:
    """A work of a service: how many per visit, and how they go."""

    service: str
    work: Work
    per_visit: float
    profile: Profile


@lru_cache(maxsize=1)
def loads() -> tuple[Load, ...]:
    """Every server, consumer and PostgreSQL work of the shop, the same work under several callers added up."""
    found: dict[tuple[str, str, str], Load] = {}
    for visit in VISITS:
        _collect(visit.root, visit.root.service, visit.share, found)
    return tuple(found.values())


def _collect(work: Work, here: str, per_visit: float, found: dict[tuple[str, str, str], Load]) -> Profile:
    service = work.service or here
    parts = [(call, _collect(call.work, service, per_visit * call.chance, found)) for call in work.calls]
    times = [part.median_ms * call.chance for call, part in parts]
    slow_times = [part.slow_ms * call.chance for call, part in parts]
    join = max if work.at_once and parts else sum
    own = work.median_ms + (_TWO_HOPS_MS if work.caller else 0)
    own_slow = own + (work.slowness.median_ms if work.slowness else 0)
    well = canary_well = 1.0
    for call, part in parts:
        if not call.optional:
            well *= 1 - part.errors * call.chance
            canary_well *= 1 - part.canary_errors * call.chance
    for fault in work.faults:
        if fault.status >= 500 and fault.planned is None:
            well *= 1 - fault.chance
        elif fault.status >= 500:
            canary_well *= 1 - fault.chance
    profile = Profile(own + join(times), own_slow + join(slow_times), 1 - well, 1 - canary_well)
    for consumer in work.consumers:
        _collect(consumer, consumer.service, per_visit, found)
    key = (service, work.kind, work.name)
    before = found[key].per_visit if key in found else 0.0
    found[key] = (
        replace(found[key], per_visit=before + per_visit) if before else Load(service, work, per_visit, profile)
    )
    return profile
