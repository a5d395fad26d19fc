"""`clickstack compile` and `clickstack query` on the data of a server that was stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from program import call, clean_environment, send_one_log, serve, sign_up, wait_for_count

CHART = {
    "displayType": "table",
    "sourceId": "Logs",
    "select": [{"aggFn": "count", "where": "SeverityText:error", "alias": "errors"}],
    "groupBy": "SeverityText",
}


def clickstack(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clickstack", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=clean_environment())


def test_a_line_and_a_chart_as_sql_and_answer(tmp_path: Path) -> None:
    data_dir, chart = tmp_path / "data", tmp_path / "chart.json"
    chart.write_text(json.dumps(CHART))
    with serve(data_dir, "--self-telemetry", "false") as server:
        me = call("GET", f"{server.api_url}/me", cookie=sign_up(server))[2]
        for number in range(3):
            send_one_log(server, me["team"]["apiKey"], f"log {number}")
        assert wait_for_count(server, me["accessKey"], 3) == 3
        busy = clickstack("query", "log", f"--data-dir={data_dir}")
        assert (busy.returncode, "in use by another ClickStack" in busy.stderr) == (1, True)

    compiled = clickstack("compile", str(chart), f"--data-dir={data_dir}")
    assert "FROM default.otel_logs" in compiled.stdout, compiled.stderr
    answered = clickstack("query", "--chart", str(chart), f"--data-dir={data_dir}")
    assert "error  3" in " ".join(answered.stdout.split(" " * 8)), answered.stdout + answered.stderr
    line = clickstack("query", "SeverityText:error", f"--data-dir={data_dir}")
    assert "SeverityText" in line.stdout
    assert line.stdout.splitlines()[-3].endswith("  3")
    wrong = clickstack("query", "(x", f"--data-dir={data_dir}")
    assert (wrong.returncode, wrong.stderr.count("\n"), wrong.stderr.startswith("clickstack: ")) == (1, 1, True)
    assert "no source 'nosuch'" in clickstack("query", "x", "--source=nosuch", f"--data-dir={data_dir}").stderr
