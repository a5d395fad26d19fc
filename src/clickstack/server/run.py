"""Open in order, serve, close in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import logging
from collections.abc import Callable
from functools import partial

import uvloop

from clickstack import __version__
from clickstack.alerts import open_alerts
from clickstack.api.app import create_api_app, create_app_app
from clickstack.api.context import Services
from clickstack.api.operations.outside import destination_of
from clickstack.auth import Auth, open_auth
from clickstack.core.clock import SystemClock
from clickstack.core.ids import RandomIds
from clickstack.core.log import ROOT, configure_logging, fields, get_logger
from clickstack.core.settings import Settings
from clickstack.ingest import FluentForward, OtlpGrpc, OtlpHttp, open_ingest
from clickstack.metadata import open_metadata
from clickstack.query import Reader
from clickstack.self_telemetry import TracingMiddleware, open_self_telemetry
from clickstack.store import IndexProfiles, Retention, open_store

from .data_directory import locked_data_directory
from .errands import Errands
from .index_tool import INDEX_PROFILE, index_profile_in_server
from .ingest_metrics import observe_ingest
from .listeners import Listener, bind, serve_until_stopped
from .spool_tool import RETRY, retry_in_server

INGEST_DRAIN_S = 1.5  # the spool keeps what is not loaded by then
GRPC_DRAIN_S = 0.5
ALERTS_STOP_S = 1.0  # what is being judged is judged again after the next start
TELEMETRY_FLUSH_S = 0.5


def run_server(settings: Settings, announce: Callable[[Settings], None]) -> None:
    """Run until SIGTERM or SIGINT. `announce` is called once everything answers. Raises StartupError.

    Order matters twice: ports are bound before anything is opened, so a second server fails in milliseconds without
    touching data; and telemetry is closed before the spool, the spool before the engine.
    """
    configure_logging(settings.log_level, settings.log_format)
    _adopt_uvicorn_lines()
    log = get_logger("server")
    clock = SystemClock()
    ids = RandomIds(clock)
    with contextlib.ExitStack() as house:
        data_dir = house.enter_context(locked_data_directory(settings.data_dir))
        settings = dataclasses.replace(settings, data_dir=data_dir)
        app_socket, api_socket, otlp_socket = (
            house.enter_context(contextlib.closing(bind(settings.host, port, what, option)))
            for port, what, option in (
                (settings.app_port, "web UI", "--app-port"),
                (settings.api_port, "API", "--api-port"),
                (settings.otlp_http_port, "OTLP over HTTP", "--otlp-http-port"),
            )
        )
        # gRPC binds its port itself, later and with less to say; asking here makes its refusal as early and as clear.
        bind(settings.host, settings.otlp_grpc_port, "OTLP over gRPC", "--otlp-grpc-port").close()
        store = open_store(settings)
        house.callback(store.close)
        retention = Retention(store, settings)
        retention.apply_settings()
        index_profiles = IndexProfiles(store, settings)
        index_profiles.apply_settings()
        metadata = open_metadata(settings.metadata_url or data_dir / "metadata.sqlite", clock, ids)
        house.callback(metadata.close)
        auth = open_auth(metadata, clock, ids, settings)
        ingest = open_ingest(data_dir, store, settings, clock, ids)
        house.callback(ingest.close, INGEST_DRAIN_S)
        telemetry = open_self_telemetry(settings, __version__, partial(ingest.accept, wait=False, quiet=True), clock)
        house.callback(telemetry.close, TELEMETRY_FLUSH_S)
        observe_ingest(telemetry.meter, ingest)

        watch = None
        if settings.alerts:
            read_in_background = partial(Reader, store, pool="background")
            watch = open_alerts(settings, metadata, read_in_background, partial(destination_of, settings), clock, ids)
            watch.start()
            house.callback(watch.close, ALERTS_STOP_S)
        services = Services(
            settings, clock, ids, store, metadata, auth, ingest, retention, index_profiles, __version__, watch
        )
        api_app = create_api_app(services)
        grpc = OtlpGrpc(ingest, auth.ingestion_key_id, clock)
        grpc.start(settings.host, settings.otlp_grpc_port)
        house.callback(grpc.stop, GRPC_DRAIN_S)
        if settings.fluent_port:
            fluent = FluentForward(ingest, partial(_fluent_keys, auth, settings), clock, ids)
            fluent.start(settings.host, settings.fluent_port)
            house.callback(fluent.stop, GRPC_DRAIN_S)
        listeners = [
            Listener(TracingMiddleware(create_app_app(services, api_app), telemetry, "app"), app_socket),
            Listener(TracingMiddleware(api_app, telemetry, "api"), api_socket),
            Listener(OtlpHttp(ingest, auth.ingestion_key_id, clock), otlp_socket),
        ]

        verbs = {RETRY: retry_in_server(ingest, data_dir), INDEX_PROFILE: index_profile_in_server(index_profiles)}
        house.enter_context(Errands(data_dir, verbs))

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_until_stopped(listeners, settings.trusted_proxies, partial(_ready, settings, announce)))
        log.info("stopping")
    log.info("stopped")


def _ready(settings: Settings, announce: Callable[[Settings], None]) -> None:
    gc.collect()
    gc.freeze()  # what was opened stays; looking through all of it again would hold up requests for 0.1 s
    gc.set_threshold(50_000, 20, 20)  # requests make thousands of objects that go by themselves: look for cycles rarely
    extra = fields(version=__version__, data_dir=str(settings.data_dir), api_port=settings.api_port)
    get_logger("server").info("ready", extra=extra)
    announce(settings)


def _fluent_keys(auth: Auth, settings: Settings) -> list[str]:
    """The handshake of Fluent Forward proves that both sides know a key, so it needs keys that can be read."""
    return [*auth.readable_ingestion_keys(), *filter(None, [settings.fluent_shared_key])]


def _adopt_uvicorn_lines() -> None:
    """uvicorn's own warnings and errors in our format; its chatter stays away."""
    uvicorn_log = logging.getLogger("uvicorn")
    uvicorn_log.handlers = logging.getLogger(ROOT).handlers  # the same list: handlers that come later count too
    uvicorn_log.setLevel(logging.WARNING)
    uvicorn_log.propagate = False
