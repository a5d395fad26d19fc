"""Which addresses users may send the server to (reference/alerts-and-teams.md §3.12)."""

from __future__ import annotations

import ipaddress

import pytest

from clickstack.core.address import AllowedHosts, Destination, check_address, ip_of, is_private, is_url
from clickstack.core.errors import BadRequest

NAMES = {"public.example": ["93.184.216.34"], "inside.example": ["10.0.0.7"], "both.example": ["93.184.216.34", "::1"]}


def check(url: str, allowed: str = "") -> Destination:
    return check_address(url, lambda host: NAMES.get(host, []), AllowedHosts.parse(allowed))


def test_a_public_name_is_pinned_to_its_addresses() -> None:
    destination = check("https://Public.Example./hook?x=1")
    assert (destination.host, destination.port) == ("public.example", 443)
    assert destination.addresses == (ipaddress.ip_address("93.184.216.34"),)
    assert check("https://unknown.example:8443/").addresses == ()


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "017700000001", "0", "0.0.0.0"),
        *("10.0.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "169.254.169.254", "192.0.2.1", "198.18.0.1"),
        *("224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[ff02::1]", "[2001:db8::1]"),
        *("[::ffff:127.0.0.1]", "[::7f00:1]", "[64:ff9b::a00:1]", "[2002:a00:1::]"),
        *("[64:ff9b:1::808:808]", "[64:ff9b:1:a00:1::]", "168.63.129.16", "[::ffff:168.63.129.16]"),
        *("[2606:4700::5efe:10.0.0.1]", "[2606:4700::200:5efe:169.254.169.254]", "[2606:4700::5efe:a83f:8110]"),
        *("localhost", "LOCALHOST.", "db.localhost", "inside.example", "both.example", "①②⑦.0.0.1"),
    ],
)
def test_private_addresses_are_refused_in_every_spelling(host: str) -> None:
    with pytest.raises(BadRequest, match="resolves to a private or reserved address"):
        check(f"http://{host}:8123/")


@pytest.mark.parametrize(
    "host",
    [
        *("8.8.8.8", "134744072", "[2606:4700::1111]", "[64:ff9b::808:808]", "public.example"),
        *("168.63.129.17", "[2606:4700::5efe:8.8.8.8]", "[2606:4700:5efe:a00:1::1]"),
    ],
)
def test_public_addresses_are_not(host: str) -> None:
    assert check(f"http://{host}/").host


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://localhost:4000/", "localhost"),
        ("http://inside.example/", "INSIDE.example."),
        ("http://a.b.localhost/", "*.localhost"),
        ("http://10.1.2.3/", "10.1.0.0/16"),
        ("http://inside.example/", "10.0.0.7"),
        ("http://[::1]/", "[::1]"),
    ],
)
def test_what_is_allowed(url: str, allowed: str) -> None:
    with pytest.raises(BadRequest):
        check(url)
    assert check(url, f"other.example, {allowed}").url == url


@pytest.mark.parametrize(
    ("url", "allowed"), [("http://sub.inside.localhost/", "inside.localhost"), ("http://10.2.0.1/", "10.1.0.0/16")]
)
def test_an_allowance_covers_no_more_than_it_says(url: str, allowed: str) -> None:
    with pytest.raises(BadRequest):
        check(url, allowed)


def test_no_allowance_opens_a_forbidden_door() -> None:
    with pytest.raises(BadRequest, match="disallowed route"):
        check_address("http://db.lan:5432/", lambda _: [], AllowedHosts.parse("db.lan"), forbidden=[("db.lan", 5432)])


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://public.example/", "must use HTTP or HTTPS"),
        ("javascript:alert(1)", "must use HTTP or HTTPS"),
        ("nonsense", "not a valid URL"),
        ("http://", "not a valid URL"),
        ("http://public.example:99999/", "not a valid URL"),
        ("http://public.example /", "not a valid URL"),
        ("http://public.example\\@inside.example/", "not a valid URL"),
    ],
)
def test_what_is_no_address(url: str, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        check(url)


def test_a_host_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="a b"):
        AllowedHosts.parse("ok.example, a b")
    assert str(AllowedHosts.parse("b.lan,a.lan, 10.0.0.1")) == "a.lan,b.lan,10.0.0.1/32"


def test_urls_and_numbers() -> None:
    assert is_url("mailto:a@b")
    assert not is_url("/path")
    assert not is_url("http:///x")
    assert ip_of("1.2.3.4.5") is None
    assert ip_of("256.1") is None
    assert ip_of("1.2.3.999") is None
    assert ip_of("09.1") is None
    assert not is_private(ipaddress.ip_address("1.1.1.1"))
