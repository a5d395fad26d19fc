"""What a dashboard refers to: is it there, and is it of the right kind (reference/api-v2.md §7.9).

What was already stored is not asked again: a source may have gone since, and its dashboard must stay editable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clickstack.core.errors import BadRequest
from clickstack.core.source import Source

from .dashboard_containers import broken_joins
from .dashboard_grammar import Wire
from .dashboard_macros import broken_templates

Stored = Mapping[str, Any]


@dataclass(frozen=True)
class Surroundings:
    """What the team has. Of dashboards, those that may be linked to and exist."""

    sources: Mapping[str, Source]
    connections: Collection[str]
    dashboards: Collection[str]


@dataclass(frozen=True)
class _Asked:
    """The new or changed parts of a dashboard."""

    spec: Stored
    configs: list[Wire]
    filters: list[Wire]
    kept: Mapping[int, Stored]  # by place in `configs`: the config this tile had
    around: Surroundings


def dashboard_faults(spec: Stored, stored: Stored, around: Surroundings) -> list[tuple[str, str]]:
    """Path and text of each group of faults, in the order of the groups. `stored` is EMPTY for a new dashboard."""
    asked = _asked(spec, stored, around)
    faults = [("", text) for check in _CHECKS if (text := check(asked))]
    return [*faults, *broken_templates(spec, stored, around.sources)]


def refuse_faults(faults: list[tuple[str, str]]) -> None:
    """Raises BadRequest with the first group; the faults that have a path are one group."""
    if not faults:
        return
    first_path, first_text = faults[0]
    raise BadRequest("; ".join(f"{path}: {text}" for path, text in faults) if first_path else first_text)


def linked_dashboards(body: Wire) -> set[str]:
    """The ids of dashboards that clicks on the tiles of a checked body lead to."""
    return set(_targets((tile.get("config", {}) for tile in body["tiles"]), "dashboard"))


def _asked(spec: Stored, stored: Stored, around: Surroundings) -> _Asked:
    before = {tile["id"]: tile["config"] for tile in stored["tiles"]}
    changed = [tile for tile in spec["tiles"] if before.get(tile.get("id")) != tile["config"]]
    kept = {index: before[tile["id"]] for index, tile in enumerate(changed) if tile.get("id") in before}
    known = {each["id"]: each for each in stored["filters"]}
    filters = [each for each in spec.get("filters", ()) if known.get(each.get("id")) != each]
    return _Asked(spec, [tile["config"] for tile in changed], filters, kept, around)


# --- the groups, in order ---------------------------------------------------------------------------------------


def _joins(asked: _Asked) -> str:
    faults = broken_joins(asked.spec["tiles"], asked.spec.get("containers", []))
    return "; ".join(f"{'.'.join(map(str, path))}: {text}" for path, text in faults)


def _sources(asked: _Asked) -> str:
    ids = [
        *(config["sourceId"] for config in asked.configs if config.get("sourceId")),
        *(each["sourceId"] for each in asked.filters),
        *_targets(asked.configs, "search"),
    ]
    return _listed(
        "Could not find the following source IDs: ", (each for each in ids if each not in asked.around.sources)
    )


def _connections(asked: _Asked) -> str:
    ids = (config["connectionId"] for config in asked.configs if _is_raw(config))
    return _listed(
        "Could not find the following connection IDs: ", (each for each in ids if each not in asked.around.connections)
    )


def _pairs(asked: _Asked) -> str:
    wrong = (
        source.id
        for config in asked.configs
        if _is_raw(config) and (source := _source(asked, config)) and source.connection_id != config["connectionId"]
    )
    return _listed("The following source IDs do not match the specified connections: ", wrong)


def _heatmaps(asked: _Asked) -> str:
    wrong = (
        source.id
        for config, source in _newly_sourced(asked, "displayType")
        if config["displayType"] == "heatmap" and source.kind != "trace"
    )
    return _listed("Heatmap tiles require a Trace source. The following source IDs are not Trace sources: ", wrong)


def _formulas(asked: _Asked) -> str:
    wrong = (
        source.id
        for config, source in _newly_sourced(asked, "formulas")
        if config.get("formulas") and source.kind not in ("metric", "log", "trace")
    )
    return _listed(
        "Tiles with formulas require a Metric, Log, or Trace source. The following source IDs are not: ", wrong
    )


def _dashboards(asked: _Asked) -> str:
    ids = _targets(asked.configs, "dashboard")
    return _listed(
        "Could not find the following onClick dashboard IDs: ",
        (each for each in ids if each not in asked.around.dashboards),
    )


def _searches(asked: _Asked) -> str:
    sources = asked.around.sources
    ids = _targets(asked.configs, "search")
    wrong = (each for each in ids if each in sources and sources[each].kind not in ("log", "trace"))
    return _listed("The following onClick search source IDs are not log or trace sources: ", wrong)


_CHECKS: tuple[Callable[[_Asked], str], ...] = (
    _joins,
    _sources,
    _connections,
    _pairs,
    _heatmaps,
    _formulas,
    _dashboards,
    _searches,
)


# --- parts ------------------------------------------------------------------------------------------------------


def _newly_sourced(asked: _Asked, key: str) -> Iterator[tuple[Wire, Source]]:
    """Configs and their sources, but for those whose source and `key` are as they were."""
    for index, config in enumerate(asked.configs):
        source, kept = _source(asked, config), asked.kept.get(index)
        same = kept and kept.get("sourceId") == config.get("sourceId") and kept.get(key) == config.get(key)
        if source and not same:
            yield config, source


def _source(asked: _Asked, config: Wire) -> Source | None:
    return asked.around.sources.get(config.get("sourceId", ""))


def _is_raw(config: Wire) -> bool:
    return config.get("configType") == "sql"


def _targets(configs: Iterable[Wire], kind: str) -> Iterator[str]:
    for config in configs:
        click = config.get("onClick")
        if click and click["type"] == kind and click["target"]["mode"] == "id":
            yield click["target"]["id"]


def _listed(text: str, ids: Iterable[str]) -> str:
    """The text and the distinct ids in order of appearance; nothing when there are none."""
    distinct = list(dict.fromkeys(ids))
    return text + ", ".join(distinct) if distinct else ""
