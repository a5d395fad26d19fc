"""Raw SQL tiles whose macros cannot be expanded are refused when they are saved, not when somebody looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clickstack.core.errors import BadQuery
from clickstack.core.source import Source
from clickstack.core.timerange import TimeRange
from clickstack.query.raw import MacroContext, Variable, expand_text

from .dashboard_filters import variables_of
from .dashboard_grammar import Wire

_HOUR = TimeRange(1_700_000_000_000, 1_700_003_600_000)  # any range will do
_INTERVAL_S = 60


def broken_templates(
    spec: Mapping[str, Any], stored: Mapping[str, Any], sources: Mapping[str, Source]
) -> Iterator[tuple[str, str]]:
    """Path and text of each template that is wrong. A blank one is a tile somebody has yet to write.

    What was stored like this is left alone, as are tiles whose source has gone since.
    """
    variables = variables_of(spec.get("filters", ()))
    before = {tile["id"]: tile["config"] for tile in stored["tiles"]}
    same_variables = variables == variables_of(stored["filters"])
    for index, tile in enumerate(spec["tiles"]):
        config = tile["config"]
        if config.get("configType") != "sql" or (same_variables and before.get(tile.get("id")) == config):
            continue
        fault = _fault(config, sources, variables)
        if fault:
            yield f"tiles.{index}.config.sqlTemplate", fault


def _fault(config: Wire, sources: Mapping[str, Source], variables: tuple[Variable, ...]) -> str | None:
    source = sources.get(config.get("sourceId", ""))
    if source is None and "sourceId" in config:
        return None
    try:
        expand_text(config["sqlTemplate"], MacroContext(_HOUR, _INTERVAL_S, source, ()), variables)
    except BadQuery as error:
        where = f" (at character {error.position + 1})" if error.position is not None else ""
        return f"{error.message}{where}{f'. {error.hint}' if error.hint else ''}"
    return None
