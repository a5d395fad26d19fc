"""Performs a visit: turns the table of works into spans and logs with times, ids and faults."""

from __future__ import annotations

import json
import random
from math import exp
from typing import NamedTuple

from .fleet import BY_NAME, Instance, instances_at
from .incidents import is_during
from .operation import Call, Fault, Template, Work
from .shop import Visit
from .shopper import shopper
from .signals import Attributes, LogLine, Severity, SpanEvent, SpanLink, SpanRecord, Value
from .stacks import stack_trace
from .traffic import SECOND_NS, traffic

_MS = 1_000_000  # nanoseconds
_HOP_MS = 0.35  # one way between two pods
_QUEUE_MS = 60.0  # a message waits about this long for its consumer


class Failure(NamedTuple):
    """How a work ended when it did not end well: what the caller sees."""

    status: int
    code: str
    type: str
    message: str

    @property
    def is_ours(self) -> bool:
        """Whether the server is to blame, not its client."""
        return self.status >= 500


def perform(visit: Visit, chance: random.Random, start_ns: int) -> list[SpanRecord | LogLine]:
    """All spans and logs a visit leaves behind, its messages' consumers included."""
    fields = shopper(chance)
    fields["offset"] = start_ns // SECOND_NS - 1_700_000_000
    walk = _Walk(chance, fields, start_ns, ())
    walk.begin(visit.root, start_ns)
    return walk.records


