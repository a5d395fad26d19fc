"""The application under /v1, and the door to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from ..body_limit import BodyLimit
from ..context import Services
from ..description import describe_managed
from ..idempotency import Idempotency, Surface
from ..json_bodies import JsonBodies
from ..packed_bodies import PackedBodies
from ..wire import Mask
from .alerts import router as alerts
from .callers import SERVICE_PREFIX, V1, changing_caller, organization_caller, service_actor
from .dashboards import router as dashboards
from .envelope import error_reply, handle_failures, masked, repeated
from .gate import ManagedGate
from .keys import router as keys
from .organizations import router as organizations
from .roles import router as roles
from .root import router as root
from .saved_searches import router as saved_searches
from .sources import router as sources
from .webhooks import router as webhooks

# Every router, where it hangs, and what lets callers in.
MANAGED_ROUTERS: tuple[tuple[APIRouter, str, object], ...] = (
    (root, V1, None),
    (organizations, V1, organization_caller),
    (keys, V1, organization_caller),
    (dashboards, SERVICE_PREFIX, service_actor),
    (alerts, SERVICE_PREFIX, service_actor),
    (sources, SERVICE_PREFIX, service_actor),
    (webhooks, SERVICE_PREFIX, service_actor),
    (saved_searches, SERVICE_PREFIX, service_actor),
    (roles, SERVICE_PREFIX, service_actor),
)


class ManagedDoor:
    """Hands what is under /v1 to the managed API, everything else on."""

    def __init__(self, app: ASGIApp, *, services: Services, v2: Callable[[], dict[str, Any]]) -> None:
        self._app = app
        self._managed = create_managed_app(services, v2)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        managed = scope["type"] == "http" and (path == V1 or path.startswith(V1 + "/"))
        await (self._managed if managed else self._app)(scope, receive, send)


def create_managed_app(services: Services, v2: Callable[[], dict[str, Any]]) -> FastAPI:
    """`v2` gives the description of v2, of which much holds here."""
    app = FastAPI(
        title="ClickStack",
        version=services.version,
        openapi_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(Mask, body=masked),
            Middleware(ManagedGate, services=services),
            Middleware(Mask, body=masked),  # inside the gate too: what fails there still tells the caller's budget
            Middleware(BodyLimit, reply=error_reply),
            Middleware(PackedBodies, reply=error_reply),
            Middleware(JsonBodies, reply=error_reply),
            Middleware(
                Idempotency,
                keys=services.metadata.idempotency_keys,
                surface=Surface(changing_caller, error_reply, repeated),
            ),
        ],
        # Its records of failed validations would carry what was sent.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.services = services
    app.state.describe = cache(lambda: describe_managed([each[:2] for each in MANAGED_ROUTERS], v2(), services.version))
    handle_failures(app)
    for router, prefix, admit in MANAGED_ROUTERS:
        app.include_router(router, prefix=prefix, dependencies=[Depends(admit)] if admit else [])  # type: ignore[arg-type]
    return app
