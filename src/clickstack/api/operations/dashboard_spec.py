"""A checked body → what is stored (reference/api-v2.md §7.1, §7.2, §7.6, §7.10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clickstack.core.ids import IdSource

from .dashboard_grammar import Wire
from .tile_config import config_of_tile

EMPTY: Mapping[str, Any] = {
    "tiles": [],
    "tags": [],
    "filters": [],
    "savedQuery": None,
    "savedQueryLanguage": None,
    "savedFilterValues": [],
}


def spec_of(body: Wire, stored: Mapping[str, Any], ids: IdSource) -> Wire:
    """The spec after a body over what is stored; EMPTY for a new dashboard, whose parts all get new ids."""
    spec: Wire = {
        "tiles": [_tile(tile, given) for tile, given in _with_ids(body["tiles"], stored["tiles"], ids)],
        "tags": list(dict.fromkeys(body.get("tags", stored["tags"]))),
        "filters": stored["filters"],
        **_saved_query(body, stored),
        "savedFilterValues": stored["savedFilterValues"],
    }
    if "filters" in body:
        spec["filters"] = [{**each, "id": given} for each, given in _with_ids(body["filters"], stored["filters"], ids)]
    if "savedFilterValues" in body:
        spec["savedFilterValues"] = [{"type": "sql", **each} for each in body["savedFilterValues"]]
    containers = body.get("containers", stored.get("containers"))
    return {**spec, "containers": containers} if containers else spec


def judged_spec(body: Wire) -> Wire:
    """A body as it would be stored, without what only storing it adds: ids, and what was not sent."""
    judged = {**body, "tiles": [_tile(tile, tile.get("id", "")) for tile in body["tiles"]]}
    if "tags" in body:
        judged["tags"] = list(dict.fromkeys(body["tags"]))
    if "savedFilterValues" in body:
        judged["savedFilterValues"] = [{"type": "sql", **each} for each in body["savedFilterValues"]]
    return judged


def _with_ids(given: list[Wire], stored: Iterable[Wire], ids: IdSource) -> Iterable[tuple[Wire, str]]:
    known = {each["id"] for each in stored}
    for each in given:
        sent = each.get("id", "")
        is_known = sent in known
        known.discard(sent)  # a second one of the same id is new
        yield each, sent if is_known else ids.object_id()


def _tile(tile: Wire, tile_id: str) -> Wire:
    stored: Wire = {"id": tile_id} if tile_id else {}
    stored |= {key: tile[key] for key in ("name", "x", "y", "w", "h")}
    stored["config"] = tile["stored"] if "stored" in tile else config_of_tile(tile)
    return stored | {key: tile[key] for key in ("containerId", "tabId") if key in tile}


def _saved_query(body: Wire, stored: Mapping[str, Any]) -> Wire:
    """The query and its language. A query without a language is Lucene; an empty one keeps the language there is."""
    query, language = body.get("savedQuery", stored["savedQuery"]), stored["savedQueryLanguage"]
    if "savedQueryLanguage" in body:
        language = body["savedQueryLanguage"]
    elif "savedQuery" in body and query is None:
        language = None
    elif "savedQuery" in body:
        language = "lucene" if query else language or "lucene"
    return {"savedQuery": query, "savedQueryLanguage": language}
