"""Finds the ingestion key of a server that was started for the demo, as a person would: sign up or in, and look."""

from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import requests

from clickstack.core.clock import Clock
from clickstack.core.errors import StartupError

EMAIL, PASSWORD = "demo@shop.example", "Demo-Shop-2026!"
_LOCAL = {"localhost", "127.0.0.1", "::1"}
_WAIT_S, _RETRY_S, _TIMEOUT_S = 60.0, 0.5, 10.0


def demo_ingestion_key(api_url: str, say: Callable[[str], None], clock: Clock) -> str:
    """The ingestion key of the server at `api_url`, through the demo account, which is created on an empty server.

    Waits up to a minute for the server to start. Only for a server on this machine: an account with a known password
    does not belong on any other. Raises StartupError if there is no way in.
    """
    if urlsplit(api_url).hostname not in _LOCAL:
        raise StartupError(f"{api_url} is not on this machine: give its ingestion key with --key.")
    url = api_url.rstrip("/")
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the environment cannot reach this machine's own ports
        try:
            founded = _installation(session, url, clock)
            if founded:
                session.post(
                    f"{url}/login/password",
                    json={"email": EMAIL, "password": PASSWORD},
                    allow_redirects=False,
                    timeout=_TIMEOUT_S,
                )
            else:
                account = {"email": EMAIL, "password": PASSWORD, "confirmPassword": PASSWORD}
                session.post(f"{url}/register/password", json=account, timeout=_TIMEOUT_S)
            reply = session.get(f"{url}/me", timeout=_TIMEOUT_S)
        except requests.RequestException as error:
            raise StartupError(f"the server at {url} went away ({type(error).__name__}).") from None
    if reply.status_code != 200:
        raise StartupError(
            f"the server at {url} already has accounts and none is {EMAIL}: "
            "give its ingestion key (Team Settings, API Keys) with --key."
        )
    say(f"demo: {'sign in' if founded else 'account created; sign in'} as {EMAIL} with password {PASSWORD}")
    return str(reply.json()["team"]["apiKey"])


def _installation(session: requests.Session, url: str, clock: Clock) -> bool:
    """Whether the server already has an account; waits for the server to answer."""
    give_up_s = clock.monotonic_s() + _WAIT_S
    pause = threading.Event()
    while True:
        try:
            reply = session.get(f"{url}/installation", timeout=_TIMEOUT_S)
            if reply.ok:
                return bool(reply.json()["isTeamExisting"])
            problem = f"answers {reply.status_code}"
        except requests.RequestException:
            problem = "does not answer"
        if clock.monotonic_s() >= give_up_s:
            raise StartupError(f"the server at {url} {problem}. Start it with `clickstack serve`, or see --api-url.")
        pause.wait(_RETRY_S)
