"""Golden files: cases people can read. `GOLDEN_UPDATE=1` rewrites the answers; review the diff, above all the rows.

A file holds cases. A case is a title after `== `, the request, and answers after `-- name` lines.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

GOLDEN = Path(__file__).resolve().parent.parent / "golden"


@dataclass(frozen=True)
class Case:
    file: Path
    title: str
    request: str
    answers: dict[str, str]

    @property
    def id(self) -> str:
        return f"{self.file.stem}: {self.title}"


def read_cases(folder: str) -> list[Case]:
    return [case for file in sorted((GOLDEN / folder).glob("*.case")) for case in _parse(file)]


def check(case: Case, answer: Callable[[str], dict[str, str]]) -> None:
    """Compare what `answer` says to the request with the file, or write it there."""
    given = {name: text.strip("\n") for name, text in answer(case.request).items()}
    if os.environ.get("GOLDEN_UPDATE"):
        _rewrite(case, given)
    else:
        assert given == case.answers


def _parse(file: Path) -> list[Case]:
    cases = []
    for block in file.read_text().split("\n== ")[1:]:
        title, _, rest = block.partition("\n")
        request, *sections = ("\n" + rest).split("\n-- ")
        answers = {}
        for section in sections:
            name, _, text = section.partition("\n")
            answers[name] = text.strip("\n")
        cases.append(Case(file, title, request.strip("\n"), answers))
    return cases


def _rewrite(case: Case, given: dict[str, str]) -> None:
    head = case.file.read_text().split("\n== ")[0]
    blocks = [head.rstrip("\n") + "\n"]
    for each in _parse(case.file):
        answers = given if each.title == case.title else each.answers
        sections = "".join(f"-- {name}\n{text}\n" for name, text in answers.items())
        blocks.append(f"\n== {each.title}\n{each.request}\n{sections}")
    case.file.write_text("".join(blocks))
