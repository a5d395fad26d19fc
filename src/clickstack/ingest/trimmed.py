"""OTLP message types whose `AnyValue` knows only scalars.

Parsing with them, in C, tells whether a request holds anything the loader's SQL cannot read: arrays and maps inside
values are unknown fields here, and dropping unknown fields shortens the message (design: ingest, step 2).
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FileDescriptor

from .signals import SIGNALS, SignalName

_NESTED = {"array_value", "kvlist_value"}


def trimmed_type(signal: SignalName) -> type[Any]:
    """The request type of a signal with scalar values only."""
    descriptor = SIGNALS[signal].request.DESCRIPTOR
    pool = descriptor_pool.DescriptorPool()
    _add(pool, descriptor.file, set())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(descriptor.full_name))


def _add(pool: descriptor_pool.DescriptorPool, file: FileDescriptor, added: set[str]) -> None:
    if file.name in added:
        return
    added.add(file.name)
    for dependency in file.dependencies:
        _add(pool, dependency, added)
    copy = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(copy)
    for message in copy.message_type:
        if message.name == "AnyValue":
            kept = [field for field in message.field if field.name not in _NESTED]
            del message.field[:]
            message.field.extend(kept)
    pool.Add(copy)
