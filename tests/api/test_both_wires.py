"""Two programs write at once, one over each wire: nothing breaks, nothing is lost, everything is written down."""

from __future__ import annotations

import dataclasses
import random
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.managed import UNLIMITED, new_key, service_path

STEPS = 60
WAIT_S = 60
Wire = dict[str, Any]


@dataclasses.dataclass
class Program:
    """Makes, changes, reads and deletes what is its own, in random order, and counts up a dashboard both share."""

    client: httpx.Client
    base: str
    under: str
    bodies: dict[str, Callable[[str], Wire]]
    shared: str
    dice: random.Random
    own: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)  # noun → id → name
    written: list[str] = dataclasses.field(default_factory=list)  # ids of requests that changed something
    counted: int = 0
    faults: list[str] = dataclasses.field(default_factory=list)

    def ask(
        self, method: str, path: str, body: Wire | None = None, *, fine: tuple[int, ...] = (), **headers: str
    ) -> Any:
        reply = self.client.request(method, self.base + path, json=body, headers=headers)
        if reply.status_code == 200:
            if method != "GET":
                self.written.append(reply.headers["x-request-id"])
            return reply
        if reply.status_code not in fine:
            self.faults.append(f"{method} {path}: {reply.status_code} {reply.text[:200]}")
        return None

    def run(self, start: threading.Barrier) -> None:
        start.wait()
        for step in range(STEPS):
            self.dice.choice([self.make, self.make, self.change, self.see, self.count, self.drop])(f"{step}")

    def pick(self) -> tuple[str, str]:
        noun = self.dice.choice(sorted(self.bodies))
        if not self.own.get(noun):
            self.make("first", noun)
        return noun, self.dice.choice(sorted(self.own[noun]))

    def make(self, step: str, noun: str = "") -> None:
        noun = noun or self.dice.choice(sorted(self.bodies))
        body = self.bodies[noun](f"{self.under} {noun} {step}")
        if made := self.ask("POST", f"/{noun}", body):
            self.own.setdefault(noun, {})[made.json()[self.under]["id"]] = body["name"]

    def change(self, step: str) -> None:
        noun, object_id = self.pick()
        body = self.bodies[noun](f"{self.under} {noun} changed {step}")
        if self.ask("PUT", f"/{noun}/{object_id}", body):
            self.own[noun][object_id] = body["name"]

    def see(self, _step: str) -> None:
        noun, _ = self.pick()
        listed = {each["id"]: each["name"] for each in self.ask("GET", f"/{noun}").json()[self.under]}
        if missing := {each: name for each, name in self.own[noun].items() if listed.get(each) != name}:
            self.faults.append(f"the list of {noun} does not show {missing}")

    def drop(self, _step: str) -> None:
        noun, object_id = self.pick()
        if self.ask("DELETE", f"/{noun}/{object_id}"):
            del self.own[noun][object_id]

    def count(self, _step: str) -> None:
        """Read, add one, write what was read; from the start where somebody was faster."""
        for _ in range(50):
            seen = self.ask("GET", f"/dashboards/{self.shared}")
            body = {"name": str(int(seen.json()[self.under]["name"]) + 1), "tiles": []}
            tag = {"If-Match": seen.headers["etag"]}
            if self.ask("PUT", f"/dashboards/{self.shared}", body, fine=(412,), **tag):
                self.counted += 1
                return
        self.faults.append("never got to count")


@pytest.fixture
def programs(person: httpx.Client, v2: httpx.Client, connect: Any) -> list[Program]:
    sources = v2.get("/api/v2/sources").json()["data"]
    source = next(each for each in sources if each["kind"] == "log")
    bodies: dict[str, Callable[[str], Wire]] = {
        "dashboards": lambda name: {"name": name, "tiles": []},
        "roles": lambda name: {"name": name, "permissions": []},
        "saved-searches": lambda name: {"name": name, "sourceId": source["id"]},
        "sources": lambda name: {**source, "name": name},
        "webhooks": lambda name: {"name": name, "service": "generic", "url": "https://93.184.216.34/x"},
    }
    shared = v2.post("/api/v2/dashboards", json={"name": "0", "tiles": []}).json()["data"]["id"]
    one: httpx.Client = connect(api_requests_per_minute=UNLIMITED)
    one.headers["Authorization"] = v2.headers["Authorization"]
    two: httpx.Client = connect(managed_api_requests_per_10s=UNLIMITED)
    two.auth = new_key(person)
    programs = [
        Program(one, "/api/v2", "data", bodies, shared, random.Random(1)),
        Program(two, service_path(person), "result", bodies, shared, random.Random(2)),
    ]
    for each in programs:
        # FastAPI makes routes when it first looks for one, with pydantic's warnings silenced: two apps in one process
        # must not do that at the same moment, for here a warning is an error. A path that is none has all of them made.
        assert each.client.get(f"{each.base}/no-such-thing").status_code == 404
    return programs


def test_two_programs_at_once(programs: list[Program], person: httpx.Client, v2: httpx.Client) -> None:
    start = threading.Barrier(len(programs), timeout=WAIT_S)
    threads = [threading.Thread(target=each.run, args=(start,), daemon=True) for each in programs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=WAIT_S)
        assert not thread.is_alive()
    assert [each.faults for each in programs] == [[], []]
    counted = v2.get(f"/api/v2/dashboards/{programs[0].shared}").json()["data"]["name"]
    assert int(counted) == sum(each.counted for each in programs) > 0
    entries, before = [], ""
    while before is not None:
        page = person.get(f"/team/audit?limit=200{before and f'&before={before}'}").json()
        entries, before = entries + page["data"], page["nextBefore"]
    noted = {each["requestId"] for each in entries}
    assert {request for each in programs for request in each.written} <= noted
