"""The planted incidents can be seen in the data, where `incidents` says, and nowhere else."""

from __future__ import annotations

import pytest

from clickstack.demo import WINDOW_S, Incident, LogLine, SpanRecord, generate, incidents
from demo.conftest import NOON_S, SECOND_NS, at


def planted(name: str) -> Incident:
    """The incident of that name after noon."""
    (found,) = [each for each in incidents(at(0), at(120)) if each.name == name]
    return found


def spans_around(incident: Incident, minutes: float = 6, rate: float = 8) -> list[SpanRecord]:
    margin_ns = int(minutes * 60) * SECOND_NS
    found = generate(1, incident.start_ns - margin_ns, incident.end_ns + margin_ns, rate)
    return [record for record in found if isinstance(record, SpanRecord)]


def is_inside(incident: Incident, span: SpanRecord) -> bool:
    """By the start of the span, leaving out the traces that began just before an edge."""
    return incident.start_ns <= span.start_ns < incident.end_ns


def percentile(values: list[int], share: float) -> int:
    return sorted(values)[int(len(values) * share)]


@pytest.mark.parametrize("shift_s", [0, 1, 3_600, 7_000])
def test_every_two_hours_hold_every_incident(shift_s: int) -> None:
    start_ns = (NOON_S + shift_s) * SECOND_NS
    found = {each.name for each in incidents(start_ns, start_ns + WINDOW_S * SECOND_NS)}
    assert found == {"slow_checkout", "cart_restart", "payment_canary", "payment_errors", "noisy_inventory"}


def test_checkout_is_slow_during_the_incident_only() -> None:
    slow = planted("slow_checkout")
    checkouts = [span for span in spans_around(slow) if span.name == "POST /checkout"]
    inside = [span.end_ns - span.start_ns for span in checkouts if is_inside(slow, span)]
    outside = [span.end_ns - span.start_ns for span in checkouts if not is_inside(slow, span)]
    assert percentile(inside, 0.95) >= 5 * percentile(outside, 0.95)


def test_the_slowness_comes_from_one_query() -> None:
    slow = planted("slow_checkout")
    queries = [
        span
        for span in spans_around(slow, minutes=1)
        if is_inside(slow, span) and span.attributes.get("db.system.name") == "postgresql"
    ]
    slowest = max(queries, key=lambda span: span.end_ns - span.start_ns)
    assert (slowest.instance.service, slowest.attributes["db.collection.name"]) == ("payment", "ledger")


def test_the_new_payment_version_fails_during_the_incident_only() -> None:
    errors = planted("payment_errors")
    payment = [span for span in spans_around(errors) if span.instance.service == "payment"]

    def error_share(inside: bool, version: str) -> float:
        found = [
            span
            for span in payment
            if is_inside(errors, span) == inside and (span.instance.version == version) and span.kind == "server"
        ]
        assert len(found) > 20
        return sum(span.status == "error" for span in found) / len(found)

    assert error_share(True, "2.4.1") >= 0.3
    assert error_share(False, "2.4.1") < 0.03
    assert error_share(True, "2.4.0") < 0.05
    assert error_share(False, "2.4.0") < 0.03


def test_the_canary_runs_on_one_pod_between_roll_out_and_roll_back() -> None:
    canary = planted("payment_canary")
    spans = [span for span in spans_around(canary, minutes=2, rate=4) if span.instance.version == "2.4.1"]
    assert len({span.instance.pod for span in spans}) == 1
    assert all(canary.start_ns <= span.start_ns < canary.end_ns + 60 * SECOND_NS for span in spans)
    lines = [r.body for r in generate(1, at(66), at(78), 0.1) if isinstance(r, LogLine)]
    assert sum("Rolling out payment 2.4.1" in body for body in lines) == 1
    assert sum("Rolled back payment" in body for body in lines) == 1


def test_inventory_is_noisy_during_the_incident_only() -> None:
    noisy = planted("noisy_inventory")
    margin_ns = 300 * SECOND_NS
    lines = [
        record
        for record in generate(1, noisy.start_ns - margin_ns, noisy.end_ns + margin_ns)
        if isinstance(record, LogLine)
    ]
    retries = [line for line in lines if "retrying in" in line.body]
    assert {line.instance.service for line in retries} == {"inventory"}
    assert all(noisy.start_ns <= line.time_ns < noisy.end_ns for line in retries)
    inside = [line for line in lines if noisy.start_ns <= line.time_ns < noisy.end_ns]
    assert len(retries) > len(inside) / 2


def test_the_cart_pod_is_killed_with_a_fatal_line() -> None:
    restart = planted("cart_restart")
    lines = [r for r in generate(1, restart.start_ns, restart.end_ns + SECOND_NS) if isinstance(r, LogLine)]
    fatal = [line for line in lines if line.severity == "FATAL"]
    assert [(line.instance.service, "Out of memory" in line.body) for line in fatal] == [("cart", True)]
    assert any(line.body.startswith("cart 2.1.8 started") for line in lines)
