"""The README's first five minutes, and then docs/api.md, run as written against a fresh server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from program import LiveServer, clean_environment

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", ROOT / "docs" / "api.md")


def lines_to_run(server: LiveServer) -> str:
    """Every ```bash block but the two make commands, in order, with the default ports replaced by the server's."""
    written = "".join(page.read_text() for page in PAGES)
    text = "\n".join(block for block in re.findall(r"```bash\n(.*?)```", written, re.DOTALL) if "make " not in block)
    for default, url in (("http://localhost:8000", server.api_url), ("http://localhost:4318", server.otlp_http_url)):
        assert default in text
        text = text.replace(default, url)
    return text


def test_the_first_five_minutes(fresh_server: LiveServer, tmp_path: Path) -> None:
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.fail("the README's lines need bash and curl")
    script = lines_to_run(fresh_server).replace("\nSOURCE_ID=", "\nsleep 3\nSOURCE_ID=")  # a person reads on meanwhile
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True, text=True, cwd=tmp_path, env=clean_environment(), timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '{"status":"success"}' in done.stdout
    answers = [json.loads(line) for line in re.sub(r"(?<=\})(?=\{)", "\n", done.stdout).splitlines() if line]
    status, partial, sources, counted, me, _, one_source, ratio, found = answers
    assert (status, partial) == ({"status": "success"}, {"partialSuccess": {}})
    assert [source["name"] for source in sources["data"]] == ["Logs", "Traces", "Metrics", "Sessions"]
    assert [(row["group"], row["series_0.data"]) for row in counted["data"]] == [(["checkout"], 1)]
    assert me["user"]["email"] == "you@example.com"
    assert one_source["data"]["name"] == "Logs"
    # The server's own logs are there too, as service clickstack.
    assert (["checkout"], 0.5) in [(row["group"], row["ratio"]) for row in ratio["data"]]
    assert [row["Body"] for row in found["data"]] == ["order 17 shipped"]
