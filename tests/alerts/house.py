"""A team with a log source, alerts on it, and a clock to move: what scenarios of alerts play with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from clickstack.alerts import AlertCounts
from clickstack.alerts.delivery import Deliverer
from clickstack.alerts.engine import AlertEngine, Round
from clickstack.alerts.mail import MailServer
from clickstack.alerts.policy import Defaults
from clickstack.alerts.sending import HttpSender
from clickstack.alerts.workers import Workers
from clickstack.core.address import AllowedHosts, check_address
from clickstack.core.alert import Alert, Channel
from clickstack.core.clock import FixedClock
from clickstack.core.dashboard import Dashboard
from clickstack.core.ids import SequentialIds
from clickstack.core.records import Author
from clickstack.core.saved_search import SavedSearch
from clickstack.core.webhook import Webhook
from clickstack.metadata import Lease, Metadata, open_metadata
from clickstack.query import Reader
from clickstack.store import Store

APP = "http://app:8080"
SYSTEM = Author("system", "test", "test")
CHECK = partial(check_address, resolve=lambda _: [], allowed=AllowedHosts.parse("127.0.0.1"))
START = datetime(2026, 1, 1, tzinfo=UTC)


def ms(text: str) -> int:
    """`00:01:30` of the first day, or `2T00:01:30` of the third."""
    days, _, clock = text.rpartition("T")
    hours, minutes, seconds = map(int, clock.split(":"))
    return int(START.timestamp() * 1000) + ((int(days or 0) * 24 + hours) * 3600 + minutes * 60 + seconds) * 1000


def shown(moment_ms: int) -> str:
    return f"{datetime.fromtimestamp(moment_ms / 1000, tz=UTC):%H:%M:%S}"


@dataclass
class House:
    metadata: Metadata
    store: Store
    clock: FixedClock
    ids: SequentialIds
    engine: AlertEngine
    lease: Lease
    team_id: str
    webhook: Webhook
    rows: int = field(default=0)
    closing: list[Callable[[], None]] = field(default_factory=list)

    @property
    def logs(self) -> Any:
        return next(source for source in self.metadata.sources.list(self.team_id) if source.kind == "log")

    @property
    def metrics(self) -> Any:
        return next(source for source in self.metadata.sources.list(self.team_id) if source.kind == "metric")

    @property
    def now_ms(self) -> int:
        return self.clock.now_ns() // 1_000_000

    def write(self, at: str, service: str, severity: str, count: int = 1, body: str = "it happened") -> None:
        """Log rows a millisecond apart."""
        columns = "Timestamp, ServiceName, SeverityText, Body"
        moment = f"fromUnixTimestamp64Milli({ms(at)} + toInt64(number), 'UTC')"
        values = f"{moment}, '{service}', '{severity}', '{body}'"
        self.store.command(f"INSERT INTO otel_logs ({columns}) SELECT {values} FROM numbers({count})")

    def gauge(self, at: str, name: str, value: float) -> None:
        columns = "TimeUnix, StartTimeUnix, MetricName, ServiceName, Value"
        moment = f"fromUnixTimestamp64Milli(toInt64({ms(at)}), 'UTC')"
        values = f"{moment}, {moment}, '{name}', 'api', {value}"
        self.store.command(f"INSERT INTO otel_metrics_gauge ({columns}) SELECT {values}")

    def search(self, where: str, language: str = "lucene", **more: Any) -> SavedSearch:
        search = SavedSearch(
            self.ids.object_id(), self.team_id, "Errors", self.logs.id, where=where, where_language=language, **more
        )
        return self.metadata.saved_searches.insert(search, SYSTEM, None)

    def tile(self, config: Mapping[str, Any]) -> Dashboard:
        spec = {"tiles": [{"id": "t1", "name": "Rate", "config": config}], "filters": [], "tags": []}
        return self.metadata.dashboards.insert(
            Dashboard(self.ids.object_id(), self.team_id, "Shop", spec), SYSTEM, None
        )

    def alert(self, **fields: Any) -> Alert:
        """An alert above 3 every minute, on what `saved_search_id` or `dashboard_id` names."""
        given: dict[str, Any] = {
            "name": None,
            "channels": (Channel(self.webhook.id),),
            "interval": "1m",
            "threshold": 3,
            "threshold_type": "above",
            "source": "tile" if "dashboard_id" in fields else "saved_search",
            **fields,
        }
        alert = Alert(id=self.ids.object_id(), team_id=self.team_id, **given)
        return self.metadata.alerts.insert(alert, SYSTEM, None)

    def at(self, text: str) -> None:
        """Move the clock, forwards or backwards."""
        self.clock.advance((ms(text) - self.now_ms) / 1000)

    def round(self, at: str | None = None) -> Round:
        if at is not None:
            self.at(at)
        return self.engine.round(self.lease)

    def stored(self, alert: Alert) -> Alert:
        found = self.metadata.alerts.get(self.team_id, alert.id)
        assert found is not None
        return found

    def deliverer(
        self, timeout_s: float = 5, mail: MailServer | None = None, counts: AlertCounts | None = None
    ) -> Deliverer:
        """One that reaches 127.0.0.1 and nothing else."""
        made = Deliverer(self.metadata, HttpSender(CHECK, self.clock, timeout_s), mail, self.clock, counts)
        self.closing.append(made.close)
        return made

    def messages(self, alert: Alert) -> list[str]:
        """What was queued, oldest first: `fire  3 lines found …`."""
        found = self.metadata.notifications.of_alert(self.team_id, alert.id, 1_000)
        return [f"{each.kind} {each.words['title']}" for each in reversed(found)]


@contextmanager
def house(
    directory: Path,
    store: Store,
    defaults: Defaults = Defaults(),
    reader: Callable[..., Reader] = Reader,
) -> Iterator[House]:
    clock, ids = FixedClock(), SequentialIds()
    metadata = open_metadata(directory / "metadata.sqlite", clock, ids)
    team, _ = metadata.installation.found("ada@example.com", "hash")
    webhook = Webhook(ids.object_id(), team.id, "ops", "generic", "https://example.com/hook")
    webhook = metadata.webhooks.insert(webhook, SYSTEM, None)
    lease = metadata.leases.take("alerts", "test", 10**12)
    assert lease is not None
    workers = Workers(2, "test")
    engine = AlertEngine(metadata, lambda sources: reader(store, sources), clock, ids, APP, defaults, workers)
    home = House(metadata, store, clock, ids, engine, lease, team.id, webhook)
    try:
        yield home
    finally:
        for close in (engine.close, *home.closing):
            close()
        metadata.close()
