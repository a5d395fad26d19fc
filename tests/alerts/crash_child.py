"""A process that judges a flapping alert minute by minute, to be killed by test_crash (`-m alerts.crash_child DIR`)."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

from clickstack.alerts.engine import AlertEngine
from clickstack.alerts.policy import Defaults
from clickstack.alerts.workers import Workers
from clickstack.core.alert import Alert, Channel
from clickstack.core.clock import FixedClock
from clickstack.core.ids import RandomIds
from clickstack.core.records import Author
from clickstack.core.saved_search import SavedSearch
from clickstack.core.settings import Settings
from clickstack.core.webhook import Webhook
from clickstack.metadata import Metadata, open_metadata
from clickstack.query import Reader
from clickstack.store import Store, open_store

MINUTES = 12
SYSTEM = Author("system", "test", "test")


def expected_story() -> list[str]:
    """Errors in every other minute: it fires and resolves in turn."""
    return ["fire" if minute % 2 == 0 else "resolve" for minute in range(MINUTES)]


def main(directory: Path) -> None:
    clock = FixedClock()
    store = open_store(Settings(data_dir=directory))
    metadata = open_metadata(directory / "metadata.sqlite", clock, RandomIds(clock))
    alert = prepare(store, metadata, clock)
    lease = metadata.leases.take("alerts", f"{directory}", 10**12)
    assert lease is not None
    workers = Workers(2, "child")
    engine = AlertEngine(metadata, partial(Reader, store), clock, RandomIds(clock), "http://app", Defaults(), workers)
    for minute in range(1, MINUTES + 1):
        clock.advance(60)
        if minute % 2:
            print("between", flush=True)
        engine.round(lease)
        print(f"round {minute}", flush=True)
    found = metadata.notifications.of_alert(alert.team_id, alert.id, 1_000)
    found.sort(key=lambda each: each.words["end_ms"])
    (directory / "story.json").write_text(json.dumps([each.kind for each in found]))
    metadata.close()
    store.close()


def prepare(store: Store, metadata: Metadata, clock: FixedClock) -> Alert:
    """The rows and the alert; what a killed process left is found again."""
    ids = RandomIds(clock)
    if metadata.installation.founded():
        (alert, _) = next(iter(metadata.judgements.due(2**60)))
        return alert
    start_ms = clock.now_ns() // 1_000_000
    store.command("ALTER TABLE otel_logs REMOVE TTL")
    for minute in range(0, MINUTES, 2):
        store.command(
            "INSERT INTO otel_logs (Timestamp, SeverityText, Body) SELECT "
            f"fromUnixTimestamp64Milli({start_ms + minute * 60_000 + 5_000}, 'UTC'), 'error', 'x' FROM numbers(5)"
        )
    team, _ = metadata.installation.found("ada@example.com", "hash")
    source = next(each for each in metadata.sources.list(team.id) if each.kind == "log")
    hook = metadata.webhooks.insert(
        Webhook(ids.object_id(), team.id, "o", "generic", "https://x.example"), SYSTEM, None
    )
    search = SavedSearch(ids.object_id(), team.id, "Errors", source.id, where="SeverityText:error")
    metadata.saved_searches.insert(search, SYSTEM, None)
    alert = Alert(
        id=ids.object_id(),
        team_id=team.id,
        name=None,
        channels=(Channel(hook.id),),
        interval="1m",
        threshold=3,
        threshold_type="above",
        source="saved_search",
        saved_search_id=search.id,
    )
    return metadata.alerts.insert(alert, SYSTEM, None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
