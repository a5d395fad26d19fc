"""A tile's config as it is stored and shown: what the contract promises is filled in (reference/api-v2.md §7.6).

Stored and shown are one form, so reading a dashboard is copying a text. Normalising twice changes nothing.
"""

from __future__ import annotations

from .dashboard_grammar import Wire
from .tile_fields import LEVELS
from .tile_series import config_of

# display → fields that are always there, and what they are when nobody said
ALWAYS: dict[str, Wire] = {
    "line": {"asRatio": False, "fillNulls": True},
    "stacked_bar": {"asRatio": False, "fillNulls": True},
    "table": {"asRatio": False},
    "heatmap": {"where": "", "whereLanguage": "lucene"},
    "search": {"where": "", "whereLanguage": "lucene"},
    "event_patterns": {"select": "", "where": "", "whereLanguage": "lucene"},
    "markdown": {"markdown": ""},
}
RAW_ALWAYS: dict[str, Wire] = {"line": {"fillNulls": True}, "stacked_bar": {"fillNulls": True}}
SELECT_ALWAYS: Wire = {"where": "", "whereLanguage": "lucene", "valueExpression": ""}


def config_of_tile(tile: Wire) -> Wire:
    """The config of a tile in either form, as it is stored."""
    if "series" in tile:
        return stored_config(config_of(tile["series"], tile.get("asRatio", False)))
    return stored_config(tile["config"])


def stored_config(config: Wire) -> Wire:
    display = config["displayType"]
    if config.get("configType") == "sql":
        return {"configType": "sql", "displayType": display, **RAW_ALWAYS.get(display, {}), **config}
    stored = {"displayType": display, **ALWAYS.get(display, {}), **config}
    if isinstance(stored.get("select"), list) and display != "heatmap":
        stored["select"] = [_stored_select(each) for each in stored["select"]]
    for key in ("formulas", "colorRules"):
        if stored.get(key) == []:
            del stored[key]
    if display == "number" or "formulas" not in stored:
        stored.pop("showOperandSeries", None)
    return stored


def _stored_select(select: Wire) -> Wire:
    stored = {**SELECT_ALWAYS, **select}
    if "level" in stored and (select["aggFn"] != "quantile" or stored["level"] not in LEVELS):
        del stored["level"]
    return stored
