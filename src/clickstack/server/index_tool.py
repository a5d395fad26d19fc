"""What `clickstack index-profile` does: showing and changing the tables' search indexes, the way the API does it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from typing import cast, get_args

from clickstack.core.clock import SystemClock
from clickstack.core.errors import BadRequest, StartupError
from clickstack.core.ids import RandomIds
from clickstack.core.settings import Settings
from clickstack.store import IndexProfiles, open_store
from clickstack.store.index_profile import IndexProfile, IndexProfileName, tables_named

from .data_directory import InUse, locked_data_directory
from .errands import Verb, ask_server

Say = Callable[[str], object]

INDEX_PROFILE = "index-profile"


def show_or_change(settings: Settings, table: str, profile: str, say: Say) -> None:
    """Print the profile of every table ("" for all) and how far it is built; with a profile, change it first.

    By the running server, or else by opening the engine. Raises BadRequest, Conflict, Busy, StartupError.
    """
    if not (settings.data_dir / "engine").is_dir():
        raise StartupError(f"{settings.data_dir} is not a data directory of ClickStack. Name it with --data-dir.")
    try:
        with (
            locked_data_directory(settings.data_dir) as data_dir,
            contextlib.closing(open_store(dataclasses.replace(settings, data_dir=data_dir))) as store,
        ):
            lines = _do(IndexProfiles(store, settings), table, profile)
    except InUse:
        clock = SystemClock()
        lines = ask_server(settings.data_dir, INDEX_PROFILE, [table, profile], clock, RandomIds(clock))
    for line in lines:
        say(line)


def index_profile_in_server(profiles: IndexProfiles) -> Verb:
    """What the running server does when it is asked."""

    def show(arguments: Sequence[str]) -> list[str]:
        table, profile = arguments
        return _do(profiles, table, profile)

    return show


def _do(profiles: IndexProfiles, table: str, profile: str) -> list[str]:
    shown = tables_named(table) if table else ()
    if profile:
        if profile not in get_args(IndexProfileName):
            raise BadRequest(f"{profile!r} is not one of {', '.join(get_args(IndexProfileName))}.")
        profiles.change(table, cast("IndexProfileName", profile))
    rows = [each for each in profiles.read() if not shown or each.table in shown]
    return [f"{'table':40}{'profile':10}state", *map(_line, rows)]


def _line(each: IndexProfile) -> str:
    state = f"{each.parts_to_do} of {each.parts} parts to do" if each.parts_to_do else "built"
    fixed = f", fixed by {each.setting}" if each.setting else ""
    return f"{each.table:40}{each.profile or 'other':10}{state}{fixed}"
