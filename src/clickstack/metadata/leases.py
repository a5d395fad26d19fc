"""Leases: work that one process at a time may do."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection as Transaction
from sqlalchemy.exc import IntegrityError

from clickstack.core.clock import Clock
from clickstack.core.errors import Conflict
from clickstack.core.limits import CLOCK_AHEAD_MS

from . import tables
from .db import Database
from .moments import now_ms

_LEASE = tables.leases.c


@dataclass(frozen=True, slots=True)
class Lease:
    """`fence` tells this holding of the lease from every earlier one."""

    name: str
    holder: str
    fence: int


class LostLease(Conflict):
    """Somebody else holds the lease now; what was about to be written must not be."""


class Leases:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def take(self, name: str, holder: str, life_ms: int) -> Lease | None:
        """Take or prolong the lease; None while another process holds it.

        A holding that ends far in the future holds nothing: it was written by a clock that was wrong.
        """
        now = now_ms(self._clock)
        try:
            with self._database.write() as transaction:
                row = transaction.execute(sa.select(tables.leases).where(_LEASE.name == name).with_for_update()).first()
                if row is None:
                    values = {"name": name, "holder": holder, "fence": 1, "until_ms": now + life_ms}
                    transaction.execute(sa.insert(tables.leases).values(**values))
                    return Lease(name, holder, 1)
                if row.holder != holder and now < row.until_ms <= now + CLOCK_AHEAD_MS:
                    return None
                fence = row.fence if row.holder == holder else row.fence + 1
                transaction.execute(
                    sa.update(tables.leases)
                    .where(_LEASE.name == name)
                    .values(holder=holder, fence=fence, until_ms=now + life_ms)
                )
                return Lease(name, holder, fence)
        except IntegrityError:  # two processes made the row at once, and the other was first
            return None

    def give_back(self, lease: Lease) -> None:
        """Let the next process begin at once."""
        with self._database.write() as transaction:
            transaction.execute(
                sa.update(tables.leases)
                .where(_LEASE.name == lease.name, _LEASE.fence == lease.fence, _LEASE.holder == lease.holder)
                .values(until_ms=0)
            )


def check_lease(transaction: Transaction, lease: Lease) -> None:
    """Inside the transaction of a write: the lease is still this one. Raises LostLease."""
    query = sa.select(_LEASE.fence, _LEASE.holder).where(_LEASE.name == lease.name).with_for_update()
    row = transaction.execute(query).first()
    if row is None or (row.fence, row.holder) != (lease.fence, lease.holder):
        raise LostLease(f"The lease {lease.name!r} was taken over by another process.")
