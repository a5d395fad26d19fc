"""How the engine's allocator (jemalloc) gives memory back. The engine's library reads this once, when it is loaded."""

from __future__ import annotations

import os

# Pages that were freed go back to the system within a second, not five. A load takes hundreds of megabytes and frees
# them at once; for five seconds the next one finds its pages elsewhere as often as among them.
os.environ.setdefault("JE_MALLOC_CONF", "dirty_decay_ms:1000")
