"""What is different between the protocols on the OTLP/HTTP port: a row per path, a form per content type.

Everything else (key, limits, inflation, admission, spool, log line) is the same for all: `otlp_http`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from clickstack.core.errors import UnsupportedMedia

from .parts import require_few_parts
from .signals import SignalName

PROTOBUF, JSON, TEXT = "application/x-protobuf", "application/json", "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reading:
    """A protobuf Export…ServiceRequest. `rejected` records of the original are not in it, and `message` says why."""

    body: bytes
    rejected: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """How one content type is read. `read` takes an inflated body and raises BadRequest; `encoding` is the
    Content-Encoding when none is named; `answer` is the content type of replies; `bound` raises TooLarge for a body
    that would take too much memory to read; `quick` says that reading is C's work alone.
    """

    read: Callable[[bytes], Reading]
    encoding: str
    answer: str
    bound: Callable[[bytes], None] = require_few_parts
    quick: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    """One path. `forms` are by content type in lower case; "" is a request without one. `answer` is the type of
    replies to a request whose content type is not known. `refused` maps a part of a Content-Type to the reason why
    requests of this kind are not taken.
    """

    protocol: str
    name: str
    signal: SignalName
    forms: Mapping[str, Form]
    answer: str
    refused: Mapping[str, str] = field(default_factory=dict)

    def form(self, content_type: str) -> Form:
        """Raises UnsupportedMedia."""
        for marker, reason in self.refused.items():
            if marker in content_type:
                raise UnsupportedMedia(reason)
        found = self.forms.get(_media(content_type))
        if found is None:
            known = dict.fromkeys(name for name in self.forms if name)
            raise UnsupportedMedia(f"Content-Type must be one of {', '.join(known)}.")
        return found

    def answer_to(self, content_type: str) -> str:
        """The content type of the reply to a request, also to one that cannot be read."""
        found = self.forms.get(_media(content_type))
        return found.answer if found else self.answer


def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
