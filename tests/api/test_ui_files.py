"""The app port serves the built UI, or says how to build it."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

SCRIPT = "export const answer = 42;\n" * 100


@pytest.fixture
def ui(tmp_path: Path) -> Path:
    directory = tmp_path / "ui"
    (directory / "assets").mkdir(parents=True)
    (directory / "index.html").write_text("<!doctype html><title>ClickStack</title>")
    (directory / "favicon.svg").write_text("<svg/>")
    (directory / "assets" / "index-abc123.js").write_text(SCRIPT)
    (directory / "assets" / "font-abc123.woff2").write_bytes(b"font")
    (directory / ".digest").write_text("not for everybody")
    (tmp_path / "secret.txt").write_text("outside")
    return directory


@pytest.fixture
def app(connect: Any, ui: Path) -> httpx.Client:
    client: httpx.Client = connect(app_port=True, ui=ui)
    return client


@pytest.mark.parametrize("path", ["/", "/search", "/dashboards/abc", "/login?err=authFail", "/index.html", "/a.b/c"])
def test_every_page_is_the_one_page(app: httpx.Client, path: str) -> None:
    reply = app.get(path, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (reply.status_code, reply.text) == (200, "<!doctype html><title>ClickStack</title>")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["cache-control"] == "no-cache"


def test_hashed_files_are_kept_for_ever(app: httpx.Client) -> None:
    reply = app.get("/assets/index-abc123.js")
    assert reply.text == SCRIPT
    assert reply.headers["content-type"] == "text/javascript; charset=utf-8"
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert app.get("/favicon.svg").headers["cache-control"] == "no-cache"


def test_text_is_packed_where_the_browser_wants_it(app: httpx.Client) -> None:
    packed = app.get("/assets/index-abc123.js", headers={"accept-encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(gzip.compress(SCRIPT.encode(), mtime=0))
    assert packed.text == SCRIPT
    assert "content-encoding" not in app.get("/assets/index-abc123.js", headers={"accept-encoding": "br"}).headers
    assert "content-encoding" not in app.get("/assets/font-abc123.woff2").headers


def test_what_the_browser_has_is_not_sent_again(app: httpx.Client) -> None:
    tag = app.get("/").headers["etag"]
    again = app.get("/", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/assets/index-old.js", "/robots.txt", "/.digest", "/assets", "/..%2fsecret.txt"])
def test_a_missing_part_is_not_the_page(app: httpx.Client, path: str) -> None:
    reply = app.get(path, headers={"accept": "*/*" if "." in path else "application/json"})
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


def test_nothing_outside_the_directory_is_served(app: httpx.Client) -> None:
    for path in ("/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "//secret.txt"):
        assert "outside" not in app.get(path).text


@pytest.mark.parametrize("path", ["/", "/assets/index-abc123.js", "/assets/none.js"])
def test_security_headers(app: httpx.Client, path: str) -> None:
    headers = app.get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-request-id"]


def test_pages_are_read_not_written(app: httpx.Client) -> None:
    assert app.post("/search").status_code == 404
    head = app.head("/")
    assert (head.status_code, head.content) == (200, b"")


def test_unknown_api_paths_are_never_the_page(app: httpx.Client) -> None:
    for path in ("/api", "/api/", "/api/nope"):
        reply = app.get(path, headers={"accept": "text/html"})
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    assert app.get("/apiary", headers={"accept": "text/html"}).status_code == 200


def test_a_checkout_without_a_built_ui_says_so(connect: Any) -> None:
    app = connect(app_port=True)
    reply = app.get("/")
    assert reply.status_code == 503
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert "make ui" in reply.text
    assert app.get("/api/health").status_code == 200


def test_a_new_build_is_noticed_while_the_server_runs(app: httpx.Client, ui: Path) -> None:
    assert app.get("/assets/index-def456.js").status_code == 404
    (ui / "assets" / "index-abc123.js").unlink()
    (ui / "assets" / "index-def456.js").write_text("export const answer = 43;")
    page = ui / "index.html"
    page.write_text("<!doctype html><title>Newer</title>")
    os.utime(page, ns=(1, 1))  # whatever the file system's clock resolves
    assert app.get("/").text == "<!doctype html><title>Newer</title>"
    assert app.get("/assets/index-def456.js").text == "export const answer = 43;"
    assert app.get("/assets/index-abc123.js").status_code == 404
