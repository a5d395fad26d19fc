"""Team Settings → API Keys: keys of the organization are made, used, changed and deleted; readable in both themes."""

from __future__ import annotations

import base64

import pytest
from playwright.sync_api import Page, expect

from browser.screen import Account, serious_violations
from program import LiveServer, call

pytestmark = pytest.mark.browser


def test_a_key_of_the_organization_is_made_used_changed_and_deleted(
    server: LiveServer, account: Account, open_page
) -> None:
    key = call("GET", f"{server.api_url}/me", cookie=account.cookie)[2]["accessKey"]
    role = {"name": "Drawers", "permissions": [{"action": "read", "subject": "all"}]}
    assert call("POST", f"{server.api_url}/api/v2/roles", role, authorization=f"Bearer {key}")[0] == 200
    page: Page = open_page(f"{server.app_url}/team?tab=keys", cookie=account.cookie)
    card = page.get_by_role("region", name="API keys of the organization")
    expect(card.get_by_text("No keys yet")).to_be_visible()
    line = card.get_by_role("region", name="request with an API key")
    expect(line).to_contain_text("--user 'KEY_ID:KEY_SECRET'")

    card.get_by_role("button", name="Create API key").click()
    form = page.get_by_role("dialog")
    expect(form.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Terraform")
    form.get_by_label("IP access list").fill("127.0.0.0/8 here\n\nnowhere")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("Line 3: Invalid")
    assert serious_violations(page) == []
    form.get_by_label("IP access list").fill("127.0.0.0/8 here")
    form.get_by_role("button", name="Create key").click()

    expect(form).to_have_count(0)
    expect(card.get_by_role("button", name="Create API key")).to_be_focused()
    card.get_by_role("button", name="Copy request with an API key").click()
    words = str(page.evaluate("navigator.clipboard.readText()")).split()
    pair, url = words[2].strip("'"), words[3]
    assert url.startswith(f"{server.api_url}/v1/organizations/")
    basic = f"Basic {base64.b64encode(pair.encode()).decode()}"
    assert call("GET", url, authorization=basic)[0] == 200
    card.get_by_role("button", name="Reveal secret of Terraform").click()
    assert card.get_by_role("textbox", name="secret of Terraform").input_value() == pair.partition(":")[2]
    assert serious_violations(page) == []

    page.reload()
    expect(line).to_contain_text("KEY_ID:KEY_SECRET")
    row = card.get_by_role("row", name="Terraform")
    for text in (f"…{pair.partition(':')[0][-4:]}", "Service API reader", "in 89 d", "127.0.0.0/8"):
        expect(row.get_by_text(text)).to_be_visible()
    row.get_by_role("button", name="Edit Terraform").click()
    form.get_by_label("Name").fill("Deploys")
    form.get_by_text("Disabled").click()
    form.get_by_text("No end").click()
    form.get_by_label("Service admin").check()
    form.get_by_label("Drawers").check()
    form.get_by_role("button", name="Save").click()
    row = card.get_by_role("row", name="Deploys")
    for text in ("disabled", "Service API reader, Service admin, Drawers", "no end"):
        expect(row.get_by_text(text, exact=True)).to_be_visible()
    assert call("GET", url, authorization=basic)[0] == 401
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "light")
    assert serious_violations(page) == []

    row.get_by_role("button", name="Delete Deploys").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete key").click()
    expect(card.get_by_text("No keys yet")).to_be_visible()
