"""Which encodings of a reply a client takes (RFC 9110 §12.5.3).

What writes replies looks for the word gzip in the header. Where weights or a `*` give it another meaning, the header is
written anew before anybody looks.
"""

from __future__ import annotations

NAME = b"accept-encoding"
_GZIP = ("gzip", "x-gzip")


def plain_headers(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of a request, its Accept-Encoding without weights: `gzip` or `identity`."""
    given = [value for name, value in headers if name == NAME]
    if not any(b";" in value or b"*" in value for value in given):
        return headers
    meant = b"gzip" if accepts_gzip(b",".join(given).decode("latin-1")) else b"identity"
    return [*((name, value) for name, value in headers if name != NAME), (NAME, meant)]


def accepts_gzip(header: str) -> bool:
    """
    >>> [accepts_gzip(each) for each in ("br, gzip", "gzip;q=0", "*", "gzip; q=0.0, *", "br;q=1", "gzip;q=0.1")]
    [True, False, True, False, False, True]
    """
    weights = dict(_weighted(each) for each in header.lower().split(","))
    return next((weights[name] for name in (*_GZIP, "*") if name in weights), 0.0) > 0


def _weighted(item: str) -> tuple[str, float]:
    name, *parameters = (each.strip() for each in item.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return name, float(value)
            except ValueError:
                return name, 0.0
    return name, 1.0
