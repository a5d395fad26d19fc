"""Who is calling, and what they may do.

Enters: e-mail and password, session tokens, personal access keys, ingestion keys. Leaves: an `Actor` (person, team,
and through what they came), new tokens and keys, or an error of `core.errors` that tells a stranger nothing.
Secrets come from the `IdSource`; passwords are kept as argon2id hashes, tokens and named keys as SHA-256.
`permissions` is the one table of who may do what; the api room asks it once for every route.

Do not add here: cookies, headers and replies (api), tables (metadata).
"""

from .access_keys import UNKNOWN_KEY, NewAccessKey
from .accounts import Auth, open_auth
from .api_keys import SYSTEM_ROLES, Hashes, KeySpec, NewApiKey, SystemRole
from .oidc import Oidc, OidcRefused
from .passwords import PASSWORD_RULES, Passwords, broken_rules
from .people import is_email
from .permissions import Rule, permit, rule_of
from .sessions import Visit, Visitor
from .windows import Window, Windows

__all__ = [
    "PASSWORD_RULES",
    "SYSTEM_ROLES",
    "UNKNOWN_KEY",
    "Auth",
    "Hashes",
    "KeySpec",
    "NewAccessKey",
    "NewApiKey",
    "Oidc",
    "OidcRefused",
    "Passwords",
    "Rule",
    "SystemRole",
    "Visit",
    "Visitor",
    "Window",
    "Windows",
    "broken_rules",
    "is_email",
    "open_auth",
    "permit",
    "rule_of",
]
