"""Who is calling, and what they may do.

Enters: e-mail and password, session tokens, personal access keys, ingestion keys. Leaves: an `Actor` (person, team,
and through what they came), new tokens and keys, or an error of `core.errors` that tells a stranger nothing.
Secrets come from the `IdSource`; passwords are kept as argon2id hashes, session tokens as SHA-256.

Do not add here: cookies, headers and replies (api), tables (metadata).
"""

from .accounts import Auth, open_auth, require_admin
from .passwords import PASSWORD_RULES, Passwords, broken_rules
from .sessions import Visit
from .windows import Window, Windows

__all__ = [
    "PASSWORD_RULES",
    "Auth",
    "Passwords",
    "Visit",
    "Window",
    "Windows",
    "broken_rules",
    "open_auth",
    "require_admin",
]
