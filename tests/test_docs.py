"""The documentation says what is true: settings are listed, files it names exist, examples in docstrings run."""

from __future__ import annotations

import doctest
import importlib
import os
import re
from pathlib import Path

import pytest

from clickstack.core.settings import Settings, describe

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        "Every setting of `clickstack serve`. A command-line option beats an environment variable, which beats the",
        "default. An unknown `CLICKSTACK_*` variable or an unreadable value refuses to start. `clickstack settings`",
        "shows the values in force.",
        "",
        "| option | environment | default | what it does |",
        "|---|---|---|---|",
    ]
    for row in describe(Settings(), {}):
        option = "--" + row.name.replace("_", "-")
        lines.append(f"| `{option}` | `{row.env}` | {f'`{row.default}`' if row.default else 'empty'} | {row.help} |")
    return "\n".join(lines) + "\n"


def test_golden_settings_page() -> None:
    page = ROOT / "docs" / "settings.md"
    if os.environ.get("GOLDEN_UPDATE"):
        page.write_text(settings_page())
    assert page.read_text() == settings_page(), "docs/settings.md is old: run `make golden`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_named_in_documents_exist(page: Path) -> None:
    for name in re.findall(r"`((?:src|tests|bench|docs|ui)/[\w./-]+)`", page.read_text()):
        assert (ROOT / name).exists(), f"{page.name} names {name}"
    for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text()):
        assert (page.parent / link).exists(), f"{page.name} links to {link}"


def _modules_with_examples() -> list[str]:
    source = ROOT / "src"
    return [
        ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted(source.rglob("*.py"))
        if ">>> " in path.read_text()
    ]


@pytest.mark.parametrize("module", _modules_with_examples())
def test_examples_in_docstrings_run(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted > 0
    assert outcome.failed == 0
