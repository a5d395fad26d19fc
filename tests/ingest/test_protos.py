"""The loader's own .proto texts say what OTLP says, field by field."""

from __future__ import annotations

import re
from importlib import resources

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from clickstack.ingest.signals import SIGNAL_NAMES, SIGNALS, SignalName

MESSAGE = re.compile(r"^message (\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^\s*(repeated )?(\w+) (\w+) = (\d+);$", re.MULTILINE)
OURS = {"received_unix_nano"}  # what the spool adds
SCALARS = {
    "string": {FieldDescriptor.TYPE_STRING},
    "bytes": {FieldDescriptor.TYPE_BYTES},
    "bool": {FieldDescriptor.TYPE_BOOL},
    "double": {FieldDescriptor.TYPE_DOUBLE},
    "int32": {FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_ENUM},
    "int64": {FieldDescriptor.TYPE_INT64},
    "uint32": {FieldDescriptor.TYPE_UINT32},
    "uint64": {FieldDescriptor.TYPE_UINT64},
    "sint32": {FieldDescriptor.TYPE_SINT32},
    "fixed32": {FieldDescriptor.TYPE_FIXED32},
    "fixed64": {FieldDescriptor.TYPE_FIXED64},
    "sfixed64": {FieldDescriptor.TYPE_SFIXED64},
}


def text(signal: SignalName) -> str:
    folder = resources.files("clickstack.ingest").joinpath("sql")
    return folder.joinpath("common.proto").read_text() + folder.joinpath(f"{signal}.proto").read_text()


@pytest.mark.parametrize("signal", SIGNAL_NAMES)
def test_numbers_and_types_are_those_of_otlp(signal: SignalName) -> None:
    messages = {name: FIELD.findall(body) for name, body in MESSAGE.findall(text(signal))}
    seen: set[str] = set()

    def compare(name: str, official: Descriptor) -> None:
        if name in seen:
            return
        seen.add(name)
        for repeated, kind, field_name, number in messages[name]:
            if field_name in OURS:
                continue
            field = official.fields_by_name[field_name]
            assert field.number == int(number), f"{name}.{field_name}"
            assert field.is_repeated == bool(repeated), f"{name}.{field_name}"
            if kind in SCALARS:
                assert field.type in SCALARS[kind], f"{name}.{field_name}"
            else:
                compare(kind, field.message_type)

    compare("Request", SIGNALS[signal].request.DESCRIPTOR)
    assert seen == set(messages)
