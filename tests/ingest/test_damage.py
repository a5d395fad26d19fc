"""Whatever passes the check is loaded: the engine's reader takes all that the C library writes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from clickstack.core.errors import BadRequest
from clickstack.ingest import Ingest
from clickstack.ingest.signals import SIGNAL_NAMES, SIGNALS, SignalName

REQUESTS_PER_SIGNAL = 400
TEXTS = ["", "x", "é\0\n", '{"a":[1,{"b":null}]}', "{{", '{"a":' * 50, "[" * 60, "error", "nan", "{}"]
RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_ENUM: (0, 300),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}


@pytest.mark.parametrize("signal", SIGNAL_NAMES)
def test_random_and_damaged_requests_are_loaded_whole(signal: SignalName, ingest: Ingest, tmp_path: Path) -> None:
    chance = random.Random(11)
    accepted = 0
    for _ in range(REQUESTS_PER_SIGNAL):
        request = SIGNALS[signal].request()
        fill(request, chance, depth=0)
        body = bytearray(request.SerializeToString())
        for _ in range(chance.choice([0, 0, 1, 3])):
            if body:
                body[chance.randrange(len(body))] = chance.randrange(256)
        try:
            accepted += ingest.accept(signal, bytes(body), wait=False).records
        except BadRequest:
            continue
    assert ingest.flush(60)
    counters = ingest.counters()[signal]
    assert (counters.loaded, counters.dead, counters.failed_loads) == (accepted, 0, 0)
    assert accepted > 100
    assert not (tmp_path / "dead-letters").exists()


def fill(message: object, chance: random.Random, depth: int) -> None:
    """Random fields, extreme values among them."""
    for field in message.DESCRIPTOR.fields:  # type: ignore[attr-defined]
        if chance.random() < 0.25 and depth > 2:
            continue
        if field.type == field.TYPE_MESSAGE:
            if depth > 9 or (field.message_type is AnyValue.DESCRIPTOR and depth > 7):
                continue
            if field.is_repeated:
                for _ in range(chance.choice([0, 1, 1, 2])):
                    fill(getattr(message, field.name).add(), chance, depth + 1)
            elif field.containing_oneof is None or chance.random() < 0.4:
                getattr(message, field.name).SetInParent()
                fill(getattr(message, field.name), chance, depth + 1)
        elif field.is_repeated:
            getattr(message, field.name).extend(scalar(field, chance) for _ in range(chance.randrange(3)))
        else:
            setattr(message, field.name, scalar(field, chance))


def scalar(field: object, chance: random.Random) -> object:
    kind = field.cpp_type  # type: ignore[attr-defined]
    if field.type == field.TYPE_BYTES:  # type: ignore[attr-defined]
        return chance.randbytes(chance.choice([0, 3, 8, 16, 40]))
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return chance.choice(TEXTS)
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return chance.random() < 0.5
    if kind in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return chance.choice([0.0, -0.0, 1.5, 1e300, -1e-300, float("nan"), float("inf")])
    low, high = RANGES[kind]
    return chance.choice([0, 1, 9, low, high, 1_767_225_600_000_000_000 if high > 2**60 else 2])
