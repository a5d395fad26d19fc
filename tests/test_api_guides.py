"""The guides of docs/api run as written, one after the other, after the README's first lines."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from program import LiveServer, clean_environment

ROOT = Path(__file__).resolve().parent.parent
GUIDES = ("saved-searches", "webhooks", "alerts", "sources", "dashboards", "connections", "team")
STRICT = 'curl() { command curl --fail-with-body "$@"; }\n'  # a refusal ends the script


def blocks(page: Path) -> list[str]:
    return [block for block in re.findall(r"```bash\n(.*?)```", page.read_text(), re.DOTALL) if "make " not in block]


def test_the_guides(fresh_server: LiveServer, tmp_path: Path) -> None:
    readme = [block for block in blocks(ROOT / "README.md") if "SOURCE_ID=" in block or "ACCESS_KEY=" in block]
    guides = [block for name in GUIDES for block in blocks(ROOT / "docs" / "api" / f"{name}.md")]
    script = STRICT + "\n".join([*readme, *guides]).replace("http://localhost:8000", fresh_server.api_url)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True, text=True, cwd=tmp_path, env=clean_environment(), timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert '"name":"All errors"' in done.stdout
    assert '"success":true' in done.stdout
    assert "a-secret" not in done.stdout
    assert done.stdout.count("{}") >= 5  # every delete
