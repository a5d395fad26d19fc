"""The process dies between any two steps, and another goes on: no transition is lost, none happens twice."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from alerts.crash_child import MINUTES, expected_story
from alerts.house import SYSTEM, House, house, ms
from clickstack.core.alert import Alert
from clickstack.metadata import LostLease
from clickstack.metadata.db import Database
from clickstack.store import Store
from program import killed_after

KILLS = 2


class Died(BaseException):
    """Nobody catches it: as if the process were gone."""


@contextmanager
def dying_at(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[Callable[[], int]]:
    """The `at`-th statement or commit of the metadata database is the last thing that happens."""
    count = itertools.count(1)
    done = 0

    def step(*_: Any, **__: Any) -> None:
        nonlocal done
        done = next(count)
        if done == at:
            raise Died

    write, read = Database.write, Database.read

    @contextmanager
    def stepping(original: Callable[[Database], Any], database: Database) -> Iterator[Any]:
        step()  # before anything
        with original(database) as connection:
            execute = connection.execute

            def counted(*given: Any, **named: Any) -> Any:
                step()
                return execute(*given, **named)

            connection.execute = counted
            yield connection
            step()  # everything is said, nothing is committed
        step()  # it is committed, and nobody knows yet

    with monkeypatch.context() as patch:
        patch.setattr(Database, "write", lambda self: stepping(write, self))
        patch.setattr(Database, "read", lambda self: stepping(read, self))
        yield lambda: done


def fill(home: House, minute: int = 0) -> Alert:
    """Two services fail in this minute, one of them in the next."""
    for at, service in ((minute, "api"), (minute, "web"), (minute + 1, "web")):
        home.write(clock_text(at, 10), service, "error", 5)
    return home.alert(saved_search_id=home.search("SeverityText:error").id, group_by="ServiceName")


def clock_text(minute: int, second: int = 0) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}:{second:02d}"


def story(home: House, alert: Alert) -> tuple[list[str], list[tuple[str, str]]]:
    transitions = home.metadata.judgements.transitions(alert.id, 0, 2**60, 100)
    return home.messages(alert), [(each.group, each.state) for each in transitions]


def test_dying_at_any_step_of_any_round(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with house(tmp_path, store) as home:
        alert = fill(home)
        for minute in (1, 2, 3):
            home.round(clock_text(minute))
        calm = story(home, alert)
        assert [state for _, state in calm[1]] == ["ALERT", "ALERT", "OK", "OK"]
        for at in itertools.count(1):
            home.metadata.alerts.delete(home.team_id, alert.id, SYSTEM, None)
            begin = at * 4
            home.at(clock_text(begin))
            alert = fill(home, begin)
            rounds = [clock_text(begin + minute) for minute in (1, 2, 3)]
            with dying_at(monkeypatch, at) as done:
                try:
                    for moment in rounds:
                        home.round(moment)
                except Died:
                    pass
                steps = done()
            for moment in rounds:  # the next process finds the clock where it is
                if home.now_ms <= ms(moment):
                    home.round(moment)
            assert story(home, alert) == calm, f"died at step {at}"
            if steps < at:
                break
    assert steps > 20


def test_who_lost_the_lease_writes_nothing(tmp_path: Path, store: Store) -> None:
    with house(tmp_path, store) as home:
        alert = fill(home)
        late = home.lease
        home.metadata.leases.give_back(late)
        taken = home.metadata.leases.take("alerts", "another", 60_000)
        assert taken is not None
        assert taken.fence > late.fence
        home.at("00:01:00")
        with pytest.raises(LostLease):
            home.engine.round(late)
        assert story(home, alert) == ([], [])
        home.engine.round(taken)
        assert len(home.messages(alert)) == 2


def test_a_lease_is_for_one_and_passes_on_when_it_is_over(tmp_path: Path, store: Store) -> None:
    with house(tmp_path, store) as home:
        leases = home.metadata.leases
        first = leases.take("work", "a", 20_000)
        assert first is not None
        assert leases.take("work", "b", 20_000) is None
        assert leases.take("work", "a", 20_000) == first
        home.clock.advance(20.1)
        second = leases.take("work", "b", 20_000)
        assert second is not None
        assert (second.holder, second.fence) == ("b", first.fence + 1)
        assert leases.take("work", "a", 20_000) is None


def test_killed_again_and_again(tmp_path: Path, cycles: int) -> None:
    """Real processes, killed with SIGKILL at random moments, while an alert flaps every minute."""
    chance = random.Random(7)
    for cycle in range(max(1, cycles // 6)):
        directory = tmp_path / str(cycle)
        directory.mkdir()
        for _ in range(KILLS):
            run_child(directory, kill_after_rounds=chance.randint(1, MINUTES))
        assert run_child(directory)
        told = json.loads((directory / "story.json").read_text())
        assert told == expected_story(), f"cycle {cycle}"


def run_child(directory: Path, kill_after_rounds: int | None = None) -> bool:
    """Whether the child came to its end; otherwise it was killed after it had said so many rounds."""
    tests = Path(__file__).parent.parent
    child = subprocess.Popen(
        [sys.executable, "-m", "alerts.crash_child", str(directory)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tests)},
    )
    assert child.stdout is not None
    rounds = 0
    with killed_after(120, child):
        for line in child.stdout:
            rounds += line.startswith("round")
            if rounds == kill_after_rounds:
                child.send_signal(signal.SIGKILL)
                break
        child.stdout.close()
        return child.wait(120) == 0
