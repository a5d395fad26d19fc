"""Bodies without their encoding: bounded, and never anything but an answer or a clear refusal."""

from __future__ import annotations

import gzip
import zlib

import cramjam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clickstack.core.errors import BadRequest, TooLarge, UnsupportedMedia
from clickstack.ingest.inflate import ENCODINGS, inflate

COMPRESS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "zstd": cramjam.zstd.compress,
    "zlib": zlib.compress,
    "deflate": zlib.compress,
    "snappy": cramjam.snappy.compress_raw,
    "x-snappy-framed": cramjam.snappy.compress,
    "lz4": cramjam.lz4.compress,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(data=st.binary(min_size=1, max_size=2000))
@settings(max_examples=50, deadline=None)
def test_what_was_compressed_comes_back(encoding: str, data: bytes) -> None:
    assert inflate(bytes(COMPRESS[encoding](data)), encoding) == data


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(data=st.binary(min_size=1, max_size=300), where=st.integers(0, 10_000), damage=st.integers(1, 255))
@settings(max_examples=150, deadline=None)
def test_damaged_bodies_are_refused_or_read(encoding: str, data: bytes, where: int, damage: int) -> None:
    damaged = bytearray(COMPRESS[encoding](data))
    damaged[where % len(damaged)] ^= damage
    for body in (bytes(damaged), data):
        try:
            assert len(inflate(body, encoding, 4096)) <= 4096
        except (BadRequest, TooLarge) as error:
            assert encoding in error.message or "4096" in error.message  # noqa: PT017


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_bound_is_exact(encoding: str) -> None:
    compressed = bytes(COMPRESS[encoding](bytes(5000)))
    assert len(inflate(compressed, encoding, 5000)) == 5000
    with pytest.raises(TooLarge, match="4999 bytes after inflation"):
        inflate(compressed, encoding, 4999)


def test_several_members_are_one_body() -> None:
    assert inflate(gzip.compress(b"a") + gzip.compress(b"b"), "gzip") == b"ab"
    assert inflate(bytes(cramjam.zstd.compress(b"a")) + bytes(cramjam.zstd.compress(b"b")), "zstd") == b"ab"


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "compress"])
def test_other_encodings_are_named(encoding: str) -> None:
    with pytest.raises(UnsupportedMedia, match="gzip, x-gzip, zstd"):
        inflate(b"x", encoding)
