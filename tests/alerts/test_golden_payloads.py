"""What each channel is sent: `tests/golden/alerts/*.case`. Lines in, an HTTP request out.

kind: fire | resolve          of which notice (a saved search, grouped by ServiceName, whose data try to break out)
service, url, body: text      of the webhook
header NAME: text, query NAME: text, severity: text
"""

from __future__ import annotations

import json
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest

from alerts.test_notice import APP, SEARCH
from clickstack.alerts.channels import BUILDERS, BadTarget, Outgoing, Target, Words, escape_of
from clickstack.alerts.channels.email import email
from clickstack.alerts.notice import Notice, render, view
from query.golden import Case, check, read_cases

NOTICE = replace(
    SEARCH,
    message="see <https://wiki.example.com|runbook>",
    grouped=True,
    group='ServiceName:<!channel> "api"',
    attributes={"ServiceName": '<!channel> "api"'},
    samples='"<b>&co</b>","a\\nb"\n',
    note="restart it",
)


@pytest.mark.parametrize("case", read_cases("alerts"), ids=lambda case: case.id)
def test_payloads(case: Case) -> None:
    check(case, answer)


def answer(text: str) -> dict[str, str]:
    lines = dict(line.split(": ", 1) for line in text.splitlines())
    notice = replace(NOTICE, kind=lines["kind"], severity=lines.get("severity"))
    if notice.kind == "resolve":
        notice = replace(notice, value=0.0)
    service = lines["service"]
    spoken = words(notice, service)
    if service == "email":
        return {"mail": mail_text(email(spoken, "alerts@example.com", ["ada@example.com"], "example.com", 0))}
    target = Target(
        service,
        lines["url"],
        {name.removeprefix("header "): value for name, value in lines.items() if name.startswith("header ")},
        {name.removeprefix("query "): value for name, value in lines.items() if name.startswith("query ")},
        json.loads(lines["body"]) if "body" in lines else None,
    )
    try:
        return {"request": request_text(BUILDERS[service](spoken, target))}
    except BadTarget as error:
        return {"refused": str(error)}


def words(notice: Notice, service: str) -> Words:
    rendered = render(notice, APP, escape_of(service))
    return Words(
        title=rendered.title,
        body=rendered.body,
        link=rendered.link,
        state=notice.state,
        event_id="e" * 40,
        idempotency_key="k" * 40,
        start_ms=notice.window.start_ms,
        end_ms=notice.window.end_ms,
        values=view(notice, APP),
    )


def request_text(outgoing: Outgoing) -> str:
    head = [f"POST {outgoing.url}", *(f"{name}: {value}" for name, value in outgoing.headers.items())]
    return "\n".join([*head, pretty(outgoing.body)])


def pretty(body: bytes) -> str:
    try:
        value: Any = json.loads(body)
    except ValueError:
        return body.decode()
    return json.dumps(value, indent=1, ensure_ascii=False)


def mail_text(message: EmailMessage) -> str:
    head = [f"{name}: {value}" for name, value in message.items()]
    return "\n".join([*head, str(message.get_content())])
