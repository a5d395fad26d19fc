"""The description of v2 and the page that shows it. Anybody may read them: they are words about the API, no data."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from clickstack.core.errors import NotFound

from ..ui_files import UI_DIRECTORY, UiFile, file_reply, read_file
from ..wire import Json

router = APIRouter(include_in_schema=False)

PAGE = Path(__file__).parent.parent / "description" / "page"
VIEWER = UI_DIRECTORY / "reference"  # Swagger UI, put there by the build of the UI
FILES = {
    "page.js": PAGE,
    "page.css": PAGE,
    "swagger-ui-bundle.js": VIEWER,
    "swagger-ui.css": VIEWER,
    "licenses.txt": VIEWER,
}
HEADERS = {
    "Cache-Control": "no-cache",  # asked for anew each time; the tag of the reply makes that cheap
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
    ),  # inline styles: the viewer sets sizes on elements
    "Referrer-Policy": "same-origin",
}


@router.get("/openapi.json")
def description(request: Request) -> Json:
    return Json(request.app.state.describe(), headers={"Cache-Control": "no-cache"})


@router.get("/docs")
def page(request: Request) -> Response:
    """The page names its files relative to itself; asked for with a slash at the end, it is one level deeper."""
    asked: bytes = request.scope.get("raw_path") or b""
    base = b"../" if asked.endswith(b"/") else b"./"
    html = _file(PAGE / "page.html").body.replace(b"{base}", base)
    return Response(html, media_type="text/html; charset=utf-8", headers=HEADERS)


@router.get("/docs/{file}")
def part(request: Request, file: str) -> Response:
    if file not in FILES:
        raise NotFound("There is no such file.")
    try:
        return file_reply(_file(FILES[file] / file), request.url.path, request.headers)
    except FileNotFoundError:
        raise NotFound("The viewer is not built. Run `make ui`, then load the page again.") from None


@lru_cache(maxsize=len(FILES) + 1)
def _file(path: Path) -> UiFile:
    return read_file(path)
