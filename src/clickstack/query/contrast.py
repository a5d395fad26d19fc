"""Two groups of events → the properties in which they differ, most different first (reference/query-engine.md §6.6).

A property's score is the largest difference, in percent, between the shares a value has in the two groups, among the
events that have the property. Beyond the reference: whether an event has the property at all is compared too, and every
difference says whether chance explains it, given the sizes of the samples and the number of things compared.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

PRESENT_MIN = 5  # events of a group that must have a property; below: ignored in that group
BOOST = 0.1
CHANCE_MAX = 0.01  # of one false alarm among everything compared
VALUES_SHOWN = 8
CARDINALITY_MAX = (
    0.9  # distinct values per event; above, with more than CARDINALITY_SAMPLES_MIN events, it names events
)
CARDINALITY_SAMPLES_MIN = 20

# Names that explain incidents more often than others do.
_KNOWN = re.compile(
    r"(?:.*\.)?(?:service\.name|http\.method|http\.request\.method|http\.(?:response\.)?status_code|error|error\.type|"
    r"deployment\.environment(?:\.name)?|rpc\.(?:method|service)|db\.(?:system|operation)(?:\.name)?|"
    r"messaging\.(?:system|operation)(?:\.name)?)|ServiceName|StatusCode"
)
_IDENTITY = re.compile(r".*(?:Id|ID|[._]id)")

Event = Mapping[str, str]  # property → value
Kind = Literal["value", "presence"]


@dataclass(frozen=True, slots=True)
class Share:
    """A value's share, in percent, of the events of each group that have the property."""

    value: str
    target: float
    baseline: float


@dataclass(frozen=True, slots=True)
class Delta:
    """A property. `kind` presence: its events differ in having it at all. `chance` is the probability that as large a
    difference comes about by chance; `minor`: an id, or other values that hardly repeat."""

    name: str
    kind: Kind
    score: float
    chance: float
    minor: bool
    target_events: int
    baseline_events: int
    shares: tuple[Share, ...]

    @property
    def significant(self) -> bool:
        return self.chance < CHANCE_MAX


def contrast(target: Sequence[Event], baseline: Sequence[Event]) -> list[Delta]:
    """Minor ones last, what chance explains after what it does not, then by score."""
    targets, baselines = _counted(target), _counted(baseline)
    names = sorted({*targets, *baselines})
    compared = sum(len(targets.get(name, {}).keys() | baselines.get(name, {}).keys()) for name in names) + len(names)
    deltas = []
    for name in names:
        ours, theirs = targets.get(name, Counter()), baselines.get(name, Counter())
        values = _by_value(name, _enough(ours), _enough(theirs), compared)
        presence = _by_presence(name, ours, theirs, len(target), len(baseline), compared)
        deltas += [delta for delta in (values, presence) if delta]
    return sorted(deltas, key=lambda delta: (delta.minor, not delta.significant, -delta.score, delta.name))


def _counted(events: Sequence[Event]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for event in events:
        for name, value in event.items():
            counts[name][value] += 1
    return counts


def _enough(counts: Counter[str]) -> Counter[str]:
    return counts if counts.total() >= PRESENT_MIN else Counter()


def _by_value(name: str, ours: Counter[str], theirs: Counter[str], compared: int) -> Delta | None:
    n, m = ours.total(), theirs.total()
    if not n and not m:
        return None
    shares = [Share(value, _percent(ours[value], n), _percent(theirs[value], m)) for value in ours.keys() | theirs]
    shares.sort(key=lambda share: (-max(share.target, share.baseline), share.value))
    most = max(shares, key=lambda share: abs(share.target - share.baseline))
    score, chance = abs(most.target - most.baseline), 1.0
    if n and m:
        chance = min(1.0, compared * _chance(ours[most.value], n, theirs[most.value], m))
    elif len(shares) == 1:
        score = 0.0
    boost = BOOST if score > 0 and _KNOWN.fullmatch(name) else 0.0
    return Delta(name, "value", score + boost, chance, _minor(name, ours, theirs), n, m, tuple(shares[:VALUES_SHOWN]))


def _by_presence(
    name: str, ours: Counter[str], theirs: Counter[str], target: int, baseline: int, compared: int
) -> Delta | None:
    """Only when chance does not explain it: nearly every property is missing somewhere."""
    n, m = ours.total(), theirs.total()
    if not target or not baseline or max(n, m) < PRESENT_MIN:
        return None
    share = Share("present", _percent(n, target), _percent(m, baseline))
    absent = Share("absent", 100 - share.target, 100 - share.baseline)
    chance = min(1.0, compared * _chance(n, target, m, baseline))
    if chance >= CHANCE_MAX:
        return None
    score = abs(share.target - share.baseline)
    return Delta(name, "presence", score, chance, bool(_IDENTITY.fullmatch(name)), target, baseline, (share, absent))


def _minor(name: str, ours: Counter[str], theirs: Counter[str]) -> bool:
    groups = [counts for counts in (ours, theirs) if counts]
    distinct = min(len(counts) / counts.total() for counts in groups)
    many = sum(counts.total() for counts in groups) > CARDINALITY_SAMPLES_MIN
    return bool(_IDENTITY.fullmatch(name)) or (many and distinct > CARDINALITY_MAX)


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _chance(a: int, n: int, b: int, m: int) -> float:
    """How probable it is that shares a of n and b of m differ so much although both are drawn from one population:
    Fisher's exact test, two-sided as twice the tail. It holds for the few events of a small selection as well, where
    tests that assume a normal distribution call rare values significant.

    >>> round(_chance(50, 100, 50, 100), 2), _chance(90, 100, 10, 100) < 1e-9, round(_chance(1, 5, 1, 1000), 3)
    (1.0, True, 0.02)
    """
    if a * m < b * n:
        a, n, b, m = b, m, a, n
    have = a + b
    at, term, tail = a, 1.0, 0.0  # of the tail from `a` on, its first term being 1
    while term > tail * 1e-16:
        tail += term
        term *= (n - at) * (have - at) / ((at + 1) * (m - have + at + 1))
        at += 1
    first = _log_choose(n, a) + _log_choose(m, b) - _log_choose(n + m, have)
    return min(1.0, 2 * math.exp(first + math.log(tail)))


def _log_choose(of: int, some: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)
