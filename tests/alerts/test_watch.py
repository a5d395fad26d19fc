"""Several processes on one database: one judges, another takes over, and a receiver that hangs stops nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from alerts.house import SYSTEM, House, house
from alerts.receiver import Answer, receiver
from clickstack.alerts import AlertCounts, AlertWatch
from clickstack.alerts import watch as watching
from clickstack.alerts.delivery import Deliverer
from clickstack.alerts.engine import AlertEngine
from clickstack.alerts.policy import Defaults
from clickstack.alerts.sending import HttpSender
from clickstack.alerts.workers import Workers
from clickstack.core.address import AllowedHosts, check_address
from clickstack.core.alert import Alert
from clickstack.core.clock import SystemClock
from clickstack.core.ids import RandomIds
from clickstack.core.webhook import Webhook
from clickstack.metadata import LostLease, Metadata, open_metadata
from clickstack.query import Reader
from clickstack.store import Store
from program import call, serve, sign_up

CHECK = partial(check_address, resolve=lambda _: [], allowed=AllowedHosts.parse("127.0.0.1"))
CLOCK = SystemClock()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "ALERT_ROUND_EVERY_S", 0.02)
    monkeypatch.setattr(watching, "DELIVERY_ROUND_EVERY_S", 0.05)
    monkeypatch.setattr(watching, "ALERT_LEASE_MS", 15_000)


@pytest.fixture
def home(tmp_path: Path, store: Store) -> Iterator[House]:
    with house(tmp_path, store) as opened:
        opened.metadata.leases.give_back(opened.lease)
        yield opened


@pytest.fixture
def process(home: House, tmp_path: Path, store: Store) -> Iterator[Callable[[str], AlertWatch]]:
    """A process of the installation: its own connections to the one database."""
    opened: list[Metadata] = []
    watches: list[AlertWatch] = []

    def begin(name: str) -> AlertWatch:
        ids = RandomIds(CLOCK)
        metadata = open_metadata(tmp_path / "metadata.sqlite", CLOCK, ids)
        opened.append(metadata)
        counts = AlertCounts()
        workers = Workers(1, name)
        engine = AlertEngine(metadata, partial(Reader, store), CLOCK, ids, "http://app", Defaults(), workers, counts)
        deliverer = Deliverer(metadata, HttpSender(CHECK, CLOCK, 5), None, CLOCK, counts)
        watches.append(AlertWatch(metadata, engine, deliverer, CLOCK, name, counts))
        watches[-1].start()
        return watches[-1]

    yield begin
    for watch in watches:
        watch.close(5)
    for metadata in opened:
        metadata.close()


def until(happened: Callable[[], bool], timeout_s: float = 20) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline_s, "it did not happen"
        time.sleep(0.02)


def silent(home: House) -> Alert:
    """Fires at once: nothing is below 1."""
    return home.alert(saved_search_id=home.search("SeverityText:never").id, threshold=1, threshold_type="below")


def fires(home: House, alert: Alert) -> int:
    return len(home.messages(alert))


def test_one_of_two_judges_and_the_other_takes_over(home: House, process: Callable[[str], AlertWatch]) -> None:
    first = process("first")
    until(lambda: first.leading)
    second = process("second")
    alert = silent(home)
    until(lambda: fires(home, alert) == 1)
    assert (first.leading, second.leading) == (True, False)
    assert second.counts.windows == {}
    first.close(5)  # it gives the lease back
    until(lambda: second.leading)
    another = silent(home)
    until(lambda: fires(home, another) == 1)
    assert fires(home, alert) == 1, "what one has told the other does not tell again"


def test_who_dies_without_a_word_is_followed_when_the_lease_ends(
    home: House, process: Callable[[str], AlertWatch], tmp_path: Path
) -> None:
    metadata = open_metadata(tmp_path / "metadata.sqlite", CLOCK, RandomIds(CLOCK))
    dead = metadata.leases.take("alerts", "dead", 1_500)
    metadata.close()
    assert dead is not None
    heir = process("heir")
    alert = silent(home)
    assert (heir.leading, fires(home, alert)) == (False, 0)
    until(lambda: fires(home, alert) == 1)
    with pytest.raises(LostLease):  # it was only asleep
        home.metadata.judgements.store([], dead)


def test_many_messages_to_one_receiver_do_not_wait_for_each_second(
    home: House, process: Callable[[str], AlertWatch], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "DELIVERY_ROUND_EVERY_S", 30)
    monkeypatch.setattr(watching, "ALERT_ROUND_EVERY_S", 60)  # it would find that all is over, and tell so
    with receiver() as there:
        hook = Webhook(home.ids.object_id(), home.team_id, "here", "generic", there.url)
        home.webhook = home.metadata.webhooks.insert(hook, SYSTEM, None)
        for number in range(6):
            home.write("00:00:10", f"s{number}", "error", 5)
        home.alert(saved_search_id=home.search("SeverityText:error").id, group_by="ServiceName")
        home.at("00:01:00")
        lease = home.metadata.leases.take("alerts", "early", 60_000)
        assert lease is not None
        home.engine.round(lease)
        home.metadata.leases.give_back(lease)
        process("quick")
        until(lambda: len(there.received) == 6, 15)


def test_a_stop_does_not_wait_for_a_receiver_that_hangs(home: House, process: Callable[[str], AlertWatch]) -> None:
    with receiver() as hanging:
        hanging.answers = [Answer(after_s=4)]
        hook = Webhook(home.ids.object_id(), home.team_id, "slow", "generic", hanging.url)
        home.webhook = home.metadata.webhooks.insert(hook, SYSTEM, None)
        watch = process("stopping")
        silent(home)
        until(lambda: len(hanging.received) == 1)
        began_s = time.monotonic()
        watch.close(1)
        assert time.monotonic() - began_s < 3
        assert home.metadata.leases.take("alerts", "next", 1_000) is not None


def test_sigterm_while_a_receiver_hangs(tmp_path: Path) -> None:
    """The whole program stops within five seconds, and sends again after its next start."""
    with receiver() as hanging:
        hanging.answers = [Answer(after_s=30)]
        data_dir = tmp_path / "data"
        options = ("--self-telemetry", "false", "--webhook-allowed-hosts", "127.0.0.1", "--alert-delay-s", "0")
        with serve(data_dir, *options) as server:
            cookie = sign_up(server)
            source = call("GET", f"{server.api_url}/sources", cookie=cookie)[2][0]["id"]
            search = {"name": "S", "select": "", "where": "", "whereLanguage": "lucene", "source": source, "tags": []}
            saved = call("POST", f"{server.api_url}/saved-search", search, cookie=cookie)[2]["id"]
            hook = {"name": "H", "service": "generic", "url": hanging.url}
            webhook = call("POST", f"{server.api_url}/webhooks", hook, cookie=cookie)[2]["data"]["_id"]
            alert = {
                "savedSearchId": saved,
                "interval": "1m",
                "threshold": 1,
                "thresholdType": "below",
                "channel": {"type": "webhook", "webhookId": webhook},
            }
            assert call("POST", f"{server.api_url}/alerts", alert, cookie=cookie)[0] == 200
            until(lambda: len(hanging.received) == 1, 40)
            metrics = call("GET", f"{server.api_url}/metrics")[2]
            for line in ("clickstack_alerts_leading 1", 'clickstack_alerts_windows_total{state="alert"} 1'):
                assert line in str(metrics)
            began_s = time.monotonic()
            server.process.terminate()
            server.process.wait(10)
            assert time.monotonic() - began_s < 5
        with serve(data_dir, *options):
            until(lambda: len(hanging.received) == 2, 40)
