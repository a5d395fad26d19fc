"""A fuzzer that reads descriptions: ours and the published one, against a running server.

It sends what the description allows and what it forbids, follows one reply into the next request, and compares every
reply with what was promised. No 500, no reply that breaks its schema.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clickstack.api.description.operation import (
    CONNECTION_ID,
    DASHBOARD_ID,
    SAVED_SEARCH_ID,
    SOURCE_ID,
    TILE_ID,
    WEBHOOK_ID,
)
from published import published_document
from stocked import Stocked, stocked_server

pytestmark = pytest.mark.slow

# phases, requests per operation, and the most seconds they may take on a slow machine
OURS = (("coverage,fuzzing", 3, 14), ("stateful", 6, 6))
PUBLISHED = (("coverage,fuzzing", 3, 8), ("stateful", 6, 5))
CHECKS_LEFT_OUT = {
    "positive_data_acceptance": "no schema can say that an id must exist or a text be a query",
    "unsupported_method": "it wants a 405; we answer 404 with Allow, as docs/compatibility.md says",
}
# A link fills in ids beyond those of REAL_IDS, which are good too, in what is sent and in what comes back.
LEFT_OUT_OF_STORIES = "negative_data_rejection,response_schema_conformance"
# Ids that a body refers to: with any others, hardly a request would get past the checks of references.
REAL_IDS = {
    "sourceId": SOURCE_ID,
    "connection": CONNECTION_ID,
    "connectionId": CONNECTION_ID,
    "dashboardId": DASHBOARD_ID,
    "tileId": TILE_ID,
    "savedSearchId": SAVED_SEARCH_ID,
    "webhookId": WEBHOOK_ID,
}
TAKES_THE_WRONG = {
    "POST /api/v2/dashboards/validate": "it answers 200 to a wrong dashboard: saying what is wrong is what it is for",
    **dict.fromkeys(
        ("GET /api/v2/alerts", "GET /api/v2/saved-searches", "GET /api/v2/webhooks"), "offset= is 0, as Number() has it"
    ),
}
# What says no to a wrong request.
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "415", "422", "428", "429", "5xx"]
# What the published description does not list, for any operation, though every server answers it.
UNLISTED = ("400", "401", "403", "404", "409", "412", "413", "422", "429")


@pytest.fixture  # for each description its own: the published one does not know all that ours lets one make
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    with stocked_server(tmp_path_factory.mktemp("fuzzed") / "data") as server:
        yield server


def test_our_own_description_holds(stocked: Stocked, tmp_path: Path) -> None:
    document = stocked.call("GET", "/openapi.json")[2]
    fuzz(stocked, with_real_ids(document, stocked), tmp_path, OURS)


def test_the_published_description_holds(stocked: Stocked, tmp_path: Path) -> None:
    document = published_document()
    for item in document["paths"].values():
        for operation in item.values():
            for status in UNLISTED:
                operation["responses"].setdefault(status, {"description": "Refused."})
    # It asks for RFC 3339, but the published server counts "" as left out, and so do we.
    for name in ("startTime", "endTime"):
        del document["components"]["schemas"]["SearchRequest"]["properties"][name]["format"]
    fuzz(stocked, with_real_ids(document, stocked), tmp_path, PUBLISHED)


def fuzz(stocked: Stocked, document: Any, directory: Path, runs: tuple[tuple[str, int, int], ...]) -> None:
    (directory / "openapi.json").write_text(json.dumps(document))
    (directory / "schemathesis.toml").write_text(
        # If-Match is read before the body.
        f"[checks.negative_data_rejection]\nexpected-statuses = {REFUSED}\n"
        + "".join(
            f'[[operations]]\ninclude-name = "{name}"\nchecks.negative_data_rejection.enabled = false\n'
            for name in TAKES_THE_WRONG
        )
    )
    for phases, requests, seconds in runs:
        left_out = [*CHECKS_LEFT_OUT, *([LEFT_OUT_OF_STORIES] if phases == "stateful" else [])]
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run", "openapi.json"),
            *("--url", stocked.server.api_url, "--header", f"Authorization: Bearer {stocked.key}"),
            *("--phases", phases, "--max-examples", str(requests), "--max-time", str(seconds), "--seed", "1"),
            *("--no-shrink", "--continue-on-failure", "--exclude-checks", ",".join(left_out)),
        ]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=90, check=False)
        told = "\n".join(line[:400] for line in done.stdout.splitlines()[-200:])
        assert done.returncode == 0, told + done.stderr[-2000:]
    assert "request failed" not in stocked.log(), "the server masked a fault of its own"


def with_real_ids(node: Any, stocked: Stocked) -> Any:
    """The description with the ids of what the server holds as the only ones a body may name."""
    if isinstance(node, list):
        return [with_real_ids(each, stocked) for each in node]
    if not isinstance(node, dict):
        return node
    changed = {key: with_real_ids(value, stocked) for key, value in node.items()}
    for field, example in REAL_IDS.items():
        properties = changed.get("properties", {})
        if isinstance(properties, dict) and properties.get(field, {}).get("type") == "string":
            properties[field] = {"type": "string", "enum": [stocked.ids[example]]}
    return changed
