"""How much a request may grow while it is converted.

Other protocols say once what OTLP says for every record: the labels of a series, a tag, the name of a nested map. A
small request could so become one of terabytes.
"""

from __future__ import annotations

from clickstack.core.errors import TooLarge
from clickstack.core.limits import INGEST_BODY_BYTES_MAX, REQUEST_RECORDS_MAX


class Allowance:
    """Of one request. Both methods raise TooLarge when it is used up."""

    def __init__(self, records_max: int = REQUEST_RECORDS_MAX, bytes_max: int = INGEST_BODY_BYTES_MAX) -> None:
        self._records_max = self._records = records_max
        self._bytes_max = self._bytes = bytes_max

    def records(self, count: int) -> None:
        """Records, samples or events that are about to be converted."""
        self._records -= count
        if self._records < 0:
            raise TooLarge(f"There are more than {self._records_max} records. Send less at once.")

    def text(self, characters: int) -> None:
        """Text that is about to be written once more than it was sent."""
        self._bytes -= characters
        if self._bytes < 0:
            raise TooLarge(f"The records are larger than {self._bytes_max} bytes in OTLP. Send less at once.")
