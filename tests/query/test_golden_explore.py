"""tests/golden/explore: keys, values, facets in a few lines → rows, on the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import pytest

from clickstack.core.chart import Filter, Metric
from clickstack.core.errors import Exposed
from clickstack.core.timerange import TimeRange
from clickstack.query.deltas import Group, find_deltas
from clickstack.query.events import Events, Scope
from clickstack.query.facets import find_facets
from clickstack.query.heatmap import find_heatmap
from clickstack.query.keys import find_keys
from clickstack.query.patterns import find_patterns
from clickstack.query.trace import find_trace
from clickstack.query.values import ValueList, Wanted, find_values
from clickstack.store import Store
from query.explore_seeds import DAY, seed_logs, seed_others, seed_traces, source
from query.golden import Case, check, read_cases
from tables import TELEMETRY_TABLES

Said = Mapping[str, str]


@pytest.fixture(scope="module")
def shop(_engine: Store) -> Store:
    for table in TELEMETRY_TABLES:
        _engine.command(f"TRUNCATE TABLE {table}")
    seed_logs(_engine)
    seed_others(_engine)
    seed_traces(_engine)
    return _engine


@pytest.mark.parametrize("case", read_cases("explore"), ids=lambda case: case.id)
def test_explore(case: Case, shop: Store) -> None:
    def answer(request: str) -> dict[str, str]:
        said = dict(line.partition(": ")[::2] for line in request.splitlines())
        try:
            return {"answer": ASKED[case.file.stem](shop, said)}
        except Exposed as error:
            return {"error": f"{error.code}: {error.message}"}

    check(case, answer)


def _keys(store: Store, said: Said) -> str:
    found = find_keys(store, scope(said))
    wanted = said.get("of")
    lines = [
        f"{key.name} {key.type}{' facet' if key.facet else ''} {'-' if key.count is None else key.count}"
        for key in found.keys
        if wanted is None or (key.column == wanted and key.attribute is not None)
    ]
    cut = [f"more in {', '.join(found.truncated)}"] if found.truncated else []
    return "\n".join([*lines, *cut, *(["estimated"] if found.estimated else [])])


def _values(store: Store, said: Said) -> str:
    wanted = Wanted(said.get("prefix", ""), said.get("contains", ""))
    return _shown(find_values(store, scope(said), said["key"], int(said.get("limit", 20)), wanted))


def _facets(store: Store, said: Said) -> str:
    selected = {
        name.removeprefix("selected "): Filter(text) for name, text in said.items() if name.startswith("selected ")
    }
    found = find_facets(store, scope(said), said["keys"].split(", "), int(said.get("limit", 20)), selected)
    return "\n".join(f"{each.key}\n{_shown(each)}" for each in found.facets)


def _trace(store: Store, said: Said) -> str:
    logs = source("log") if said.get("logs", "yes") == "yes" else None
    found = find_trace(store, source(said.get("source", "trace")), said["id"], logs)
    lines = [f"{(found.end_ns - found.start_ns) // 1_000_000} ms"]
    for node in found.nodes:
        span = node.span
        remarks = [word for word in ("orphan", "outside") if getattr(node, word)] + [span.status] * span.failed
        remarks += [f"{event.name} after {(event.time_ns - span.start_ns) // 1_000_000} ms" for event in span.events]
        at_ms, ms, self_ms = (
            ns // 1_000_000 for ns in (span.start_ns - found.start_ns, span.duration_ns, node.self_ns)
        )
        name = f"{'  ' * node.depth}{span.service} {span.name}"
        lines.append(f"{name}: at {at_ms} for {ms}, itself {self_ms} {' '.join(map(repr, remarks))}".rstrip())
    lines += [f"log of {log.span_id or '-'}: {log.severity} {log.text}" for log in found.logs]
    return "\n".join(lines)


def _patterns(store: Store, said: Said) -> str:
    baseline = scope({"range": said["baseline"]}).time_range if "baseline" in said else None
    found = find_patterns(store, scope(said), int(said.get("limit", 100)), said.get("expression"), baseline)
    lines = [f"{found.sampled} of {found.total} events{', and more' if found.truncated else ''}"]
    for pattern in found.patterns:
        trend = " ".join(map(str, pattern.trend))
        lines += [f"{pattern.count} {pattern.template!r} {pattern.severity}", f"  {trend}", f"  {pattern.where}"]
        if baseline:
            change = "new" if pattern.change is None else f"{pattern.change:.2f} times its share"
            lines.append(f"  before {pattern.before}, {change}")
        again = scope({**said, "where": f"sql {pattern.where}"})
        lines.append(f"  found again: {Events(store, again).count()}")
    return "\n".join(lines)


def _deltas(store: Store, said: Said) -> str:
    baseline = _group(said["baseline"]) if "baseline" in said else None
    found = find_deltas(store, scope(said), _group(said.get("target", "")), baseline, int(said.get("limit", 100)))
    target, others = found.target, found.baseline
    lines = [f"{target.sampled} of {target.total} against {others.sampled} of {others.total}"]
    for delta in found.deltas:
        remarks = [word for word in ("significant", "minor") if getattr(delta, word)]
        lines.append(f"{delta.score:.1f} {delta.name} {delta.kind} {' '.join(remarks)}".rstrip())
        lines += [f"  {share.value!r} {share.target:.1f} % {share.baseline:.1f} %" for share in delta.shares]
    return "\n".join([*lines, *(["and more"] if found.truncated else [])])


def _group(text: str) -> Group:
    return Group(Filter(text, "lucene"))


def _heatmap(store: Store, said: Said) -> str:
    rows, scale = int(said.get("rows", 8)), said.get("scale", "log")
    found = find_heatmap(store, scope(said), rows, scale, said.get("expression"))  # type: ignore[arg-type]
    bounds = " ".join(f"{bound:.4g}" for bound in found.bounds)
    cells = " ".join(f"{x},{y}:{count}" for x, y, count in found.cells)
    lines = [f"{found.total} events, {len(found.starts_ms)} columns of {found.granularity_s} s", bounds, cells]
    return "\n".join(filter(None, lines))


ASKED: dict[str, Callable[[Store, Said], str]] = {
    "keys": _keys,
    "values": _values,
    "facets": _facets,
    "trace": _trace,
    "patterns": _patterns,
    "deltas": _deltas,
    "heatmap": _heatmap,
}


def _shown(found: ValueList) -> str:
    lines = [f"  {value!r} {count}" for value, count in found.values]
    remarks = [found.method, *(["estimated"] if found.estimated else []), *(["and more"] if found.truncated else [])]
    return "\n".join([*lines, f"  ({', '.join(remarks)})"])


def scope(said: Said) -> Scope:
    language, _, text = said.get("where", "lucene ").partition(" ")
    start, minutes = said.get("range", "00:00 1440").split()
    start_ms = int(datetime.fromisoformat(f"{DAY}T{start}+00:00").timestamp() * 1000)
    time_range = TimeRange(start_ms, start_ms + int(minutes) * 60_000)
    metric = Metric(said["metric"], "gauge") if "metric" in said else None
    return Scope(source(said.get("source", "log")), time_range, Filter(text, language), metric)  # type: ignore[arg-type]
