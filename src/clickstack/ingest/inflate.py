"""Request bodies without their Content-Encoding, with a hard bound on what comes out.

The output is a buffer that each thread keeps, as most requests are small; when that is too small, an anonymous memory
map of the bound: pages that are not written cost nothing, and a decompression bomb stops at the last page.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import cramjam

from clickstack.core.errors import BadRequest, TooLarge, UnsupportedMedia
from clickstack.core.limits import INGEST_BODY_BYTES_MAX

_Into = Callable[[bytes, Any], int]
_SNAPPY_STREAM = b"\xff\x06\x00\x00sNaPpY"  # the first chunk of the framed form
_KEPT_BYTES = 1024 * 1024  # of each thread's buffer
_OFTEN_ENOUGH = 8  # what is compressed by more than this is seldom telemetry
_kept = threading.local()
_TOO_SMALL = ("failed to write whole buffer", "is smaller than required")  # cramjam's words for a full output


def _snappy(data: bytes, output: Any) -> int:
    framed = data.startswith(_SNAPPY_STREAM)
    return int((cramjam.snappy.decompress_into if framed else cramjam.snappy.decompress_raw_into)(data, output))


def _deflate(data: bytes, output: Any) -> int:
    """HTTP's deflate is zlib; some clients send it bare."""
    is_zlib = len(data) > 1 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
    return int((cramjam.zlib if is_zlib else cramjam.deflate).decompress_into(data, output))


_INFLATERS: dict[str, _Into] = {
    "gzip": cramjam.gzip.decompress_into,
    "x-gzip": cramjam.gzip.decompress_into,
    "zstd": cramjam.zstd.decompress_into,
    "zlib": cramjam.zlib.decompress_into,
    "deflate": _deflate,
    "snappy": _snappy,
    "x-snappy-framed": cramjam.snappy.decompress_into,
    "lz4": cramjam.lz4.decompress_into,
}
ENCODINGS = tuple(_INFLATERS)


def require_encoding(encoding: str) -> None:
    """Raises UnsupportedMedia for a Content-Encoding that `inflate` cannot read."""
    if encoding not in _INFLATERS and encoding not in ("", "identity"):
        raise UnsupportedMedia(f"Content-Encoding {encoding!r} is not one of identity, {', '.join(ENCODINGS)}.")


def inflate(data: bytes, encoding: str, bytes_max: int = INGEST_BODY_BYTES_MAX) -> bytes:
    """The body as it was before `encoding` (lower case). Raises UnsupportedMedia, BadRequest, TooLarge."""
    require_encoding(encoding)
    into = _INFLATERS.get(encoding)
    if into is None or not data:
        return data
    if len(data) * _OFTEN_ENOUGH <= _KEPT_BYTES <= bytes_max:
        with suppress(TooLarge):
            return _inflated(data, encoding, into, _kept_buffer())
    with mmap.mmap(-1, bytes_max) as output:
        return _inflated(data, encoding, into, output)


def _kept_buffer() -> bytearray:
    if not hasattr(_kept, "buffer"):
        _kept.buffer = bytearray(_KEPT_BYTES)
    return cast(bytearray, _kept.buffer)


def _inflated(data: bytes, encoding: str, into: _Into, output: Any) -> bytes:
    try:
        size = into(data, output)
        with memoryview(output) as whole, whole[:size] as text:
            return bytes(text)
    except cramjam.DecompressionError as error:
        if any(words in str(error) for words in _TOO_SMALL):
            raise TooLarge(f"The body is larger than {len(output)} bytes after inflation. Send less at once.") from None
        raise BadRequest(f"The body is not valid {encoding}.") from None
