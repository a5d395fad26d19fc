"""Serves the built web UI. Hashed assets may be kept for ever; the page itself is asked for anew each time."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from .wire import Json

UI_DIRECTORY = Path(__file__).parent / "ui"
INDEX = "/index.html"
ASSETS = "/assets/"  # where the build puts files whose names carry a hash of their content

NOT_BUILT = (
    "The web UI is not built. Run `make ui`, then load this page again.\n"
    "The API is not affected: it answers under /api here and on its own port.\n"
)

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),  # inline styles: the component library sets sizes and colours on elements
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}

# Media types of what a build makes; the machine's own table differs from system to system.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".map": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_PACKED = frozenset({".css", ".html", ".js", ".json", ".map", ".svg", ".txt", ".wasm", ".webmanifest"})


@dataclass(frozen=True, slots=True)
class UiFile:
    """A file of the UI as it is sent. `packed` is its gzip, or None where packing gains nothing."""

    body: bytes
    packed: bytes | None
    type: str
    etag: str


class UiFiles:
    """An ASGI application over one directory. Files are read once; a new build is noticed by its page."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._built_ns: int | None = None
        self._paths: dict[str, Path] = {}
        self._file = lru_cache(maxsize=None)(read_file)  # bounded by the files of one build

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = await self._reply(scope)
        for name, value in SECURITY_HEADERS.items():
            reply.headers[name] = value
        await reply(scope, receive, send)

    async def _reply(self, scope: Scope) -> Response:
        headers, path = Headers(scope=scope), scope["path"]
        if scope["method"] != "GET":
            return _nothing_here(scope)
        await run_in_threadpool(self._notice_new_build)
        if INDEX not in self._paths:
            return PlainTextResponse(NOT_BUILT, status_code=503)
        if path not in self._paths:
            if not _wants_page(path, headers):
                return _nothing_here(scope)
            path = INDEX  # the page's own router knows the path
        scope["endpoint"], scope["path"] = self, path  # for the log line: which file it was
        file = await run_in_threadpool(self._file, self._paths[path])
        return file_reply(file, path, headers)

    def _notice_new_build(self) -> None:
        try:
            built_ns = (self._directory / INDEX.lstrip("/")).stat().st_mtime_ns
        except OSError:
            built_ns = None
        if built_ns != self._built_ns:
            self._paths = {
                "/" + path.relative_to(self._directory).as_posix(): path
                for path in self._directory.rglob("*")
                if path.is_file() and not path.name.startswith(".")
            }
            self._file.cache_clear()
            self._built_ns = built_ns


def _wants_page(path: str, headers: Headers) -> bool:
    accepted = headers.get("accept", "*/*")
    is_part = path.startswith(ASSETS) or "." in path.rsplit("/", 1)[-1]
    return "text/html" in accepted or ("*/*" in accepted and not is_part)


def file_reply(file: UiFile, path: str, request: Headers) -> Response:
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if path.startswith(ASSETS) else "no-cache",
        "Content-Type": file.type,
        "ETag": file.etag,
        "Vary": "Accept-Encoding",
    }
    if file.etag in request.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if file.packed is not None and "gzip" in request.get("accept-encoding", ""):
        return Response(file.packed, headers={**headers, "Content-Encoding": "gzip"})
    return Response(file.body, headers=headers)


def read_file(path: Path) -> UiFile:
    body, suffix = path.read_bytes(), path.suffix.lower()
    return UiFile(
        body=body,
        packed=gzip.compress(body, mtime=0) if suffix in _PACKED else None,
        type=_TYPES.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        etag=f'W/"{hashlib.sha256(body).hexdigest()[:32]}"',
    )


def _nothing_here(scope: Scope) -> Response:
    message = f"Cannot {scope['method']} {scope['path']}"
    return Json({"message": message, "code": "not_found"}, status_code=404)
