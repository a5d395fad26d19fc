"""HTTP: the REST API, what the web UI asks, and the UI itself. Wire ⇄ values, nothing else.

Enters: HTTP requests. Leaves: calls of the rooms below, and JSON. Every error is JSON; every reply carries a request
id; secrets are in no reply but those made for them. A handler reads the wire, calls one room, writes the wire.

`create_api_app` is the API port; `create_app_app` is the app port: the same API under `/api`, the UI everywhere else.

Do not add here: SQL, query meaning, permissions (auth), anything two handlers would have to agree on.
"""

from .app import create_api_app, create_app_app
from .context import Services

__all__ = ["Services", "create_api_app", "create_app_app"]
