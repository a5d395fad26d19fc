"""A server's watch over alerts as a process of its own, that delivers (`-m metadata.watch_child URL LEASE_MS`)."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from clickstack.alerts import open_alerts
from clickstack.alerts import watch as watch_module
from clickstack.core.address import AllowedHosts, check_address
from clickstack.core.clock import SystemClock
from clickstack.core.ids import RandomIds
from clickstack.core.settings import Settings
from clickstack.metadata import open_metadata


def main(url: str, lease_ms: int) -> None:
    watch_module.ALERT_LEASE_MS = lease_ms
    clock = SystemClock()
    ids = RandomIds(clock)
    check = partial(check_address, resolve=lambda _: [], allowed=AllowedHosts.parse("127.0.0.1"))
    metadata = open_metadata(url, clock, ids)
    watch = open_alerts(Settings(), metadata, no_reader, check, clock, ids)
    watch.start()
    print("started", flush=True)
    sys.stdin.read()
    watch.close(5)
    metadata.close()


def no_reader(_sources: Any) -> Any:
    raise AssertionError("there are no alerts to judge")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
