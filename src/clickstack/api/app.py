"""The two applications: the API port and the app port, from one set of routes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp

from .app_port import AppPort
from .big_bodies import BigBodies
from .body_forms import BodyForms
from .body_limit import BodyLimit
from .conditional import Conditional
from .context import Services, admission
from .cookies import SessionCookies
from .cors import Cors
from .description import describe
from .failures import handle_failures
from .gate import Gate
from .health import router as health
from .idempotency import Idempotency
from .internal.access_keys import router as access_keys
from .internal.accounts import router as accounts
from .internal.alert_log import router as alert_log
from .internal.alerts import router as alerts
from .internal.analysis import router as analysis
from .internal.api_keys import router as api_keys
from .internal.audit import router as audit
from .internal.charts import router as internal_charts
from .internal.clickhouse_proxy import router as clickhouse_proxy
from .internal.connections import router as connections
from .internal.dashboards import router as dashboards
from .internal.explore import router as explore
from .internal.favorites import router as favorites
from .internal.iac import router as iac
from .internal.ingestion import router as ingestion
from .internal.members import router as members
from .internal.oidc import router as oidc
from .internal.preset_filters import router as preset_filters
from .internal.saved_searches import router as saved_searches
from .internal.search import router as internal_search
from .internal.sessions import router as sessions
from .internal.silences import router as silences
from .internal.sources import router as internal_sources
from .internal.team import router as team
from .internal.trace import router as trace
from .internal.webhooks import router as webhooks
from .json_bodies import JsonBodies
from .managed import ManagedDoor
from .metrics_text import router as metrics_text
from .packed_bodies import PackedBodies
from .packed_lists import GZIP_LEVEL
from .rim import Rim
from .routing import Routing
from .ui_files import UI_DIRECTORY, UiFiles
from .v2.alerts import router as v2_alerts
from .v2.charts import router as v2_charts
from .v2.connections import router as v2_connections
from .v2.dashboards import router as v2_dashboards
from .v2.docs import router as v2_docs
from .v2.roles import router as v2_roles
from .v2.root import router as v2_root
from .v2.saved_searches import router as v2_saved_searches
from .v2.search import router as v2_search
from .v2.sources import router as v2_sources
from .v2.team import router as v2_team
from .v2.webhooks import router as v2_webhooks
from .wire import V2_PREFIX, Mask

# Every router and where it hangs. They are looked through in this order: what is asked all the time comes first.
ROUTERS: tuple[tuple[APIRouter, str], ...] = (
    (v2_charts, V2_PREFIX),
    (v2_search, V2_PREFIX),
    (internal_search, ""),
    (explore, ""),
    (analysis, ""),
    (internal_charts, ""),
    (trace, ""),
    (v2_root, V2_PREFIX),
    (v2_docs, V2_PREFIX),
    (v2_alerts, V2_PREFIX),
    (v2_connections, V2_PREFIX),
    (v2_dashboards, V2_PREFIX),
    (v2_saved_searches, V2_PREFIX),
    (v2_sources, V2_PREFIX),
    (v2_webhooks, V2_PREFIX),
    (v2_team, V2_PREFIX),
    (v2_roles, V2_PREFIX),
    (health, ""),
    (metrics_text, ""),
    (accounts, ""),
    (oidc, ""),
    (sessions, ""),
    (access_keys, ""),
    (api_keys, ""),
    (team, ""),
    (members, ""),
    (audit, ""),
    (ingestion, ""),
    (connections, ""),
    (clickhouse_proxy, ""),
    (internal_sources, ""),
    (saved_searches, ""),
    (dashboards, ""),
    (preset_filters, ""),
    (iac, ""),
    (webhooks, ""),
    (alerts, ""),
    (alert_log, ""),
    (silences, ""),
    (favorites, ""),
)

V2_ROUTERS = tuple(router for router, prefix in ROUTERS if prefix == V2_PREFIX)

GZIP_BYTES_MIN = 1024
STREAMS = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/x-ndjson")  # a compressor would hold lines back


def create_api_app(services: Services) -> FastAPI:
    """The API port: v2 under /api/v2, internal routes at the root."""
    described = cache(lambda: describe(V2_ROUTERS, services.version))
    app = FastAPI(
        title="ClickStack",
        version=services.version,
        openapi_url=None,
        redirect_slashes=False,
        middleware=_layers(services, described),
        # Its records of failed validations would carry passwords.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.services = services
    app.state.describe = described
    handle_failures(app)
    for router, prefix in ROUTERS:
        app.include_router(router, prefix=prefix, dependencies=[Depends(admission(prefix))])
    return app


def create_app_app(services: Services, api_app: ASGIApp, ui_directory: Path = UI_DIRECTORY) -> ASGIApp:
    """The app port: `/api/…` is the API port with one `/api` removed, everything else the web UI."""
    ui = Rim(Mask(UiFiles(ui_directory)), clock=services.clock, ids=services.ids, quiet=True)
    return AppPort(api=api_app, ui=ui)


def _layers(services: Services, described: Callable[[], dict[str, Any]]) -> list[Middleware]:
    """What every request passes, from outside to inside."""
    return [
        Middleware(Rim, clock=services.clock, ids=services.ids),
        Middleware(Cors, origin=services.settings.public_url),
        Middleware(Mask),
        Middleware(Routing),
        Middleware(
            GZipMiddleware, minimum_size=GZIP_BYTES_MIN, compresslevel=GZIP_LEVEL, exclude_content_types=STREAMS
        ),
        Middleware(ManagedDoor, services=services, v2=described),
        Middleware(Conditional),
        Middleware(SessionCookies, settings=services.settings),
        Middleware(Gate, services=services),
        Middleware(Mask),  # inside the gate too: what fails there still tells the caller's budget
        Middleware(BigBodies),
        Middleware(BodyLimit),
        Middleware(PackedBodies),
        Middleware(BodyForms),
        Middleware(JsonBodies),
        Middleware(Idempotency, keys=services.metadata.idempotency_keys),
    ]
