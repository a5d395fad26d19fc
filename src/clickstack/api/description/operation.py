"""What is said about one operation, and the parts that replies of all nouns are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from clickstack.core.limits import LIST_PAGE_MAX

# Ids of the examples. A test puts real ones in their place and runs the examples.
ALERT_ID = "6a1c0de5f00d000000000a1e"
CONNECTION_ID = "6a1c0de5f00d000000000c01"
DASHBOARD_ID = "6a1c0de5f00d000000000da5"
INVITATION_ID = "6a1c0de5f00d000000000147"
SAVED_SEARCH_ID = "6a1c0de5f00d000000005ea6"
SOURCE_ID = "6a1c0de5f00d000000005001"
TILE_ID = "6a1c0de5f00d000000007113"
USER_ID = "6a1c0de5f00d00000000face"
WEBHOOK_ID = "6a1c0de5f00d00000000400c"


class Reply(BaseModel):
    """A reply or a part of one. A field with a default may be absent."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, title=None)


ABSENT: Any = None
"""The default of what is left out when it is not set; never sent as null."""


class Error(Reply):
    message: str = Field(description="What is wrong, and where.")
    request_id: str = Field(default=ABSENT, description="Of a 500: the line of the server's log has it too.")
    position: int = Field(default=ABSENT, description="Of a faulty query: where in its text, counted from 0.")
    hint: str = Field(default=ABSENT, description="Of a faulty query: what may have been meant.")


@dataclass(frozen=True)
class Operation:
    """`reply` is the model of the 200; `request` names the body where the handler reads it itself.

    `examples` are request bodies by name, each ready to send; `errors` are statuses beyond those every operation has.
    """

    id: str
    tag: str
    summary: str
    reply: type[BaseModel]
    description: str = ""
    request: type[BaseModel] | None = None
    examples: Mapping[str, Any] = field(default_factory=dict)
    errors: tuple[int, ...] = ()
    fault: type[BaseModel] = Error  # the body of a 400
    conditional: bool = False  # a PUT or DELETE that honours If-Match


Operations = Mapping[tuple[str, str], Operation]
"""By method and path below /api/v2."""


Id = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{24}$"})]
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


class Empty(Reply):
    """Nothing: what was asked has been done."""


class PageMeta(Reply):
    total: int = Field(ge=0, description="How many there are in all.")
    limit: int = Field(ge=1, le=LIST_PAGE_MAX, description="How many this page may hold.")
    offset: int = Field(ge=0, description="How many were left out before it.")


def one(name: str, model: Any) -> type[BaseModel]:
    """The envelope of one object."""
    return _envelope(name, model)


def many(name: str, model: Any) -> type[BaseModel]:
    """The envelope of a list."""
    return _envelope(name, list[model])


def page(name: str, model: Any) -> type[BaseModel]:
    """The envelope of one page of a list."""
    return _envelope(name, list[model], meta=PageMeta)


def _envelope(name: str, data: Any, **others: Any) -> type[BaseModel]:
    fields = {"data": data, **others}
    return type(name, (Reply,), {"__annotations__": fields, "__module__": __name__})
