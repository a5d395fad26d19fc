"""Messages that an alert cannot be judged, and that it can be again: who relies on it must not learn it the hard way.

They go where the alert's own messages go, on lanes and under event ids of their own, so that they open and close an
incident that is not one of the alert's groups.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from clickstack.core.alert import SEVERITY, TROUBLE_AFTER, Alert
from clickstack.core.ids import IdSource
from clickstack.core.webhook import Webhook
from clickstack.metadata import TROUBLE, Evaluation, Notification

from .channels import Words, escape_of
from .notice import Notice, Subject, render, view
from .policy import Policy
from .question import interval_ms_of
from .queueing import Addressee, addressees_of, digest
from .window import Window


@dataclass(frozen=True, slots=True)
class Trouble:
    """Windows that could not be judged, in a row; `window` is the newest, `problem` what is wrong now."""

    windows: int
    window: Window
    problem: str


def tells_after(alert: Alert) -> int | None:
    """After how many windows people want to be told; None: never."""
    after = alert.extra.get(TROUBLE_AFTER)
    return int(after) if after else None


def failed_in_a_row(newest_first: Iterable[Evaluation], window: Window) -> int:
    """How many windows could not be judged up to this one, which could not either."""
    before = (each for each in newest_first if each.window_end_ms != window.end_ms)
    return 1 + sum(1 for _ in itertools.takewhile(lambda each: each.state == "ERROR", before))


def trouble_messages(
    alert: Alert,
    policy: Policy,
    subject: Subject,
    trouble: Trouble,
    webhooks: Sequence[Webhook],
    app_url: str,
    ids: IdSource,
    now_ms: int,
) -> list[Notification]:
    notice = _notice(alert, policy, subject, trouble)
    plain = render(notice, app_url)
    found, _ = addressees_of(alert, plain, webhooks)
    return [
        Notification(
            id=ids.object_id(),
            team_id=alert.team_id,
            alert_id=alert.id,
            group="",
            lane=digest(alert.id, TROUBLE, each.key),
            target=each.target,
            target_key=digest(alert.team_id, each.key),
            kind=TROUBLE,
            words=asdict(_words(notice, trouble, each, plain.link, app_url)),
            created_ms=now_ms,
            next_ms=now_ms,
        )
        for each in found
    ]


def ends_of(open_troubles: Sequence[Notification], window: Window, ids: IdSource, now_ms: int) -> list[Notification]:
    """What was told is over; in the words of the beginning, whose alert may have another name by now."""
    return [
        replace(
            each, id=ids.object_id(), kind="resolve", words=asdict(_end(Words(**each.words), window)),
            created_ms=now_ms, next_ms=now_ms, state="queued", attempts=0, done_ms=None, error=None,
        )
        for each in open_troubles
    ]  # fmt: skip


def _notice(alert: Alert, policy: Policy, subject: Subject, trouble: Trouble) -> Notice:
    return Notice(
        alert_id=alert.id,
        team_id=alert.team_id,
        kind="fire",
        subject=subject,
        threshold=policy.rule.threshold,
        interval_ms=interval_ms_of(alert),
        window=trouble.window,
        opened_ms=trouble.window.end_ms,
        value=None,
        title=alert.name,
        message=alert.message,
        note=alert.note,
        severity=alert.extra.get(SEVERITY),
        channels=len(alert.channels),
    )


def _words(notice: Notice, trouble: Trouble, to: Addressee, link: str, app_url: str) -> Words:
    escape = escape_of(to.service)
    told = replace(notice, severity=to.severity) if to.severity else notice
    event_id = digest(notice.alert_id, TROUBLE, to.key)
    times = "window" if trouble.windows == 1 else f"{trouble.windows} windows in a row"
    return Words(
        title=f'🚨 The alert for "{escape(notice.subject.name)}" cannot be judged',
        body=f"Its last {times} could not be judged; its state stays as it was.\n{escape(trouble.problem)}",
        link=link,
        state="ALERT",
        event_id=event_id,
        idempotency_key=digest(event_id, TROUBLE, str(trouble.window.end_ms)),
        start_ms=trouble.window.start_ms,
        end_ms=trouble.window.end_ms,
        values=view(told, app_url),
    )


def _end(words: Words, window: Window) -> Words:
    return replace(
        words,
        title="✅ " + words.title.removeprefix("🚨 ").replace("cannot be judged", "can be judged again"),
        body="It is judged again.",
        state="OK",
        idempotency_key=digest(words.event_id, "over", str(window.end_ms)),
        start_ms=window.start_ms,
        end_ms=window.end_ms,
        values={**words.values, "state": "OK"},
    )
