"""A process that writes metadata as fast as it can (`-m metadata.writer_child URL NAME COUNT`), beside others."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable
from typing import Any

from clickstack.core.clock import SystemClock
from clickstack.core.errors import Conflict
from clickstack.core.ids import RandomIds
from clickstack.core.records import Author
from clickstack.core.webhook import Webhook
from clickstack.metadata import IngestionKey, Metadata, open_metadata


def main(url: str, name: str, count: int) -> None:
    clock = SystemClock()
    metadata = open_metadata(url, clock, RandomIds(clock))
    print("ready", flush=True)
    sys.stdin.readline()
    write(metadata, RandomIds(clock), name, count)
    metadata.close()


def write(metadata: Metadata, ids: RandomIds, name: str, count: int) -> None:
    """Edit what all edit, insert and delete, and take names of which there is one."""
    author = Author("system", name, name)
    team = metadata.teams.api_keys()[0][0]
    (search,) = metadata.saved_searches.list(team)
    for number in range(count):
        metadata.saved_searches.update(team, search.id, tagged(f"{name}{number}"), author, None)
        hook = Webhook(ids.object_id(), team, f"{name}{number}", "generic", "https://a.example/")
        metadata.webhooks.insert(hook, author, None)
        if number % 2:
            assert metadata.webhooks.delete(team, hook.id, author, None)
        take_name(metadata, ids, team, f"key {number}", author)


def tagged(tag: str) -> Callable[[Any], Any]:
    return lambda before: dataclasses.replace(before, tags=(*before.tags, tag))


def take_name(metadata: Metadata, ids: RandomIds, team: str, name: str, author: Author) -> None:
    now = metadata.teams.get(team).created_at  # type: ignore[union-attr]
    key = IngestionKey(ids.object_id(), team, name, "hint", now, None, None)
    with contextlib.suppress(Conflict):  # somebody else has it
        metadata.ingestion_keys.add(key, ids.token(), author, None)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
