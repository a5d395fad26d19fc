"""The README's first five minutes, run as written against a fresh server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from program import LiveServer, clean_environment

README = Path(__file__).resolve().parent.parent / "README.md"


def lines_to_run(server: LiveServer) -> str:
    """Every ```bash block but the two make commands, in order, with the default ports replaced by the server's."""
    blocks = [
        block for block in re.findall(r"```bash\n(.*?)```", README.read_text(), re.DOTALL) if "make " not in block
    ]
    text = "\n".join(blocks)
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
    names = [
        source["name"]
        for source in json.loads(re.search(r'\{"data":\[\{.*?"name".*?\]\}(?=\{)', done.stdout)[0])["data"]
    ]  # type: ignore[index]
    assert names == ["Logs", "Traces", "Metrics", "Sessions"]
    answer = json.loads(done.stdout[done.stdout.rindex('{"data":') :])
    assert [(row["group"], row["series_0.data"]) for row in answer["data"]] == [(["checkout"], 1)]