class _Walk:
    """One trace in the making."""

    def __init__(
        self, chance: random.Random, fields: dict[str, Value], start_ns: int, links: tuple[SpanLink, ...]
    ) -> None:
        self.records: list[SpanRecord | LogLine] = []
        self._chance = chance
        self._fields = fields
        self._second = start_ns / SECOND_NS
        self._load = 0.8 + 0.2 * traffic(self._second)
        self._trace_id = chance.getrandbits(128) | 1
        self._links = links

    def begin(self, root: Work, start_ns: int) -> None:
        self._serve(root, 0, False, start_ns, self._pick(root.service))

    def _call(self, work: Work, parent_id: int, start_ns: int, here: Instance) -> tuple[int, Failure | None]:
        """A call from a span: in the same process, or through a client span to another one."""
        if not work.service:
            return self._serve(work, parent_id, False, start_ns, here)
        there = self._pick(work.service)
        if work.caller is None:
            return self._serve(work, parent_id, True, start_ns, there)
        name, scope, template = work.caller
        span_id = self._new_id()
        arrived_ns = start_ns + self._span_ns(_HOP_MS, 0.5)
        left_ns, failure = self._serve(work, span_id, True, arrived_ns, there)
        end_ns = left_ns + self._span_ns(_HOP_MS, 0.5)
        attributes = template.fill(self._fields)
        self._answer(attributes, work, failure)
        if failure:
            attributes["error.type"] = str(attributes[work.status_key])
        self.records.append(
            SpanRecord(
                instance=here,
                scope=scope,
                trace_id=self._trace_id,
                span_id=span_id,
                parent_id=parent_id,
                remote_parent=False,
                name=name,
                kind="client",
                start_ns=start_ns,
                end_ns=end_ns,
                attributes=attributes,
                status="error" if failure else "unset",
                status_message="",
                events=(),
                links=(),
            )
        )
        return end_ns, failure

    def _serve(
        self, work: Work, parent_id: int, remote: bool, start_ns: int, here: Instance
    ) -> tuple[int, Failure | None]:
        """The span of the work itself, with all it calls."""
        span_id = self._new_id()
        own_ns = self._own_ns(work)
        cursor_ns, failure = self._calls(work, span_id, start_ns + own_ns * 2 // 5, here)
        end_ns = cursor_ns + own_ns * 3 // 5
        fault = None if failure else self._fault(work, here)
        attributes = work.attributes.fill(self._fields)
        events: tuple[SpanEvent, ...] = ()
        if fault is not None:
            failure = Failure(fault.status, fault.code, fault.type, fault.message.format_map(self._fields))
            events = self._raise(fault.severity, failure, work, here, end_ns - own_ns // 5, span_id)
        self._answer(attributes, work, failure)
        ours = failure is not None and failure.is_ours
        if failure and ours:
            attributes["error.type"] = failure.type if fault else str(attributes.get(work.status_key, failure.type))
        self.records.append(
            SpanRecord(
                instance=here,
                scope=work.scope,
                trace_id=self._trace_id,
                span_id=span_id,
                parent_id=parent_id,
                remote_parent=remote,
                name=work.name,
                kind=work.kind,
                start_ns=start_ns,
                end_ns=end_ns,
                attributes=attributes,
                status="error" if ours else "unset",
                status_message=failure.message if failure and ours and fault else "",
                events=events,
                links=() if parent_id else self._links,
            )
        )
        self._say_all(work, here, span_id, end_ns - start_ns, end_ns, failure)
        if work.consumers:
            self._deliver(work, span_id, end_ns)
        return end_ns, failure

    def _calls(self, work: Work, span_id: int, start_ns: int, here: Instance) -> tuple[int, Failure | None]:
        """Everything a work calls, one after the other or all at once. Stops at the first failure it cannot bear."""
        cursor_ns = last_ns = start_ns
        for call in work.calls:
            if call.chance < 1 and self._chance.random() >= call.chance:
                continue
            end_ns, failure = self._call(call.work, span_id, cursor_ns, here)
            last_ns = max(last_ns, end_ns)
            if not work.at_once:
                cursor_ns = end_ns
            if failure and call.optional:
                self._go_without(call, work, here, last_ns, failure, span_id)
            elif failure:
                return last_ns, failure
        return last_ns, None

    def _go_without(self, call: Call, work: Work, here: Instance, at_ns: int, failure: Failure, span_id: int) -> None:
        body = f"{call.work.service} unavailable ({failure.code}), going on without it"
        attributes: Attributes = {"app.fallback": True, "error.type": failure.type}
        self._log(work, here, at_ns, "WARN", body, attributes, span_id)

    def _deliver(self, work: Work, span_id: int, sent_ns: int) -> None:
        link = SpanLink(self._trace_id, span_id, {"messaging.operation.type": "send"})
        for consumer in work.consumers:
            start_ns = sent_ns + self._span_ns(_QUEUE_MS, 0.7)
            walk = _Walk(self._chance, self._fields, start_ns, (link,))
            walk.begin(consumer, start_ns)
            self.records.extend(walk.records)

    def _fault(self, work: Work, here: Instance) -> Fault | None:
        for fault in work.faults:
            if fault.planned and not is_during(fault.planned, self._second):
                continue
            if fault.version and fault.version != here.version:
                continue
            if self._chance.random() < fault.chance:
                return fault
        return None

    def _raise(
        self, severity: Severity, failure: Failure, work: Work, here: Instance, at_ns: int, span_id: int
    ) -> tuple[SpanEvent, ...]:
        """The exception: logged always, recorded on the span if the server is to blame."""
        exception: dict[str, Value] = {"exception.type": failure.type, "exception.message": failure.message}
        if failure.is_ours:
            language = BY_NAME[here.service].language
            exception["exception.stacktrace"] = stack_trace(language, here.service, failure.type, failure.message)
        body = f"{failure.type.rsplit('.', 1)[-1]}: {failure.message}"
        self._log(work, here, at_ns, severity, body, exception, span_id)
        return (SpanEvent(at_ns, "exception", exception),) if failure.is_ours else ()

    def _answer(self, attributes: dict[str, Value], work: Work, failure: Failure | None) -> None:
        if work.status_key.startswith("http."):
            attributes[work.status_key] = failure.status if failure else 200
        elif work.status_key:
            attributes[work.status_key] = failure.code if failure else "OK"

    def _say_all(
        self, work: Work, here: Instance, span_id: int, took_ns: int, end_ns: int, failure: Failure | None
    ) -> None:
        for say in work.says:
            if (failure and not say.always) or (say.chance < 1 and self._chance.random() >= say.chance):
                continue
            self._fields["duration_ms"] = round(took_ns / _MS, 1)
            self._fields["status"] = failure.status if failure else 200
            severity: Severity = say.severity
            if failure:
                severity = "ERROR" if failure.is_ours else "WARN"
            attributes = say.attributes.fill(self._fields)
            self._log(work, here, end_ns, severity, self._text(say.body), attributes, span_id)

    def _log(
        self,
        work: Work,
        here: Instance,
        at_ns: int,
        severity: Severity,
        body: str,
        attributes: Attributes,
        span_id: int,
    ) -> None:
        self.records.append(LogLine(here, work.scope, at_ns, severity, body, attributes, self._trace_id, span_id))

    def _text(self, body: str | Template) -> str:
        if isinstance(body, str):
            return body.format_map(self._fields)
        return json.dumps(body.fill(self._fields), separators=(",", ":"))

    def _pick(self, service: str) -> Instance:
        pods = instances_at(service, self._second)
        return pods[int(len(pods) * self._chance.random())]

    def _own_ns(self, work: Work) -> int:
        slowness = work.slowness
        slow = slowness is not None and is_during(slowness.planned, self._second)
        return self._span_ns(slowness.median_ms if slowness and slow else work.median_ms * self._load, work.spread)

    def _span_ns(self, median_ms: float, spread: float) -> int:
        """A log-normal length of time: believable because it has a long tail and no negative side."""
        return int(median_ms * _MS * exp(spread * self._chance.gauss(0, 1)))

    def _new_id(self) -> int:
        return self._chance.getrandbits(64) | 1
