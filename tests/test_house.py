"""The house rules: who may import whom, no cycles, who may ask for time, chance, environment; how long things are.

ARCHITECTURE.md explains them. A rule that must bend is bent here, with its reason.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ROOT / "src" / "clickstack"
MODULES = sorted(HOUSE.rglob("*.py"))

ALL_ROOMS = {"core", "store", "metadata", "ingest", "query", "auth", "alerts", "api"}
ROOMS: dict[str, set[str]] = {  # a room may import the rooms on its line; core imports nobody
    "core": set(),
    "store": {"core"},
    "metadata": {"core"},
    "ingest": {"core", "store"},
    "query": {"core", "store"},
    "auth": {"core", "metadata"},
    "alerts": {"core", "query", "metadata"},
    "api": ALL_ROOMS - {"api"},
    "demo": {"core"},
    "self_telemetry": {"core"},
    "server": ALL_ROOMS | {"self_telemetry"},
    "cli": {"core", "server", "demo", "store"},
    "__main__": {"cli"},
    "__init__": set(),
}
BANNED = {  # spelling → (modules that may use it, what to write instead)
    r"\bdatetime\.now\(|\btime\.time(_ns)?\(|\btime\.monotonic\(|\butcnow\(": (
        {"core/clock.py"},
        "the clock you were given",
    ),
    r"\bos\.environ\b|\bos\.getenv\(": (
        {
            "core/settings.py",
            "store/allocator.py",  # the engine's allocator is told by the environment alone
        },
        "the settings you were given",
    ),
    r"\buuid4\(|\bsecrets\.|\brandom\.(random|randint|choice)\(": ({"core/ids.py"}, "the id source you were given"),
    r"\bexcept Exception\b|\bexcept BaseException\b|\bexcept:": (
        {
            "alerts/delivery.py",  # a message that cannot be sent must not keep the others from being sent
            "alerts/engine.py",  # one alert's fault must not keep the others from being judged
            "alerts/watch.py",  # ... nor one round's the next; the watch must outlive them all
            "alerts/workers.py",  # hands every fault on to who waits
            "api/app.py",  # the mask: anything unknown becomes one 500
            "api/stream.py",  # the same mask, once a stream has begun
            "api/wire.py",  # the same mask, in the middleware around everything
            "ingest/loader.py",  # the loader must outlive any batch
            "ingest/spool.py",  # the committer must answer every waiting sender, whatever happened
            "ingest/otlp_grpc.py",  # the mask of the gRPC port
            "ingest/otlp_http.py",  # the mask of the OTLP port
            "server/errands.py",  # the one who asked must get an answer
            "self_telemetry/pipeline.py",  # must never hurt the server it watches
        },
        "the narrow exception",
    ),
}
NAMES_BANNED = {"utils", "helpers", "common", "manager", "service", "misc", "util", "helper"}
MODULE_LINES_MAX, FUNCTION_LINES_MAX = 400, 70
EXEMPT: dict[str, str] = {}  # "query/run.py" or "query/run.py:function" → reason. May only shrink.


def room_of(path: Path) -> str:
    first = path.relative_to(HOUSE).parts[0]
    return first.removesuffix(".py")


def name_of(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def imported_modules(path: Path) -> Iterator[str]:
    """Dotted names inside the package, for every import anywhere in the file, lazy ones and type-only ones included."""
    package = ["clickstack", *path.relative_to(HOUSE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "clickstack")
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            dotted = ".".join([*base, *([node.module] if node.module else [])])
            if dotted.split(".")[0] == "clickstack":
                yield from (f"{dotted}.{alias.name}" for alias in node.names)


def module_file(dotted: str) -> Path | None:
    """The file of `clickstack.room.module[.name]`, whether the last part is a module or a name in it."""
    parts = dotted.split(".")[1:]
    for end in (len(parts), len(parts) - 1):
        target = HOUSE.joinpath(*parts[:end])
        if target.with_suffix(".py").is_file():
            return target.with_suffix(".py")
        if (target / "__init__.py").is_file():
            return target / "__init__.py"
    return None


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_one_way(path: Path) -> None:
    room = room_of(path)
    for dotted in imported_modules(path):
        parts = dotted.split(".")
        target = parts[1] if len(parts) > 1 else "__init__"
        if (HOUSE / target).is_dir() or (HOUSE / f"{target}.py").is_file():
            assert target == room or target in ROOMS[room], (
                f"{name_of(path)} imports {dotted}: {room} may not import {target}"
            )


def test_no_import_cycles() -> None:
    graph = {
        path: {target for d in imported_modules(path) if (target := module_file(d)) and target != path}
        for path in MODULES
    }
    done: set[Path] = set()

    def visit(path: Path, trail: tuple[Path, ...]) -> None:
        if path in trail:
            cycle = " → ".join(name_of(each) for each in (*trail[trail.index(path) :], path))
            raise AssertionError(f"import cycle: {cycle}")
        if path not in done:
            for target in sorted(graph.get(path, ())):
                # A package's door imports its own modules; that they import it back would be the cycle.
                visit(target, (*trail, path))
            done.add(path)

    for path in MODULES:
        visit(path, ())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_banned_spellings(path: Path) -> None:
    code = "\n".join(line.split("#")[0] for line in path.read_text().splitlines())
    for pattern, (allowed, instead) in BANNED.items():
        if name_of(path) not in allowed:
            found = re.search(pattern, code)
            assert not found, f"{name_of(path)}: write {instead} instead of {found and found[0]!r}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_are_one_noun_and_short(path: Path) -> None:
    assert not NAMES_BANNED & set(path.stem.split("_")), f"{name_of(path)}: name the noun it is about"
    text = path.read_text()
    lines = len(text.splitlines())
    assert lines <= MODULE_LINES_MAX or name_of(path) in EXEMPT, f"{name_of(path)} has {lines} lines: split it by noun"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or 0) - node.lineno + 1
            where = f"{name_of(path)}:{node.name}"
            assert length <= FUNCTION_LINES_MAX or where in EXEMPT, f"{where} has {length} lines: split it"


@pytest.mark.parametrize("room", sorted(path.parent.name for path in HOUSE.glob("*/__init__.py")))
def test_a_room_explains_itself(room: str) -> None:
    docstring = ast.get_docstring(ast.parse((HOUSE / room / "__init__.py").read_text()))
    assert docstring, f"{room}/__init__.py: say what enters, what leaves, and what must not be added"
    assert len(docstring.split()) > 15, f"{room}/__init__.py: one line is not enough to find one's way"


def test_exemptions_are_still_needed() -> None:
    for where in EXEMPT:
        assert (HOUSE / where.split(":")[0]).exists(), f"{where} is gone: remove its exemption"


def test_nothing_names_a_registry_or_this_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    hosts = re.compile(
        "|".join(
            (
                r"files\.python" + "hosted",
                r"registry\.npm" + "js",
                r"py" + r"pi\.org/simple",
                "/ro" + "ot/",
                "/wo" + "rk/",
            )
        )
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".png", ".ico", ".woff2", ".bin"} or not path.is_file():
            continue
        found = hosts.search(path.read_text(errors="replace"))
        assert not found, f"{name} names {found and found[0]!r}"
