"""Dashboards in the form in which the UI and its tools keep them, from and to the published one
(reference/internal-routes.md §3.6, reference/query-engine.md §2.1).

Both say the same. The form here names a tile in its config, a source `source`, the filter of a value `aggCondition`,
and lets charts have a filter of their own, which the published one writes into each value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clickstack.core.errors import BadRequest

from .dashboard_filters import KeptFilterBody
from .dashboard_grammar import Wire

Read = Mapping[str, Any]

# published name → name here
_CONFIG = {"sourceId": "source", "connectionId": "connection"}
_VALUE = {"where": "aggCondition", "whereLanguage": "aggConditionLanguage"}
_FILTER = {"sourceId": "source"}
_CONFIG_BACK, _VALUE_BACK, _FILTER_BACK = (
    {here: published for published, here in names.items()} for names in (_CONFIG, _VALUE, _FILTER)
)
_FILTER_KEYS = frozenset(field.alias or name for name, field in KeptFilterBody.model_fields.items())

_OVER_TIME = frozenset({"line", "stacked_bar"})
_WITHOUT_FILTER = frozenset({"heatmap", "search", "event_patterns", "markdown"})  # or with one in the published form
_LIMITED = frozenset({"pie", "bar"})
# Tokens of older versions, as the reference heals them.
_COLORS = dict(
    zip(
        (f"chart-{number}" for number in range(1, 11)),
        "green blue orange red cyan pink purple light-blue brown gray".split(),
        strict=True,
    )
)


def saved_tile(tile: Read) -> Wire:
    """A tile as it is kept here."""
    placed = {key: tile[key] for key in ("id", "x", "y", "w", "h", "containerId", "tabId") if key in tile}
    return {**placed, "config": saved_config(tile["config"], tile["name"])}


def saved_config(config: Read, name: str) -> Wire:
    display, raw = config["displayType"], config.get("configType") == "sql"
    saved = {"name": name, **_renamed(config, _CONFIG)}
    if isinstance(config.get("select"), list) and display != "heatmap":
        saved["select"] = [_saved_value(each) for each in config["select"]]
    if saved.pop("asRatio", False):
        saved["seriesReturnType"] = "ratio"
    if saved.get("fillNulls") is True:
        del saved["fillNulls"]  # what is left out is filled
    if "limit" in config:
        saved["limit"] = {"limit": config["limit"]}
    if not raw and display != "markdown":
        saved = {"where": "", "whereLanguage": "lucene", **saved}
    if not raw and display in _OVER_TIME:
        saved["granularity"] = "auto"
    return saved


def saved_filter(each: Read) -> Wire:
    return _renamed(each, _FILTER)


def published_tile(tile: Any) -> Any:
    """The tile of a body in the published form; what is no tile at all stays what it is, and is refused later.

    Raises BadRequest for what the published form cannot say.
    """
    if not isinstance(tile, dict) or not isinstance(tile.get("config"), dict):
        return tile
    config = {key: value for key, value in tile["config"].items() if value is not None}
    return {**tile, "name": config.pop("name", ""), "config": published_config(config)}


def published_config(given: Read) -> Wire:
    config: Wire = _healed({"displayType": "line", **given})
    if not isinstance(config["displayType"], str):
        return config  # refused later, as everything else of the wrong kind
    display, raw = config["displayType"], config.get("configType") == "sql"
    published = {key: value for key, value in _renamed(config, _CONFIG_BACK).items() if key not in _DROPPED}
    if not raw:
        published.pop("configType", None)
    if config.get("seriesReturnType") == "ratio":
        published["asRatio"] = True
    if "fillNulls" in config:
        published["fillNulls"] = config["fillNulls"] is not False
    limit = published.pop("limit", None)
    if display in _LIMITED and isinstance(limit, dict) and "limit" in limit:
        published["limit"] = limit["limit"]
    for key in ("groupBy", "orderBy"):
        if isinstance(config.get(key), list):
            published[key] = ", ".join(_listed(config[key]))
    if isinstance(config.get("select"), list) and display != "heatmap":
        published["select"] = [_published_value(each) for each in config["select"]]
    if display not in _WITHOUT_FILTER and not raw:
        _spread_filter(published, config)
    if config.get("filters"):
        raise BadRequest(f"{config.get('name', 'tile')}: filters of a tile are not kept; write them into its values")
    if config.get("ratioMode") == "share_of_total":
        raise BadRequest("ratioMode: a tile's ratio is of each group; share_of_total is not kept")
    return published


def published_filter(each: Any) -> Any:
    if not isinstance(each, dict):
        return each
    renamed = _renamed(each, _FILTER_BACK)
    return {key: value for key, value in renamed.items() if key in _FILTER_KEYS and value is not None}


def path_here(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Where a fault is, in the names of this form."""
    names = _VALUE if "select" in path else _FILTER if "filters" in path else _CONFIG
    if len(path) == 3 and path[0] == "tiles" and path[2] == "name":
        return (*path[:2], "config", "name")
    return tuple(names.get(part, part) if isinstance(part, str) else part for part in path)


# What only this form has: either it is said otherwise, or it is how the UI drew something last.
_DROPPED = frozenset(
    {"name", "alert", "seriesReturnType", "ratioMode", "granularity", "dateRange", "filters", "filtersLogicalOperator"}
)


def _renamed(wire: Read, names: Mapping[str, str]) -> Wire:
    return {names.get(key, key): value for key, value in wire.items()}


def _saved_value(value: Read) -> Wire:
    saved = _renamed(value, _VALUE)
    if saved.pop("periodAggFn", None) == "delta":
        saved["isDelta"] = True
    return saved


def _published_value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    published = _renamed({key: each for key, each in value.items() if each is not None}, _VALUE_BACK)
    published.setdefault("aggFn", "none")
    if published.pop("isDelta", False):
        published["periodAggFn"] = "delta"
    if published["aggFn"] == "count":
        published.pop("valueExpression", None)  # left over from another aggregate
    if published["aggFn"] != "quantile":
        published.pop("level", None)
    return published


def _spread_filter(published: Wire, config: Read) -> None:
    """A filter of the whole chart becomes one of each value."""
    text, language = published.pop("where", ""), published.pop("whereLanguage", "sql")
    if not isinstance(text, str) or not text.strip() or not isinstance(published.get("select"), list):
        return
    for value in published["select"]:
        own = value.get("where", "") if isinstance(value, dict) else None
        if not isinstance(own, str):
            continue
        if own.strip() and value.get("whereLanguage", "lucene") != language:
            raise BadRequest(
                f"{config.get('name', 'tile')}: the chart's filter is {language}, that of a value is not; use one"
            )
        value["where"] = f"({text}) AND ({own})" if own.strip() else text
        value["whereLanguage"] = language


def _listed(items: Iterable[Any]) -> Iterable[str]:
    for each in items:
        if isinstance(each, dict):
            yield " ".join(filter(None, (str(each.get("valueExpression", "")), str(each.get("ordering", "")))))
        else:
            yield str(each)


def _healed(config: Wire) -> Any:
    """With colors of today."""
    rules = config.get("colorRules")
    healed = {"colorRules": [_recolored(rule) for rule in rules]} if isinstance(rules, list) else {}
    return _recolored({**config, **healed})


def _recolored(wire: Any) -> Any:
    color = wire.get("color") if isinstance(wire, dict) else None
    return {**wire, "color": f"chart-{_COLORS[color]}"} if isinstance(color, str) and color in _COLORS else wire
