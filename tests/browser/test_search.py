"""The search page: what a person types, clicks and presses, and what the address then says."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from browser.screen import LOG_LINES, Account
from program import LiveServer, send_one_log

pytestmark = pytest.mark.browser


def run_query(page: Page, text: str) -> None:
    page.keyboard.press("/")
    page.get_by_label("Filter", exact=True).fill(text)
    page.keyboard.press("Enter")


def test_a_wrong_query_is_underlined_where_it_is_wrong(search_page: Page) -> None:
    run_query(search_page, "payment AND )")
    expect(search_page.get_by_role("heading", name="The query has a mistake")).to_be_visible()
    field = search_page.get_by_label("Filter", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(search_page.locator("mark")).to_have_text(")")
    run_query(search_page, "payment")
    expect(search_page.get_by_role("gridcell", name=LOG_LINES["error"])).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "false")


def test_the_address_is_the_state(search_page: Page) -> None:
    run_query(search_page, "order")
    expect(search_page.get_by_text("2 results", exact=True)).to_be_visible()
    search_page.wait_for_url("**where=order**")
    search_page.reload()
    expect(search_page.get_by_label("Filter", exact=True)).to_have_value("order")
    expect(search_page.get_by_text("2 results", exact=True)).to_be_visible()
    search_page.go_back()
    expect(search_page.get_by_label("Filter", exact=True)).to_have_value("")


def test_sql_is_the_other_language(search_page: Page) -> None:
    search_page.get_by_text("SQL", exact=True).first.click()
    run_query(search_page, "SeverityText = 'warn'")
    expect(search_page.get_by_text("1 result", exact=True)).to_be_visible()
    assert "whereLanguage=sql" in search_page.url
    search_page.get_by_role("button", name="SQL").click()
    expect(search_page.get_by_role("region", name="Rows SQL")).to_contain_text("SELECT")


def test_nothing_found_says_what_to_do(search_page: Page) -> None:
    run_query(search_page, "zebra")
    expect(search_page.get_by_role("heading", name="Nothing matches this query")).to_be_visible()
    search_page.get_by_role("button", name="Clear the query").click()
    expect(search_page.get_by_role("gridcell", name=LOG_LINES["info"])).to_be_visible()


def test_the_time_range_in_words_and_by_dragging(search_page: Page) -> None:
    search_page.keyboard.press("Escape")
    search_page.keyboard.press("d")
    words = search_page.get_by_label("Type a range")
    words.fill("the day before")
    expect(search_page.get_by_text("is not a time this field knows")).to_be_visible()
    words.fill("last 2h")
    words.press("Enter")
    search_page.wait_for_url("**range=2h**")
    expect(search_page.get_by_role("button", name="Time range: Last 2 hours")).to_be_visible()

    plot = search_page.locator(".u-over").bounding_box()
    assert plot is not None
    middle = plot["y"] + plot["height"] / 2
    search_page.mouse.move(plot["x"] + plot["width"] * 0.5, middle)
    search_page.mouse.down()
    search_page.mouse.move(plot["x"] + plot["width"] * 0.9, middle, steps=4)
    search_page.mouse.up()
    search_page.wait_for_url(re.compile(r"from=\d{13}&to=\d{13}"))


def test_the_keyboard_is_enough(search_page: Page) -> None:
    grid = search_page.get_by_role("grid")
    grid.focus()
    search_page.keyboard.press("ArrowDown")
    search_page.keyboard.press("ArrowDown")
    expect(search_page.get_by_role("row", selected=True)).to_have_attribute("aria-rowindex", "3")
    search_page.keyboard.press("Enter")
    panel = search_page.get_by_role("complementary", name="Event")
    expect(panel.get_by_text("2 of 3")).to_be_visible()
    search_page.keyboard.press("j")
    expect(panel.get_by_text("3 of 3")).to_be_visible()
    search_page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    search_page.keyboard.press("?")
    expect(search_page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_filters_from_the_event_panel(search_page: Page) -> None:
    search_page.get_by_role("gridcell", name=LOG_LINES["warn"]).click()
    panel = search_page.get_by_role("complementary", name="Event")
    line = panel.get_by_text("SeverityText", exact=True)
    line.hover()
    panel.get_by_role("button", name="Filter out SeverityText").click()
    expect(search_page.get_by_label("Filter", exact=True)).to_have_value('NOT SeverityText:"warn"')
    expect(search_page.get_by_text("2 results", exact=True)).to_be_visible()


def test_live_tail_shows_what_arrives(search_page: Page, server: LiveServer, account: Account) -> None:
    run_query(search_page, "tail")
    search_page.get_by_role("button", name="Live", exact=True).click()
    search_page.get_by_role("button", name="Refresh every").click()
    search_page.get_by_role("menuitem", name="1 s", exact=True).click()
    send_one_log(server, account.ingestion_key, "tail of the shop", "debug")
    expect(search_page.get_by_role("gridcell", name="tail of the shop")).to_be_visible()
    search_page.get_by_role("gridcell", name="tail of the shop").click()
    expect(search_page.get_by_role("button", name="Resume live tail")).to_be_visible()
