"""Reading a request once, in C, before it is accepted: what passes here can always be loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError

from clickstack.core.blocking import refuse_on_loop
from clickstack.core.errors import BadRequest, TooLarge
from clickstack.core.limits import REQUEST_RECORDS_MAX, REQUEST_REPEATED_BYTES_MAX

from .anyvalue import flatten_request
from .deep_values import without_deep_values
from .signals import SESSION, SESSION_KEY, SIGNAL_NAMES, SIGNALS, SignalName
from .unstorable import Rejected, take_out
from .variants import binary_type, mend_text, scalar_type

_SCALAR = {name: scalar_type(name) for name in SIGNAL_NAMES}
_BINARY = {name: binary_type(name) for name in SIGNAL_NAMES}
_SESSION_BYTES = SESSION_KEY.encode()


@dataclass(frozen=True, slots=True)
class Checked:
    """A request in canonical form: known fields only, scalar values only. `kinds` are bits of `signals`. `rejected`
    records of the original are not in it, and `message` says why.
    """

    body: bytes
    records: int
    kinds: int
    rejected: int = 0
    message: str = ""


def check(signal: SignalName, body: bytes) -> Checked:
    """Check a protobuf Export…ServiceRequest. Raises BadRequest when it is not one, TooLarge when its rows would be,
    and on an event loop WouldBlock when it takes more than C's work; nothing has happened then.

    The engine's reader is stricter than protobuf's, so it gets what the C library writes, never the client's bytes.
    Text that is not UTF-8 is accepted with U+FFFD in place of the bad bytes: one such byte in a log line must not cost
    a batch.
    """
    request = _SCALAR[signal]()
    too_deep = Rejected()
    try:
        request.ParseFromString(body)
    except DecodeError:
        body, too_deep = _with_text_mended(signal, body)
        _parse(request, body)
    request.DiscardUnknownFields()
    canonical: bytes = request.SerializeToString()
    if len(canonical) != len(body):
        canonical, deeper = _flattened(signal, body)
        too_deep.add(deeper.count, deeper.reason)
        request = _SCALAR[signal].FromString(canonical)
    census = SIGNALS[signal].census(request)
    if census.records > REQUEST_RECORDS_MAX or census.repeated_bytes > REQUEST_REPEATED_BYTES_MAX:
        raise TooLarge(
            f"There are more than {REQUEST_RECORDS_MAX} records, or their resource is too large for so many. "
            "Send fewer at once."
        )
    rejected = take_out(signal, request, len(canonical))
    if rejected.count:
        canonical = request.SerializeToString()
        census = SIGNALS[signal].census(request)
    rejected.add(too_deep.count, too_deep.reason)
    kinds = census.kinds | (SESSION if signal == "logs" and _SESSION_BYTES in canonical else 0)
    return Checked(canonical, census.records, kinds, rejected.count, rejected.message)


def _flattened(signal: SignalName, body: bytes) -> tuple[bytes, Rejected]:
    """What the scalar type can read whole. Raises WouldBlock on an event loop: it is Python's work, on every record."""
    refuse_on_loop()
    request = SIGNALS[signal].request()
    too_deep = _parse_shallow(request, signal, body)
    request.DiscardUnknownFields()
    flatten_request(signal, request)
    return bytes(request.SerializeToString()), too_deep


def _with_text_mended(signal: SignalName, body: bytes) -> tuple[bytes, Rejected]:
    """Raises WouldBlock likewise."""
    refuse_on_loop()
    request = _BINARY[signal]()
    too_deep = _parse_shallow(request, signal, body)
    mend_text(request, SIGNALS[signal].request.DESCRIPTOR)
    return bytes(request.SerializeToString()), too_deep


def _parse_shallow(request: Any, signal: SignalName, body: bytes) -> Rejected:
    """Parse a request without the records whose values are deeper than the library reads; which those are."""
    try:
        request.ParseFromString(body)
    except DecodeError:
        body, too_deep = without_deep_values(signal, body)
        _parse(request, body)
        return too_deep
    return Rejected()


def _parse(request: Any, body: bytes) -> None:
    try:
        request.ParseFromString(body)
    except DecodeError:
        raise BadRequest(
            f"The body is not a protobuf {type(request).__name__}. Check the URL's signal and the Content-Type."
        ) from None
