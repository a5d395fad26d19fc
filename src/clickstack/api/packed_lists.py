"""Long lists as gzip, deflated once for as long as nothing in them changes.

Deflating megabytes takes longer than everything else about such a list. What stands around it in a reply, an envelope
with a request id, is deflated each time and put around what is kept: a deflate stream may be cut where it was flushed.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections import OrderedDict
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from clickstack.core.limits import PACKED_LIST_BYTES_MIN, PACKED_LISTS_BYTES_MAX

from .wire import Json

GZIP_LEVEL = 5  # on JSON within 3 % of level 9 at a third of the time
_HEADER = (
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # RFC 1952: deflate, no name, no time, from no system in particular
)


@dataclass(frozen=True, slots=True)
class JsonList:
    """The texts of objects. `tag` is another one whenever one of them changes, and no other list has it."""

    texts: list[bytes]
    tag: str


class PackedLists:
    """Safe to use from any thread. What was asked for longest ago is forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def gzip(self, found: JsonList, before: bytes, after: bytes) -> bytes:
        """The array between two ends."""
        text = b",".join(found.texts)
        checksum = zlib.crc32(after, zlib.crc32(text, zlib.crc32(before)))
        size = len(before) + len(text) + len(after)
        return b"".join(
            (
                _HEADER,
                _deflated(before, zlib.Z_FULL_FLUSH),
                self._middle(found.tag, text),
                _deflated(after, zlib.Z_FINISH),
                struct.pack("<II", checksum, size & 0xFFFFFFFF),
            )
        )

    def _middle(self, tag: str, text: bytes) -> bytes:
        with self._lock:
            if tag in self._kept:
                self._kept.move_to_end(tag)
                return self._kept[tag]
        made = _deflated(text, zlib.Z_FULL_FLUSH)
        with self._lock:
            self._bytes += len(made) - len(self._kept.pop(tag, b""))
            self._kept[tag] = made
            while self._bytes > PACKED_LISTS_BYTES_MAX:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return made


def list_reply(
    request: Request, lists: PackedLists, found: JsonList, before: bytes, after: bytes, headers: dict[str, str]
) -> Response:
    """The list between the two ends of its array, packed for who takes that when it is long."""
    headers = {**headers, "Vary": "Accept-Encoding"}
    long = sum(map(len, found.texts)) >= PACKED_LIST_BYTES_MIN
    if long and "gzip" in request.headers.get("accept-encoding", ""):
        body = lists.gzip(found, before, after)
        headers["Content-Encoding"] = "gzip"
    else:
        texts = found.texts[:] or [b""]
        texts[0] = before + texts[0]  # at once: the whole is megabytes
        texts[-1] += after
        body = b",".join(texts)
    return Response(body, media_type=Json.media_type, headers=headers)


def _deflated(text: bytes, flush: int) -> bytes:
    """Without header and checksum, and whole bytes at its end, so that something may follow."""
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(text) + packer.flush(flush)
