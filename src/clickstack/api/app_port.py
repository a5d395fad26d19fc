"""The app port: the API under /api, the UI everywhere else."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

API_PREFIX = "/api"
THROUGH_APP_PORT = "clickstack.through_app_port"  # scope key: true when the caller's own address serves the UI


class AppPort:
    """Removes one `/api` and hands on, so `/api/me` is `/me` and `/api/api/v2/…` is `/api/v2/…`."""

    def __init__(self, *, api: ASGIApp, ui: ASGIApp) -> None:
        self._api = api
        self._ui = ui

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # start, stop and refusal of websockets are the API application's
            await self._api(scope, receive, send)
            return
        path: str = scope["path"]
        if path == API_PREFIX or path.startswith(API_PREFIX + "/"):
            await self._api(_without_prefix(scope), receive, send)
        else:
            await self._ui(scope, receive, send)


def _without_prefix(scope: Scope) -> Scope:
    inner = {**scope, "path": scope["path"].removeprefix(API_PREFIX) or "/", THROUGH_APP_PORT: True}
    if scope.get("raw_path"):
        inner["raw_path"] = scope["raw_path"].removeprefix(API_PREFIX.encode()) or b"/"
    return inner
