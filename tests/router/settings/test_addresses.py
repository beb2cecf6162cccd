"""Addresses as they are written in the settings."""

from __future__ import annotations

import pytest

from router.settings.addresses import (
    ARCHIVE_SCHEMES,
    STORE_SCHEMES,
    check_url,
    parse_advertise,
    parse_authority,
    parse_http_listen,
    parse_listen,
)


@pytest.mark.parametrize(
    "text", ["udp:127.0.0.1:5060", "tls:[::1]:5061", "tcp:localhost:0"]
)
def test_a_listen_address_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_listen(text)) == text


def test_http_listens_on_tcp() -> None:
    assert parse_http_listen("[::]:8080") == ("tcp", "::", 8080)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no host|not a host"),
        ("::1:5060", "in brackets"),
        ("[::1:5060", "is not an address"),
        ("[zz]:5060", "is not an address"),
        ("[::1]5060", "is not an address"),
        ("[::1]", "has no port"),
        ("h:", "has no port"),
        ("h_$:1", "not a host"),
        ("-h:1", "not a host"),
        ("1.2.3:1", "not an IPv4 address"),
        ("h:x", "not a number"),
        ("h:²", "not a number"),
        ("h:+1", "not a number"),
        ("h:" + "9" * 5000, "not a number"),
        ("h:65536", "too large"),
    ],
)
def test_what_is_no_authority_is_told_what_would_be_right(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=part):
        parse_authority(text)


def test_a_default_port_is_for_hosts_without_one() -> None:
    assert parse_authority("h.example", 5060) == ("h.example", 5060)
    assert parse_authority("[::1]", 5060) == ("::1", 5060)
    with pytest.raises(ValueError, match="has no port"):
        parse_authority("h:", 5060)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", ("192.0.2.1", None)),
        ("192.0.2.1:5080", ("192.0.2.1", 5080)),
        ("sip.example", ("sip.example", None)),
        ("2001:db8::1", ("2001:db8::1", None)),
        ("[2001:db8::1]:5080", ("2001:db8::1", 5080)),
    ],
)
def test_public_addresses(text: str, expected: tuple[str, int | None]) -> None:
    assert parse_advertise(text) == expected


@pytest.mark.parametrize("text", ["0.0.0.0", "::", "[::]"])
def test_a_public_address_is_one_that_can_be_answered_to(text: str) -> None:
    with pytest.raises(ValueError, match="no address a peer could answer to"):
        parse_advertise(text)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:var/veil.db",
        "sqlite:/var/lib/veil.db",
        "redis://h",
        "rediss://:p@h:6380/1",
        "redis+sentinel://a:1,b:2/name/0",
        "redis+cluster://[::1]:7000,h",
    ],
)
def test_stores(url: str) -> None:
    assert check_url(url, STORE_SCHEMES, "e") == url


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("var/veil.db", "unknown scheme"),
        ("sqlite:", "a file's path"),
        ("sqlite:///var/veil.db", "a file's path"),
        ("redis:h", "write redis://host:port"),
        ("redis:///0", "names no host"),
        ("redis://h:x", "not a number"),
        ("redis+sentinel://a:1,b:99999/n", "too large"),
    ],
)
def test_what_is_no_store_is_told_what_would_be_right(url: str, part: str) -> None:
    with pytest.raises(ValueError, match=part):
        check_url(url, STORE_SCHEMES, "sqlite:a.db")


def test_an_archive_may_be_postgresql() -> None:
    url = "postgresql://u:p@h/veil"
    assert check_url(url, ARCHIVE_SCHEMES, "e") == url
