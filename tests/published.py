"""The published contract of the REST API, as a document: its shapes, without its words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parent / "golden" / "published" / "openapi-v2.json"


def published_document() -> Any:
    """A fresh copy."""
    return json.loads(DOCUMENT.read_text())
