"""The clock's room: due → question → scan → judge → store with its messages → deliver.

Enters: alerts, what they watch and silences from `metadata`; a way to read for a team, of `query`. Leaves: states, the
evaluation log, messages to people. `open_alerts` builds it all; `AlertWatch` is what a server starts and stops.

The parts that decide are pure: windows (window), a group's state machine (state), an alert's verdict (judge), the words
(notice, template) and the payloads (channels). What is decided is stored in one transaction with its messages, and
only then sent: killed between any two steps, nothing is lost and no transition happens twice.

Do not add here: HTTP routes, SQL of charts (an alert runs the very chart config that is shown), ClickHouse.
"""

from .counts import LATE_BOUNDS_S, AlertCounts
from .opening import open_alerts
from .preview import Preview, PreviewMessage, preview
from .question import Lookup
from .quiet import covers
from .trial import Trial, lack_of, target_of
from .watch import AlertWatch

__all__ = [
    "LATE_BOUNDS_S",
    "AlertCounts",
    "AlertWatch",
    "Lookup",
    "Preview",
    "PreviewMessage",
    "Trial",
    "covers",
    "lack_of",
    "open_alerts",
    "preview",
    "target_of",
]
