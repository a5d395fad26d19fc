"""The page that shows the API's description, and its files: open to anybody, from this server alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from clickstack.api.ui_files import UI_DIRECTORY
from clickstack.api.v2 import docs

PAGE = "/api/v2/docs"


def test_the_page_and_the_document_need_no_key(api: httpx.Client) -> None:
    page = api.get(PAGE)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    document = api.get("/api/v2/openapi.json")
    assert document.json()["openapi"].startswith("3.1")
    assert document.headers["content-type"] == "application/json; charset=utf-8"
    assert api.get("/api/v2/openapi.json", headers={"if-none-match": document.headers["etag"]}).status_code == 304
    assert api.post(PAGE).status_code == 401, "reading only"


def test_nothing_comes_from_elsewhere(api: httpx.Client) -> None:
    page = api.get(PAGE)
    named = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    assert {"docs/swagger-ui.css", "docs/page.css", "docs/swagger-ui-bundle.js", "docs/page.js"} <= set(named)
    assert not [name for name in named if "//" in name]
    assert "<script>" not in page.text
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "http" not in policy


@pytest.mark.parametrize(("path", "base"), [(PAGE, "./"), (PAGE + "/", "../")])
@pytest.mark.parametrize("through_app_port", [False, True])
def test_the_page_finds_its_files(connect: Any, path: str, base: str, through_app_port: bool) -> None:
    client = connect(app_port=through_app_port)
    page = client.get("/api" + path if through_app_port else path)
    assert f'<base href="{base}" />' in page.text
    script = page.url.join(base).join("docs/page.js")
    reply = client.get(script)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/javascript; charset=utf-8")


def test_files_are_packed_and_asked_for_anew(api: httpx.Client) -> None:
    reply = api.get(PAGE + "/page.css", headers={"accept-encoding": "gzip"})
    assert reply.headers["content-encoding"] == "gzip"
    assert reply.headers["cache-control"] == "no-cache"
    again = api.get(PAGE + "/page.css", headers={"if-none-match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for unpacked in ("gzip;q=0", "identity", "gzip;q=0, *;q=1", "br"):
        assert "content-encoding" not in api.get(PAGE + "/page.css", headers={"accept-encoding": unpacked}).headers
    assert api.get(PAGE + "/page.css", headers={"accept-encoding": "*;q=0.5"}).headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("name", ["nothing.js", "page.html", "..%2F..%2Fwire.py", "swagger-ui-bundle.js.map"])
def test_no_other_file_is_there(api: httpx.Client, name: str) -> None:
    assert api.get(f"{PAGE}/{name}").status_code == 404


def test_without_a_built_viewer_the_page_says_so(
    api: httpx.Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(docs.FILES, "swagger-ui.css", tmp_path)
    reply = api.get(PAGE + "/swagger-ui.css")
    assert (reply.status_code, reply.json()["message"]) == (
        404,
        "The viewer is not built. Run `make ui`, then load the page again.",
    )


@pytest.mark.skipif(not UI_DIRECTORY.exists(), reason="the UI is not built")
def test_the_viewer_came_with_its_licenses(api: httpx.Client) -> None:
    assert "SwaggerUIBundle" in api.get(PAGE + "/swagger-ui-bundle.js").text
    assert "Apache License" in api.get(PAGE + "/licenses.txt").text
