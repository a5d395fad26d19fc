"""Request bodies without their Content-Encoding, with a hard bound on what comes out.

The output is an anonymous memory map of the bound: pages that are not written cost nothing, and a decompression bomb
stops at the last page.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import Any

import cramjam

from clickstack.core.errors import BadRequest, TooLarge, UnsupportedMedia
from clickstack.core.limits import INGEST_BODY_BYTES_MAX

_Into = Callable[[bytes, Any], int]
_SNAPPY_STREAM = b"\xff\x06\x00\x00sNaPpY"  # the first chunk of the framed form
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
    with mmap.mmap(-1, bytes_max) as output:
        try:
            return output[: into(data, output)]
        except cramjam.DecompressionError as error:
            if any(words in str(error) for words in _TOO_SMALL):
                raise TooLarge(
                    f"The body is larger than {bytes_max} bytes after inflation. Send less at once."
                ) from None
            raise BadRequest(f"The body is not valid {encoding}.") from None
