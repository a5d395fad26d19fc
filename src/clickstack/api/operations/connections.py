"""Connections: bodies, rules, operations, and trying one (reference/api-v2.md §6). Passwords are never shown."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from pydantic import Field

from clickstack.core.errors import BadRequest, NotFound
from clickstack.core.limits import CONNECTION_HOST_CHARS_MAX, CONNECTION_TEXT_CHARS_MAX
from clickstack.core.records import Actor
from clickstack.core.source import Connection

from ..context import Services
from ..wire import WireModel
from .moments import iso
from .tile_fields import STORABLE

Text = Annotated[str, Field(max_length=CONNECTION_TEXT_CHARS_MAX), STORABLE]
NonEmpty = Annotated[str, Field(min_length=1, max_length=CONNECTION_TEXT_CHARS_MAX), STORABLE]
PREFIX, PREFIX_OR_NONE = r"^[A-Za-z0-9_]+$", r"^[A-Za-z0-9_]*$"


class _Connection(WireModel):
    name: NonEmpty
    host: Annotated[str, Field(min_length=1, max_length=CONNECTION_HOST_CHARS_MAX), STORABLE]
    username: Text
    password: Text = ""


class NewConnectionBody(_Connection):
    hyperdx_setting_prefix: Annotated[Text, Field(pattern=PREFIX)] | None = None
    is_prometheus_endpoint: bool = False


class ConnectionBody(_Connection):
    """Of a replacement: null or an empty prefix takes it away."""

    hyperdx_setting_prefix: Annotated[Text, Field(pattern=PREFIX_OR_NONE)] | None = None
    is_prometheus_endpoint: bool = False


def list_connections(services: Services, actor: Actor) -> list[Connection]:
    """Oldest first."""
    return services.metadata.connections.list(actor.team.id)


def get_connection(services: Services, actor: Actor, id: str) -> Connection:
    connection = services.metadata.connections.get(actor.team.id, id)
    if connection is None:
        raise NotFound("Connection not found")
    return connection


def create_connection(
    services: Services, actor: Actor, body: NewConnectionBody, *, request_id: str | None
) -> Connection:
    """Whether anything answers there is not asked; `connection_check.try_connection` does."""
    connection = Connection(
        id=services.ids.object_id(),
        team_id=actor.team.id,
        name=body.name,
        host=body.host,
        username=body.username,
        password=body.password,
        setting_prefix=body.hyperdx_setting_prefix,
        is_prometheus=body.is_prometheus_endpoint if "is_prometheus_endpoint" in body.model_fields_set else None,
    )
    return services.metadata.connections.insert(connection, actor.author, request_id)


def update_connection(
    services: Services,
    actor: Actor,
    id: str,
    body: ConnectionBody,
    *,
    request_id: str | None,
    expected_revision: int | None = None,
) -> Connection:
    """Name, host and user are replaced. An empty password, and what is left out, stays as it was.

    A kept password stays with the host it was given for: who sends it elsewhere must know it.
    """
    sent = body.model_fields_set

    def edit(before: Connection) -> Connection:
        if before.host != body.host and before.password and not body.password:
            raise BadRequest("password: Enter it again, it was given for another host")
        return dataclasses.replace(
            before,
            name=body.name,
            host=body.host,
            username=body.username,
            password=body.password or before.password,
            setting_prefix=(body.hyperdx_setting_prefix or None)
            if "hyperdx_setting_prefix" in sent
            else before.setting_prefix,
            is_prometheus=body.is_prometheus_endpoint if "is_prometheus_endpoint" in sent else before.is_prometheus,
        )

    return services.metadata.connections.update(
        actor.team.id, id, edit, actor.author, request_id, expected_revision=expected_revision
    )


def delete_connection(
    services: Services, actor: Actor, id: str, *, request_id: str | None, expected_revision: int | None = None
) -> None:
    """Raises Conflict while sources or dashboards use it."""
    gone = services.metadata.connections.delete(
        actor.team.id, id, actor.author, request_id, expected_revision=expected_revision
    )
    if not gone:
        raise NotFound("Connection not found")


def connection_wire(connection: Connection) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "id": connection.id,
        "name": connection.name,
        "host": connection.host,
        "username": connection.username,
    }
    if connection.setting_prefix is not None:
        wire["hyperdxSettingPrefix"] = connection.setting_prefix
    if connection.is_prometheus is not None:
        wire["isPrometheusEndpoint"] = connection.is_prometheus
    return {**wire, "createdAt": iso(connection.created_ms), "updatedAt": iso(connection.updated_ms)}
