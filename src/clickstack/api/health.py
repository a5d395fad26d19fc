"""Is the server alive, is it ready, and what must a client know before signing in."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, Request

from .context import services
from .wire import Json

router = APIRouter()


@router.get("/health")
async def health(request: Request) -> Json:
    """Liveness: the process answers. Checks nothing else."""
    return Json({"data": "OK", "version": services(request).version})


@router.get("/ready")
def ready(request: Request) -> Json:
    """Readiness: the store and the metadata database answer."""
    server = services(request)
    standing = {"store": server.store.ping(), "metadata": server.metadata.ping()}
    if all(standing.values()):
        return Json({"data": "OK", "version": server.version})
    words = {name: "ok" if up else "unavailable" for name, up in standing.items()}
    return Json({"status": "unavailable", **words}, status_code=503)


@router.get("/config")
async def config(request: Request) -> Json:
    """Addresses the UI shows in its instructions. No secrets: anybody may ask."""
    server = services(request)
    settings = server.settings
    return Json(
        {
            "appVersion": server.version,
            "collectorUrl": f"http://{urlsplit(settings.public_url).hostname}:{settings.otlp_http_port}",
            "otlpHttpPort": settings.otlp_http_port,
            "otlpGrpcPort": settings.otlp_grpc_port,
            "apiPort": settings.api_port,
        }
    )
