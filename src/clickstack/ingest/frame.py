"""How one request lies in a segment: a length-delimited protobuf message that carries its own checksum.

    varint length │ the request's fields │ received_unix_nano (1000) │ kinds (1001) │ records (1002) │ checksum (1003)
                  └─────────────────────── covered by the checksum ──────────────────────────────┘

A request is extended by appending fields to it, which protobuf allows; so a segment is exactly what ClickHouse's
`Protobuf` format reads, and needs no file beside it to find a torn tail. The checksum is CRC-32 seeded with the
segment's id: bytes of an older file in recycled disk blocks never pass for a frame of this one.
"""

from __future__ import annotations

import itertools
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_TRAILER = struct.Struct("<HQHIHIHI")  # tag, value for each of the four fields
_FIXED64, _FIXED32 = 1, 5


def _tag(field: int, wire_type: int) -> int:
    """A two-byte tag as the little-endian integer that packs to it."""
    value = field << 3 | wire_type
    return (value & 0x7F | 0x80) | (value >> 7) << 8


_RECEIVED, _KINDS, _RECORDS, _CHECKSUM = (
    _tag(1000, _FIXED64),
    _tag(1001, _FIXED32),
    _tag(1002, _FIXED32),
    _tag(1003, _FIXED32),
)
_ANY_TRAILER = re.compile(
    b".{8}".join(re.escape(struct.pack("<H", tag)) for tag in (_RECEIVED, _KINDS))
    + b"".join(b".{4}" + re.escape(struct.pack("<H", tag)) for tag in (_RECORDS, _CHECKSUM))
    + b".{4}",
    re.DOTALL,
)
_UNCHECKED = struct.Struct("<HI").size  # the checksum field does not cover itself
_LENGTH_BYTES_MAX = 5


@dataclass(frozen=True, slots=True)
class Frame:
    """One request in a segment: bytes [start, end) of the file, its length prefix included."""

    start: int
    end: int
    kinds: int
    records: int


def seal(body: bytes, *, seed: int, received_ns: int, kinds: int, records: int) -> list[bytes]:
    """The pieces to write for a request, in order."""
    head = _TRAILER.pack(_RECEIVED, received_ns, _KINDS, kinds, _RECORDS, records, _CHECKSUM, 0)[:-_UNCHECKED]
    checksum = zlib.crc32(head, zlib.crc32(body, seed))
    return [_varint(len(body) + _TRAILER.size), body, head, struct.pack("<HI", _CHECKSUM, checksum)]


def frame_bytes(body_bytes: int) -> int:
    """The size of the frame around a body."""
    return len(_varint(body_bytes + _TRAILER.size)) + body_bytes + _TRAILER.size


def seed_of(segment_id: str) -> int:
    return zlib.crc32(segment_id.encode())


def scan(data: memoryview, seed: int, start: int = 0) -> Iterator[Frame]:
    """The whole, unharmed frames from `start` of a segment up to the first byte that is not one."""
    while start < len(data):
        prefix = _read_varint(data, start)
        if prefix is None:
            return
        length, message_start = prefix
        end = message_start + length
        if length < _TRAILER.size or end > len(data):
            return
        *tags_and_values, checksum = _TRAILER.unpack_from(data, end - _TRAILER.size)
        received, _, kinds_tag, kinds, records_tag, records, checksum_tag = tags_and_values
        if (received, kinds_tag, records_tag, checksum_tag) != (_RECEIVED, _KINDS, _RECORDS, _CHECKSUM):
            return
        if zlib.crc32(data[message_start : end - _UNCHECKED], seed) != checksum:
            return
        yield Frame(start, end, kinds, records)
        start = end


def resume(data: memoryview, start: int, seed: int) -> int | None:
    """Where whole frames go on behind a harmed one at `start`; None when none do, as behind a torn tail."""
    prefix = _read_varint(data, start)
    told = [prefix[1] + prefix[0]] if prefix else []
    for end in itertools.chain(told, (match.end() for match in _ANY_TRAILER.finditer(data, start))):
        if next(scan(data, seed, end), None):
            return end
    return None


def body_of(data: memoryview, frame: Frame) -> bytes:
    """The request as it was checked, without what the spool added."""
    prefix = _read_varint(data, frame.start)
    assert prefix is not None, "a scanned frame has a length"
    return bytes(data[prefix[1] : frame.end - _TRAILER.size])


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(data: memoryview, start: int) -> tuple[int, int] | None:
    """(value, position after it), or None when there is none of at most _LENGTH_BYTES_MAX bytes."""
    value = 0
    for index in range(start, min(start + _LENGTH_BYTES_MAX, len(data))):
        byte = data[index]
        value |= (byte & 0x7F) << 7 * (index - start)
        if byte < 0x80:
            return value, index + 1
    return None
