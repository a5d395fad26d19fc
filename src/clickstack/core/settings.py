"""Every setting of the server: one frozen dataclass is the table; `docs/settings.md` is written from it.

A setting comes from (strongest first) a command-line option, an environment variable `CLICKSTACK_<NAME>`, or its
default. An unknown `CLICKSTACK_*` variable or an unreadable value refuses to start. Nothing else reads the environment.
Some settings are also read under the name another product of this kind gives them (`alias`); our own name is stronger.
"""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NewType

from .address import AllowedHosts
from .errors import BadRequest, StartupError
from .lifetime import WANTED as LIFETIME_WANTED
from .lifetime import Lifetime, parse_lifetime

PREFIX = "CLICKSTACK_"
Networks = NewType("Networks", str)  # comma-separated addresses and networks


def _setting(
    default: Any, help: str, *, secret: bool = False, choices: tuple[str, ...] = (), alias: str | None = None
) -> Any:
    metadata = {"help": help, "secret": secret, "choices": choices, "alias": alias}
    return dataclasses.field(default=default, repr=not secret, metadata=metadata)


def _port(default: int, help: str) -> Any:
    return dataclasses.field(
        default=default, metadata={"help": help, "secret": False, "choices": (), "range": (0, 65535)}
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one server, frozen at start."""

    data_dir: Path = _setting(
        Path("data"), "Directory that holds everything: engine, spool, metadata. One server each."
    )
    host: str = _setting("127.0.0.1", "Address to listen on; 0.0.0.0 opens the server to the network.")
    app_port: int = _port(8080, "Port of the web UI (and of the API under /api).")
    api_port: int = _port(8000, "Port of the REST API.")
    otlp_http_port: int = _port(4318, "Port of OTLP over HTTP.")
    otlp_grpc_port: int = _port(4317, "Port of OTLP over gRPC.")
    fluent_port: int = _port(0, "Port of Fluent Forward (usually 24225); 0 means off.")
    fluent_shared_key: str = _setting(
        "", "One more shared key for Fluent Forward, beside the ingestion key of the team.", secret=True
    )
    frontend_url: str = _setting(
        "", "Address people open the UI at, for links and redirects; empty means http://localhost:<app port>."
    )
    trusted_proxies: Networks = _setting(
        Networks("127.0.0.1,::1"),
        "Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: comma-separated addresses and networks, "
        "* for all; empty means none. Behind a proxy that is not listed everybody counts as the proxy.",
        alias="FORWARDED_ALLOW_IPS",
    )
    metadata_url: str = _setting(
        "", "SQLAlchemy URL of the metadata database; empty means SQLite in the data directory.", secret=True
    )
    log_level: str = _setting("info", "Least severe line to log.", choices=("debug", "info", "warning", "error"))
    log_format: str = _setting(
        "auto", "Log line format; auto is text on a terminal and JSON elsewhere.", choices=("auto", "text", "json")
    )
    engine_memory_mb: int = _setting(
        0, "Memory cap of the embedded engine in MiB; 0 means half of the machine's memory."
    )
    query_timeout_s: float = _setting(60.0, "Longest an interactive query may run, in seconds.")
    api_requests_per_minute: int = _setting(
        100, "Requests with one access key to the REST API v2 in a minute; above: 429."
    )
    managed_api_requests_per_10s: int = _setting(
        10, "Requests with one key to the managed API (/v1) in ten seconds; above: 429."
    )
    spool_mb: int = _setting(
        4096, "Disk budget of the ingestion spool in MiB; when it is full, senders are told to retry."
    )
    ingestion_api_key: str = _setting(
        "",
        "One more ingestion key, accepted from the first second, beside the keys of the team.",
        secret=True,
        alias="INGESTION_API_KEY",
    )
    tables_ttl: Lifetime | None = _setting(
        None,
        "How long telemetry is kept, e.g. 30d or 720h; empty leaves it to Team Settings (30d at first).",
        alias="HYPERDX_OTEL_EXPORTER_TABLES_TTL",
    )
    logs_ttl: Lifetime | None = _setting(
        None, "The same for logs alone; empty means tables_ttl.", alias="HYPERDX_OTEL_EXPORTER_LOGS_TTL"
    )
    traces_ttl: Lifetime | None = _setting(
        None, "The same for traces alone; empty means tables_ttl.", alias="HYPERDX_OTEL_EXPORTER_TRACES_TTL"
    )
    metrics_ttl: Lifetime | None = _setting(
        None, "The same for metrics alone; empty means tables_ttl.", alias="HYPERDX_OTEL_EXPORTER_METRICS_TTL"
    )
    sessions_ttl: Lifetime | None = _setting(
        None, "The same for session replays alone; empty means tables_ttl.", alias="HYPERDX_OTEL_EXPORTER_SESSIONS_TTL"
    )
    logs_index_profile: str = _setting(
        "keep",
        "Search indexes of logs: text searches fastest, bloom is cheaper to write, none cheapest; "
        "keep leaves it to the API (text at first).",
        choices=("keep", "none", "bloom", "text"),
    )
    traces_index_profile: str = _setting("keep", "The same for traces.", choices=("keep", "none", "bloom", "text"))
    metrics_index_profile: str = _setting(
        "keep", "The same for the five tables of metrics (text at first).", choices=("keep", "none", "bloom", "text")
    )
    sessions_index_profile: str = _setting(
        "keep", "The same for session replays (text at first).", choices=("keep", "none", "bloom", "text")
    )
    webhook_allowed_hosts: AllowedHosts = _setting(
        AllowedHosts(),
        "Private hosts that webhooks and connection tests may reach: comma-separated names, *.names, addresses, "
        "networks such as 10.1.0.0/16.",
        alias="WEBHOOK_HOSTNAME_ALLOWLIST",
    )
    alerts: bool = _setting(True, "Evaluate alerts in this process; of several processes on one database one does.")
    alert_delay_s: float = _setting(
        10.0, "How long a closed window of an alert waits for late data, in seconds; an alert may say otherwise."
    )
    alert_repeat: str = _setting(
        "never",
        "Whether a standing alert is sent again: never, or after every-window as HyperDX; an alert may say otherwise.",
        choices=("never", "every-window"),
    )
    smtp_host: str = _setting("", "Mail server for alerts by e-mail; empty means there is none.")
    smtp_port: int = _setting(587, "Port of the mail server.")
    smtp_encryption: str = _setting(
        "starttls", "How the connection to the mail server is encrypted.", choices=("starttls", "tls", "none")
    )
    smtp_username: str = _setting("", "User name at the mail server; empty means nobody logs in.")
    smtp_password: str = _setting("", "Password at the mail server.", secret=True)
    smtp_sender: str = _setting("ClickStack <alerts@localhost>", "The sender of mails.")
    self_telemetry: bool = _setting(
        True, "Keep the server's own logs, traces and metrics in its own store, as service clickstack."
    )
    self_telemetry_sample_ratio: float = _setting(0.1, "Share of the server's own requests to trace, 0 to 1.")

    oidc_issuer: str = _setting(
        "", "Address of an OpenID provider whose people may sign in; empty means passwords only."
    )
    oidc_client_id: str = _setting("", "What the provider calls this server.")
    oidc_client_secret: str = _setting("", "The secret the provider gave this server.", secret=True)
    oidc_allowed_domains: str = _setting(
        "", "E-mail domains whose people may join through the provider without an invitation, by commas."
    )
    oidc_default_role: str = _setting(
        "viewer", "Role of who joins so, unless a group gives one.", choices=("viewer", "editor", "admin")
    )
    oidc_groups_claim: str = _setting("groups", "Claim of the ID token that lists a person's groups.")
    oidc_roles: str = _setting(
        "", "Roles that groups give at each sign-in, e.g. obs-admins=admin,developers=editor; the highest counts."
    )

    @property
    def public_url(self) -> str:
        """The UI's address without a trailing slash."""
        return self.frontend_url.rstrip("/") or f"http://localhost:{self.app_port}"


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting as `clickstack settings` and the docs show it. `origin` is option, environment or default."""

    name: str
    env: str
    value: str
    default: str
    origin: str
    help: str


def load_settings(
    options: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Settings, dict[str, str]]:
    """The settings and where each came from (name → origin).

    `options` are command-line values by setting name; None means not given. Raises StartupError, naming the
    setting and the mend, for unknown names and unreadable values.
    """
    environ = os.environ if environ is None else environ
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    values: dict[str, Any] = {}
    origins = dict.fromkeys(fields, "default")
    for name, field in fields.items():
        alias = field.metadata.get("alias")
        if alias and environ.get(alias):
            values[name] = _read(field, environ[alias], alias)
            origins[name] = "environment"
    for variable in sorted(environ):
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in fields:
            raise StartupError(f"{variable}: no such setting.{_did_you_mean(name, fields)}")
        values[name] = _read(fields[name], environ[variable], variable)
        origins[name] = "environment"
    for name, value in (options or {}).items():
        if value is not None:
            values[name] = _read(fields[name], str(value), "--" + name.replace("_", "-"))
            origins[name] = "option"
    return Settings(**values), origins


def describe(settings: Settings, origins: Mapping[str, str]) -> list[SettingRow]:
    """Every setting with its value (secrets masked), default, origin and help."""
    return [
        SettingRow(
            name=field.name,
            env=PREFIX + field.name.upper(),
            value=_show(getattr(settings, field.name), secret=field.metadata["secret"]),
            default=_show(field.default, secret=False),
            origin=origins.get(field.name, "default"),
            help=field.metadata["help"] + _also(field),
        )
        for field in dataclasses.fields(Settings)
    ]


_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError(text)


def _networks(text: str) -> Networks:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for part in parts:
        if part != "*":
            ipaddress.ip_network(part)
    return Networks(",".join(parts))


def _lifetime(text: str) -> Lifetime | None:
    try:
        return parse_lifetime(text) if text else None
    except BadRequest as error:
        raise ValueError(error.message) from None


_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "str": (str, "text"),
    "int": (int, "a whole number"),
    "float": (float, "a number"),
    "bool": (_boolean, "true or false"),
    "Path": (Path, "a path"),
    "AllowedHosts": (AllowedHosts.parse, "a comma-separated list of hosts"),
    "Networks": (_networks, "a comma-separated list of addresses and networks"),
    "Lifetime | None": (_lifetime, f"{LIFETIME_WANTED}, of at least a second and at most 10 years"),
}


def _read(field: dataclasses.Field[Any], text: str, where: str) -> Any:
    read, wanted = _READERS[str(field.type)]
    shown = "the given value" if field.metadata["secret"] else repr(text)
    try:
        value = read(text.strip())
    except ValueError:
        raise StartupError(f"{where}: {shown} is not {wanted}.") from None
    choices = field.metadata["choices"]
    if choices and value not in choices:
        raise StartupError(f"{where}: {shown} is not one of {', '.join(choices)}.")
    low, high = field.metadata.get("range", (0, None))
    if isinstance(value, (int, float)) and not (value >= low and (high is None or value <= high)):
        raise StartupError(f"{where}: {shown} is out of range ({low} to {high if high is not None else 'any'}).")
    return value


def _did_you_mean(name: str, names: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f" Did you mean {PREFIX}{near[0].upper()}?" if near else " `clickstack settings` lists them."


def _also(field: dataclasses.Field[Any]) -> str:
    alias = field.metadata.get("alias")
    return f" Also read from {alias}." if alias else ""


def _show(value: Any, *, secret: bool) -> str:
    if secret and value:
        return "••••••••"
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
