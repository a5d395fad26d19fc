"""MessagePack, as far as the Forward protocol needs it, with bounds: nothing a sender declares is believed before its
bytes are there.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clickstack.core.errors import BadRequest, TooLarge
from clickstack.core.limits import FLUENT_MESSAGE_BYTES_MAX, FLUENT_NESTING_MAX, FLUENT_RECORD_VALUES_MAX


@dataclass(frozen=True, slots=True)
class Extension:
    """A value of an application's own type."""

    type: int
    data: bytes


@dataclass(frozen=True, slots=True)
class _Head:
    """What the first byte of a value says: `size` bytes follow (for containers: that many items), unless the size
    itself follows in `size_bytes` bytes. An extension has one more byte, its type.
    """

    kind: str
    size: int = 0
    size_bytes: int = 0


_UNPACK: dict[str, struct.Struct] = {
    name: struct.Struct(">" + code)
    for name, code in {
        "uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q",
        "int8": "b", "int16": "h", "int32": "i", "int64": "q",
        "float32": "f", "float64": "d",
    }.items()
}  # fmt: skip
_SIZES = {1: _UNPACK["uint8"], 2: _UNPACK["uint16"], 4: _UNPACK["uint32"]}


def _heads() -> list[_Head | None]:
    heads: list[_Head | None] = [None] * 256
    for byte in range(0x80):
        heads[byte] = heads[0xFF - byte] = _Head("small")  # the negative ones are overwritten from 0xdf down
    for low in range(16):
        heads[0x80 + low] = _Head("map", low)
        heads[0x90 + low] = _Head("array", low)
    for low in range(32):
        heads[0xA0 + low] = _Head("str", low)
    for byte in range(0xC0, 0xE0):
        heads[byte] = None
    for byte in (0xC0, 0xC2, 0xC3):
        heads[byte] = _Head("constant")
    for index, size_bytes in enumerate((1, 2, 4)):
        heads[0xC4 + index] = _Head("bin", 0, size_bytes)
        heads[0xC7 + index] = _Head("ext", 0, size_bytes)
        heads[0xD9 + index] = _Head("str", 0, size_bytes)
    for index, size_bytes in enumerate((2, 4)):
        heads[0xDC + index] = _Head("array", 0, size_bytes)
        heads[0xDE + index] = _Head("map", 0, size_bytes)
    for index in range(5):
        heads[0xD4 + index] = _Head("ext", 1 << index)
    for first, kinds in ((0xCA, ("float32", "float64")), (0xCC, ("uint8", "uint16", "uint32", "uint64")),
                         (0xD0, ("int8", "int16", "int32", "int64"))):  # fmt: skip
        for index, kind in enumerate(kinds):
            heads[first + index] = _Head(kind, _UNPACK[kind].size)
    return heads


_HEADS = _heads()
_SHORT_TEXT = 0xA0
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


