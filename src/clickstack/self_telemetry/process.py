"""What the process needs of the machine, as metrics (semantic conventions for processes)."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from .pipeline import Pipeline


def observe_process(meter: Meter) -> None:
    page_bytes = os.sysconf("SC_PAGE_SIZE")

    def memory(_: CallbackOptions) -> Iterable[Observation]:
        try:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
        except OSError:
            return []  # not Linux
        return [Observation(pages * page_bytes)]

    def files(_: CallbackOptions) -> Iterable[Observation]:
        try:
            return [Observation(sum(1 for _ in Path("/proc/self/fd").iterdir()))]
        except OSError:
            return []

    def threads(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(threading.active_count())]

    def cpu(_: CallbackOptions) -> Iterable[Observation]:
        times = os.times()
        return [Observation(times.user, {"cpu.mode": "user"}), Observation(times.system, {"cpu.mode": "system"})]

    meter.create_observable_gauge("process.memory.usage", [memory], "By", "Memory the process has in RAM.")
    meter.create_observable_gauge("process.unix.file_descriptor.count", [files], "{file_descriptor}", "Open files.")
    meter.create_observable_gauge("process.thread.count", [threads], "{thread}", "Python threads.")
    meter.create_observable_counter("process.cpu.time", [cpu], "s", "CPU time of the process.")


def observe_pipeline(meter: Meter, pipeline: Pipeline) -> None:
    def counts(of: Counter[str]) -> Callable[[CallbackOptions], Iterable[Observation]]:
        return lambda _: [Observation(count, {"signal": signal}) for signal, count in of.copy().items()]

    for name, of in (("accepted", pipeline.accepted), ("dropped", pipeline.dropped)):
        full_name = f"clickstack.self_telemetry.{name}"
        meter.create_observable_counter(full_name, [counts(of)], "{record}", f"Own records {name}.")
