"""What the browser tests know about the screen: waiting for an event, signing in, and asking axe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Page

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
LOG_LINES = {"error": "payment failed for order 81723", "warn": "retrying charge", "info": "order 81724 placed"}


@dataclass(frozen=True)
class Account:
    """The one account of the shared server, with what a client of it knows."""

    cookie: str
    ingestion_key: str


def wait_for_event(page: Page, text: str) -> None:
    """Runs the query until a stored event is searchable: accepted is not yet loaded."""
    cell = page.get_by_role("gridcell", name=text).first
    for _ in range(60):
        try:
            cell.wait_for(timeout=500)
        except Error:
            page.get_by_role("button", name="Run", exact=True).click()
        else:
            return
    raise AssertionError(f"the event {text!r} did not appear")


def log_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def serious_violations(page: Page) -> list[str]:
    """What axe calls serious or critical on the page as it stands, one line each."""
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {violation['help']} at {violation['nodes'][0]['target']}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