class MessageBuffer:
    """Bytes as they arrive, cut into whole messages without reading a byte twice."""

    def __init__(self, bytes_max: int = FLUENT_MESSAGE_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._data = bytearray()
        self._position = 0  # of the next head
        self._missing = 1  # values until the message is whole

    def __len__(self) -> int:
        return len(self._data)

    def feed(self, data: bytes) -> None:
        self._data += data

    def next(self) -> bytes | None:
        """The next whole message, or None. Raises BadRequest, TooLarge."""
        data, available = self._data, len(self._data)
        position, missing = self._position, self._missing
        while missing and position < available:
            head = _HEADS[data[position]]
            if head is None:
                raise BadRequest("Not MessagePack.")
            start = position + 1 + head.size_bytes
            if start > available:
                break
            size = head.size
            if head.size_bytes:
                size = _SIZES[head.size_bytes].unpack_from(data, position + 1)[0]
            missing -= 1
            if head.kind == "map":
                missing += 2 * size
            elif head.kind == "array":
                missing += size
            else:
                start += size + (head.kind == "ext")
            position = start
            if position + missing > self._bytes_max:
                raise TooLarge(f"A message is larger than {self._bytes_max} bytes. Send smaller chunks.")
        self._position, self._missing = position, missing
        if missing or position > available:
            return None
        message = bytes(memoryview(data)[:position])
        self._data = data[position:]
        self._position, self._missing = 0, 1
        return message


class Reader:
    """Values out of bytes, one after the other. Every method raises BadRequest when what it wants is not there."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._values = 0

    @property
    def at_end(self) -> bool:
        return self._position >= len(self._data)

    def peek(self) -> str:
        """The kind of the next value: str, bin, map, array, ext, constant, small, or the name of a number's type."""
        head = _HEADS[self._data[self._position]] if not self.at_end else None
        if head is None:
            raise BadRequest("Not MessagePack, or cut short.")
        return head.kind

    def array(self) -> int:
        """The number of items of an array, which are read next."""
        kind, size = self._head()
        if kind != "array":
            raise BadRequest("A list was expected.")
        return size

    def raw(self) -> bytes:
        """The bytes of a str or bin: old senders know no difference."""
        kind, size = self._head()
        if kind not in ("str", "bin"):
            raise BadRequest("Text was expected.")
        return self._take(size)

    def text(self) -> str:
        return self.raw().decode(errors="replace")

    def record_value(self) -> Any:
        """Any value: None, bool, int, float, str, bytes, list, dict with text keys, Extension. Text that is not UTF-8
        gets U+FFFD. At most FLUENT_RECORD_VALUES_MAX values, FLUENT_NESTING_MAX deep.
        """
        self._values = 0
        return self._value(0)

    def _value(self, depth: int) -> Any:
        self._values += 1
        if self._values > FLUENT_RECORD_VALUES_MAX:
            raise BadRequest(f"A record has more than {FLUENT_RECORD_VALUES_MAX} values.")
        position = self._position
        byte = self._data[position] if position < len(self._data) else 0
        if _SHORT_TEXT <= byte < _SHORT_TEXT + 32:  # most values by far
            self._position = position + 1
            return self._take(byte - _SHORT_TEXT).decode(errors="replace")
        kind, size = self._head()
        if kind == "str":
            return self._take(size).decode(errors="replace")
        if kind == "small":
            byte = self._data[position]
            return byte if byte < 0x80 else byte - 0x100
        if kind == "constant":
            return _CONSTANTS[self._data[position]]
        if kind in _UNPACK:
            return _UNPACK[kind].unpack(self._take(size))[0]
        return _COMPOUNDS[kind](self, size, depth + 1)

    def _map(self, size: int, depth: int) -> dict[str, Any]:
        self._bound(depth)
        return {_key(self._value(depth)): self._value(depth) for _ in range(size)}

    def _list(self, size: int, depth: int) -> list[Any]:
        self._bound(depth)
        return [self._value(depth) for _ in range(size)]

    def _binary(self, size: int, _depth: int) -> bytes:
        return self._take(size)

    def _extension(self, size: int, _depth: int) -> Extension:
        type_byte = self._take(1)[0]
        return Extension(type_byte, self._take(size))

    def _bound(self, depth: int) -> None:
        if depth > FLUENT_NESTING_MAX:
            raise BadRequest(f"Values are nested deeper than {FLUENT_NESTING_MAX}.")

    def _head(self) -> tuple[str, int]:
        position = self._position
        head = _HEADS[self._data[position]] if position < len(self._data) else None
        if head is None:
            raise BadRequest("Not MessagePack, or cut short.")
        self._position = position + 1
        if head.size_bytes:
            return head.kind, int(_SIZES[head.size_bytes].unpack(self._take(head.size_bytes))[0])
        return head.kind, head.size

    def _take(self, count: int) -> bytes:
        start = self._position
        end = start + count
        if end > len(self._data):
            raise BadRequest("Not MessagePack, or cut short.")
        self._position = end
        return self._data[start:end]


_COMPOUNDS: dict[str, Callable[[Reader, int, int], Any]] = {
    "map": Reader._map,
    "array": Reader._list,
    "bin": Reader._binary,
    "ext": Reader._extension,
}


def _key(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if value is None or isinstance(value, (bool, int, float)):
        return str(value)
    raise BadRequest("A map's key must be text.")


def pack(value: str | bytes | bool | list[Any] | dict[str, Any]) -> bytes:
    """The little that a server says: text, bytes, true and false, lists and maps."""
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, str):
        data = value.encode()
        return b"\xdb" + struct.pack(">I", len(data)) + data
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    pairs = b"".join(pack(key) + pack(each) for key, each in value.items())
    return b"\xdf" + struct.pack(">I", len(value)) + pairs
