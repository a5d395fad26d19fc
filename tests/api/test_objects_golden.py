"""Requests and replies of saved searches, webhooks, alerts, sources and connections, as text (tests/golden/objects).

A line is a request: method, path below /api/v2, body; `=> $name` names the id it made. The reply stands behind it.
Ids with a name are shown by it, others as `…`.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import httpx
import pytest

from clickstack.core.clock import FixedClock

CASES = sorted((Path(__file__).parent.parent / "golden" / "objects").glob("*.txt"))
_REQUEST = re.compile(r"(GET|POST|PUT|DELETE) (\S+)(?: (\{.*?\}))?(?: => \$(\w+))?")
_ID = re.compile(r"\b[0-9a-f]{24}\b")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden_requests(v2: httpx.Client, path: Path, clock: FixedClock) -> None:
    clock.advance(1)  # what is made here is younger than what the team began with
    sources = {each["name"].lower(): each for each in v2.get("/api/v2/sources").json()["data"]}
    names = {name: str(source["id"]) for name, source in sources.items()}
    names["connection"] = str(sources["logs"]["connection"])
    lines: list[str] = []
    for line in path.read_text().splitlines():
        if line.startswith(("#", " ")) or not line:
            lines += [] if line.startswith(" ") else [line]
            continue
        lines += [line, *answered(v2, line, names)]
    text = "\n".join(lines) + "\n"
    if os.environ.get("GOLDEN_UPDATE"):
        path.write_text(text)
    assert path.read_text() == text


def answered(v2: httpx.Client, line: str, names: dict[str, str]) -> list[str]:
    request = _REQUEST.fullmatch(line)
    assert request, line
    method, address, body, name = request.groups()
    headers = {"Content-Type": "application/json"} if body else {}
    reply = v2.request(
        method, "/api/v2" + filled(address, names), content=filled(body or "", names) or None, headers=headers
    )
    if name:
        names[name] = reply.json()["data"]["id"]
    shown = json.dumps(reply.json(), ensure_ascii=False)
    for known, made_id in names.items():
        shown = shown.replace(made_id, f"${known}")
    return [f"    {reply.status_code} {_ID.sub('…', shown)}"]


def filled(text: str, names: dict[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda match: names[match[1]], text)
