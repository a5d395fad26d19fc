"""What reading a request will cost, told from its bytes before it is read.

An empty protobuf message is two bytes on the wire and 128 in memory, an empty JSON object three and 72: a request of
64 MiB could so become gigabytes before the first limit is looked at. The counts below run in C, a millisecond a
megabyte, and only over what is large enough to matter; they may count some text as parts, never a part as text.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from clickstack.core.errors import TooLarge
from clickstack.core.limits import REQUEST_JSON_PARTS_MAX, REQUEST_JSON_VALUES_MAX, REQUEST_SMALL_PARTS_MAX

_COUNTED_BYTES = 256 * 1024  # smaller ones cannot become more than some megabytes
_LARGE_BYTES = 4 * 1024 * 1024

# A part of up to nine bytes is a tag of fields 1 to 15 with the wire type of messages and text, then its length.
_TAGS, _LENGTHS = bytes(range(0x0A, 0x80, 8)), bytes(range(10))
_CLASSES = bytes(ord("T") if byte in _TAGS else ord("L") if byte in _LENGTHS else ord(" ") for byte in range(256))

_turn = threading.Lock()


def require_few_parts(body: bytes) -> None:
    """Of a protobuf request. Raises TooLarge."""
    if len(body) > _COUNTED_BYTES and body.translate(_CLASSES).count(b"TL") > REQUEST_SMALL_PARTS_MAX:
        raise TooLarge(f"There are more than {REQUEST_SMALL_PARTS_MAX} small messages and texts. Send fewer at once.")


def require_few_json_parts(body: bytes) -> None:
    """Of a JSON request. Raises TooLarge."""
    if len(body) > _COUNTED_BYTES and body.count(b"{") + body.count(b"[") > REQUEST_JSON_PARTS_MAX:
        raise TooLarge(f"There are more than {REQUEST_JSON_PARTS_MAX} objects and arrays. Send fewer at once.")
    if len(body) > _COUNTED_BYTES and body.count(b",") > REQUEST_JSON_VALUES_MAX:
        raise TooLarge(f"There are more than {REQUEST_JSON_VALUES_MAX} members and items. Send fewer at once.")


@contextmanager
def turn_to_read(size: int) -> Iterator[None]:
    """Large requests are read one after the other, whoever brings them: together they would not be faster."""
    if size <= _LARGE_BYTES:
        yield
        return
    with _turn:
        yield
