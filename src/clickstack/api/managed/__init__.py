"""The managed API under /v1: the same product, addressed as the cloud's service does (reference/managed-api.md).

Enters: requests with the id and secret of an API key. Leaves: `{status, requestId, result}`, or `{status, error,
requestId}`. An application of its own behind one door of the API port: its gate, its failures and its envelope are
here, and v2's layers never see these requests. What is done is in `api.operations`, for both surfaces.

Do not add here: rules about objects (operations); what is only v2's.
"""

from .app import MANAGED_ROUTERS, ManagedDoor

__all__ = ["MANAGED_ROUTERS", "ManagedDoor"]
