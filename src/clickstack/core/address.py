"""Which addresses the server may be sent to by its users (reference/alerts-and-teams.md §3.12).

Whoever may name a URL that this server then asks, could reach what only this machine reaches: its own ports, the
private network, the metadata service of a cloud. So private and reserved addresses are refused unless a setting
allows them, by whatever spelling they come, and by whatever name: names are resolved by the function handed in.
Whoever connects must do so to the addresses that were checked, not to the name again.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from .errors import BadRequest

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str], Sequence[str]]
"""The addresses of a name, as texts; none when it has none."""

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked address. `addresses` are what the host is, to connect to; empty when its name has none now."""

    url: str
    host: str
    port: int
    addresses: tuple[IpAddress, ...]


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """What may be reached though it is private: names, `*.name` for what is under one, addresses, networks."""

    names: frozenset[str] = frozenset()
    networks: tuple[IpNetwork, ...] = ()

    def __str__(self) -> str:
        return ",".join([*sorted(self.names), *map(str, self.networks)])

    @staticmethod
    def parse(text: str) -> AllowedHosts:
        """From a comma-separated list. Raises ValueError for an entry that is no host."""
        names, networks = set(), []
        for entry in (part.strip().strip("[]").rstrip(".").lower() for part in text.split(",")):
            if not entry:
                continue
            network = _network(entry)
            if network is not None:
                networks.append(network)
            elif _NAME.fullmatch(entry.removeprefix("*.")):
                names.add(entry)
            else:
                raise ValueError(entry)
        return AllowedHosts(frozenset(names), tuple(networks))

    def has_name(self, host: str) -> bool:
        """Whether the name is listed, or one above it with `*.`.

        >>> AllowedHosts.parse("*.lan").has_name("db.lan")
        True
        """
        parts = host.split(".")
        return host in self.names or any(f"*.{'.'.join(parts[at:])}" in self.names for at in range(1, len(parts)))

    def has_address(self, address: IpAddress) -> bool:
        return any(address in network for network in self.networks if network.version == address.version)


def check_address(
    url: str,
    resolve: Resolve,
    allowed: AllowedHosts,
    *,
    forbidden: Sequence[tuple[str, int]] = (),
    subject: str = "URL",
) -> Destination:
    """The destination behind a URL. Raises BadRequest when it must not be reached.

    `forbidden` are hosts with ports that no setting allows, such as the metadata database.
    """
    parts = _split(url)
    if parts is None:
        raise BadRequest(f"{subject} is not a valid URL")
    if parts.scheme not in DEFAULT_PORTS:
        raise BadRequest(f"{subject} must use HTTP or HTTPS")
    host, port = _host(parts), parts.port or DEFAULT_PORTS[parts.scheme]
    if not host:
        raise BadRequest(f"{subject} is not a valid URL")
    if (host, port) in forbidden:
        raise BadRequest(f"{subject} points at a disallowed route")
    literal = ip_of(host)
    if literal is None and not allowed.has_name(host) and (host == "localhost" or host.endswith(".localhost")):
        raise BadRequest(_private(subject))
    found = [literal] if literal else [ip_of(text) for text in resolve(host)]
    addresses = tuple(address for address in found if address is not None)
    for address in addresses:
        if is_private(address) and not (allowed.has_address(address) or (literal is None and allowed.has_name(host))):
            raise BadRequest(_private(subject))
    return Destination(url, host, port, addresses)


def _host(parts: SplitResult) -> str:
    """The host in ASCII and lower case; empty when it cannot be written so."""
    host = (parts.hostname or "").rstrip(".").lower()
    try:
        return host if host.isascii() else host.encode("idna").decode().lower()
    except UnicodeError:
        return ""


def is_url(text: str) -> bool:
    """Whether a text is an absolute URL of any scheme."""
    return _split(text) is not None


def _private(subject: str) -> str:
    return f"{subject} resolves to a private or reserved address"


def _split(url: str) -> SplitResult | None:
    if re.search(r"[\s\x00-\x1f\\]", url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    if not parts.scheme or (parts.scheme in DEFAULT_PORTS and not parts.hostname):
        return None
    return parts if parts.netloc or parts.path else None


_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


def _network(text: str) -> IpNetwork | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def ip_of(host: str) -> IpAddress | None:
    """The address a host spells, in any of the forms that clients understand; None for a name.

    >>> ip_of("0x7f.1"), ip_of("2130706433"), ip_of("example.com")
    (IPv4Address('127.0.0.1'), IPv4Address('127.0.0.1'), None)
    """
    host = host.strip("[]").split("%")[0].rstrip(".")
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return _odd_ipv4(host)


_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.IGNORECASE)


def _odd_ipv4(host: str) -> ipaddress.IPv4Address | None:
    """One to four numbers, decimal, octal or hexadecimal, the last filling what is left (WHATWG URL, IPv4 parser)."""
    parts = host.split(".")
    if len(parts) > 4 or not all(map(_NUMBER.fullmatch, parts)):
        return None
    try:
        *first, last = map(_number, parts)
        value = last
        for index, number in enumerate(first):
            if number > 255:
                return None
            value += number << (8 * (3 - index))
        return ipaddress.IPv4Address(value) if last < 256 ** (4 - len(first)) else None
    except ValueError:
        return None


def _number(text: str) -> int:
    if text[:2].lower() == "0x":
        return int(text[2:] or "0", 16)
    return int(text, 8) if text[0] == "0" else int(text)


_PRIVATE: tuple[IpNetwork, ...] = tuple(
    map(
        ipaddress.ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
            *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
            "168.63.129.16/32",  # Azure's platform, from any of its machines
            "64:ff9b:1::/48",  # translation inside a network, where any prefix may hide any IPv4 address (RFC 8215)
            *("::/128", "::1/128", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7"),
            *("fe80::/10", "fec0::/10", "ff00::/8"),
        ),
    )
)
_EMBEDDING = (  # IPv6 networks with an IPv4 address in them, and how many bits stand behind it
    (ipaddress.IPv6Network("::/96"), 0),
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)


_ISATAP = (0x5EFE, 0x0200_5EFE)  # before the IPv4 address of a tunnel, in any network (RFC 5214 §6.1)


def is_private(address: IpAddress) -> bool:
    """Whether an address is not for the public: loopback, private, link-local, shared, documentation, multicast, …"""
    if any(address in network for network in _PRIVATE if network.version == address.version):
        return True
    if isinstance(address, ipaddress.IPv6Address):
        for network, behind in _EMBEDDING:
            if address in network:
                return is_private(ipaddress.IPv4Address((int(address) >> behind) & 0xFFFFFFFF))
        if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
            return is_private(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return False
