"""The composition root: opens every room, hands functions down, starts and stops in order.

Enters: settings. Leaves: a running server. Nothing imports this room but the command line.
"""

from .run import run_server

__all__ = ["run_server"]
