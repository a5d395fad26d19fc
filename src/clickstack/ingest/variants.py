"""OTLP message types with a difference, made of the official ones.

Scalar types know no arrays and maps inside values. Parsing with them, in C, tells whether a request holds anything the
loader's SQL cannot read: nested values are unknown fields there, and dropping unknown fields shortens the message
(design: ingest, step 2). The counts and bounds of a histogram, which protobuf packs into one field of eight bytes each,
are that field as it is: one object for each list instead of one for each number. Numbers that are not packed, or come
in several fields, shorten the message as well. Binary types hold text as bytes: they read what some senders write, text
that is not UTF-8. Opaque types hold values as bytes, too: so they read values that are deeper than the library reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor, FileDescriptor

from .signals import SIGNALS, SignalName

_NESTED = {"array_value", "kvlist_value"}
_PACKED = {"bucket_counts", "explicit_bounds"}
_Change = Callable[[descriptor_pb2.DescriptorProto], None]


def scalar_type(signal: SignalName) -> type[Any]:
    """The request type of a signal with scalar values only, and the numbers of histograms packed."""
    return _changed(signal, _simpler)


def binary_type(signal: SignalName) -> type[Any]:
    """The request type of a signal with text as bytes."""
    return _changed(signal, _without_text)


def opaque_type(signal: SignalName) -> type[Any]:
    """The request type of a signal with text and values (AnyValue) as bytes."""
    return _changed(signal, _without_values)


def mend_text(message: Any, original: Any) -> None:
    """Make all text of a binary message UTF-8, in place; `original` is the official descriptor of its type."""
    for field, value in message.ListFields():
        official: FieldDescriptor = original.fields_by_name[field.name]
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for each in value if field.is_repeated else (value,):
                mend_text(each, official.message_type)
        elif official.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
            setattr(message, field.name, value.decode(errors="replace").encode())
        elif official.type == FieldDescriptor.TYPE_STRING:
            value[:] = [each.decode(errors="replace").encode() for each in value]


def _simpler(message: descriptor_pb2.DescriptorProto) -> None:
    if message.name == "AnyValue":
        kept = [field for field in message.field if field.name not in _NESTED]
        del message.field[:]
        message.field.extend(kept)
    elif message.name == "HistogramDataPoint":
        for field in message.field:
            if field.name in _PACKED:
                field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
                field.label = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL


def _without_text(message: descriptor_pb2.DescriptorProto) -> None:
    for field in message.field:
        if field.type == FieldDescriptor.TYPE_STRING:
            field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
    for nested in message.nested_type:
        _without_text(nested)


def _without_values(message: descriptor_pb2.DescriptorProto) -> None:
    _without_text(message)
    for field in message.field:
        if field.type_name.endswith(".AnyValue"):
            field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
            field.ClearField("type_name")


def _changed(signal: SignalName, change: _Change) -> type[Any]:
    descriptor = SIGNALS[signal].request.DESCRIPTOR
    pool = descriptor_pool.DescriptorPool()
    _add(pool, descriptor.file, change, set())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(descriptor.full_name))


def _add(pool: descriptor_pool.DescriptorPool, file: FileDescriptor, change: _Change, added: set[str]) -> None:
    if file.name in added:
        return
    added.add(file.name)
    for dependency in file.dependencies:
        _add(pool, dependency, change, added)
    copy = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(copy)
    for message in copy.message_type:
        change(message)
    pool.Add(copy)
