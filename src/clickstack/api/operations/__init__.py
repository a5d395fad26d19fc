"""What the API does with a team's objects, whichever wire asks: check the body, check what it refers to, store, answer.

Enters: services, the caller, a body as JSON values. Leaves: plain values and wire objects, or errors of core.errors.
The routers of v2, of the UI and of tools bind these functions, each with its own envelope.

Do not add here: requests, responses, status codes.
"""
