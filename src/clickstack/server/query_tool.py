"""What `clickstack compile` and `clickstack query` do: a chart or a Lucene line as SQL, and what it answers."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from clickstack.core.chart import ChartConfig
from clickstack.core.chart_wire import parse_chart
from clickstack.core.clock import SystemClock
from clickstack.core.errors import BadRequest, NotFound, StartupError
from clickstack.core.ids import RandomIds
from clickstack.core.settings import Settings
from clickstack.core.source import Source
from clickstack.core.timerange import TimeRange, granularity_seconds
from clickstack.metadata import open_metadata
from clickstack.query import Reader, Runner, compiled_text, lucene_chart, result_text
from clickstack.store import Store, open_store

from .data_directory import locked_data_directory

Say = Callable[[str], object]


def compile_chart(settings: Settings, chart: Path, last: str, say: Say) -> None:
    """Print the SQL of a chart config file. Its `sourceId` is an id or a name."""
    with _opened(settings) as (store, sources):
        say(compiled_text(*_runner(store, sources).plan(_read_chart(chart, sources), _range(last))))


def query(settings: Settings, line: str, source: str, chart: Path | None, last: str, say: Say) -> None:
    """Print the SQL of a Lucene line (events over time) or of a chart config file, and the answer."""
    with _opened(settings) as (store, sources):
        config = _read_chart(chart, sources) if chart else lucene_chart(line, _require(sources, source))
        result = _runner(store, sources).run(config, _range(last))
        say(f"{result.sql}\n\n{result_text(result)}")


def _runner(store: Store, sources: list[Source]) -> Runner:
    """Whoever can open the data directory may read all of it: SQL in a chart reaches the tables of every source."""
    return Runner(Reader(store, lambda: sources))


@contextlib.contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Store, list[Source]]]:
    """The store and all sources of a data directory without a running server. Raises StartupError."""
    if not (settings.data_dir / "metadata.sqlite").exists() and not settings.metadata_url:
        raise StartupError(f"{settings.data_dir} is no data directory of ClickStack: name it with --data-dir.")
    with locked_data_directory(settings.data_dir) as data_dir:
        clock = SystemClock()
        metadata = open_metadata(settings.metadata_url or data_dir / "metadata.sqlite", clock, RandomIds(clock))
        with contextlib.closing(metadata):
            sources = [each for team_id, _ in metadata.teams.api_keys() for each in metadata.sources.list(team_id)]
        with contextlib.closing(open_store(dataclasses.replace(settings, data_dir=data_dir))) as store:
            yield store, sources


def _read_chart(path: Path, sources: list[Source]) -> ChartConfig:
    try:
        wire = json.loads(path.read_text())
    except OSError as error:
        raise BadRequest(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise BadRequest(f"{path} is not JSON: {error}.") from None
    return parse_chart(wire, lambda name: _find(sources, name))


def _find(sources: list[Source], name: str) -> Source | None:
    return next((each for each in sources if name == each.id or name.lower() == each.name.lower()), None)


def _require(sources: list[Source], name: str) -> Source:
    found = _find(sources, name)
    if found is None:
        known = ", ".join(each.name for each in sources) or "none: nobody has signed up here"
        raise NotFound(f"There is no source {name!r}. Known are {known}.")
    return found


def _range(last: str) -> TimeRange:
    end_ms = SystemClock().now_ns() // 1_000_000
    return TimeRange(end_ms - granularity_seconds(last) * 1000, end_ms)
