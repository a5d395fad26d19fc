"""Prometheus, Loki and Fluent in, rows out: every `tests/golden/protocols/*.case`, as `test_golden` but for the input:

    --- remote_write       a prometheus.WriteRequest as protobuf writes it in JSON; "stale" is the staleness marker
    --- loki               a push in JSON
    --- fluent             a message; {"$time": [seconds, nanoseconds]} is an EventTime, {"$bytes": hex} are bytes

Several inputs in a case are read one after the other, by one receiver.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

from clickstack.ingest import Ingest, SignalName
from clickstack.ingest.fluent_events import read_message
from clickstack.ingest.http_door import JSON, PROTOBUF
from clickstack.ingest.loki import loki_door
from clickstack.ingest.remote_write import WriteRequest, remote_write_door
from clickstack.store import Store
from ingest.fluent_sender import event_time, packed
from ingest.prometheus import STALE
from ingest.test_golden import Section, parse, rows

CASES = sorted((Path(__file__).parent.parent / "golden" / "protocols").glob("*.case"))
Read = Callable[[str], bytes]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_rows_of_other_protocols(path: Path, ingest: Ingest, store: Store) -> None:
    comment, sections = parse(path.read_text())
    read = readers()
    for section in sections:
        if section.title in read:
            signal, of_text = read[section.title]
            ingest.accept(signal, of_text(section.text))
    assert ingest.flush(20)
    seen = [
        Section(each.title, rows(store, each.title)) if each.title.startswith("rows ") else each for each in sections
    ]
    if os.environ.get("GOLDEN_UPDATE"):
        path.write_text(comment + "".join(f"--- {each.title}\n{each.text}" for each in seen))
    for expected, found in zip(sections, seen, strict=True):
        assert found.text == expected.text, found.title


def readers() -> dict[str, tuple[SignalName, Read]]:
    remote_write = remote_write_door().forms[PROTOBUF]
    loki = loki_door().forms[JSON]
    return {
        "remote_write": ("metrics", lambda text: remote_write.read(write_request(json.loads(text))).body),
        "loki": ("logs", lambda text: loki.read(text.encode()).body),
        "fluent": ("logs", lambda text: read_message(packed(message(json.loads(text)))).body),
    }


def write_request(document: Any) -> bytes:
    text = json.dumps(document).replace('"stale"', "-1.25")
    data: bytes = json_format.Parse(text, WriteRequest()).SerializeToString()
    return data.replace(packed(-1.25)[1:][::-1], STALE)


def message(value: Any) -> Any:
    if isinstance(value, list):
        return [message(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "$time" in value:
        return event_time(*value["$time"])
    if "$bytes" in value:
        return bytes.fromhex(value["$bytes"])
    return {key: message(each) for key, each in value.items()}
