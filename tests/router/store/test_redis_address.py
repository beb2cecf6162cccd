"""Redis URLs as one value, and the clients made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.store.open import open_store
from router.store.redis import RedisStore
from router.store.redis_address import Kind, RedisAddress, parse_address
from router.store.sqlite import SqliteStore
from tests.router.store.servers import make_certificate


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://h", RedisAddress(Kind.SINGLE, (("h", 6379),))),
        ("redis://h/", RedisAddress(Kind.SINGLE, (("h", 6379),))),
        ("redis://h:1/3", RedisAddress(Kind.SINGLE, (("h", 1),), db=3)),
        ("redis://[::1]:2", RedisAddress(Kind.SINGLE, (("::1", 2),))),
        (
            "redis://:p%40ss@h",
            RedisAddress(Kind.SINGLE, (("h", 6379),), password="p@ss"),
        ),
        (
            "rediss://u:p@h",
            RedisAddress(
                Kind.SINGLE, (("h", 6379),), username="u", password="p", tls=True
            ),
        ),
        (
            "redis+sentinel://a,b:1/main/2?sentinel_password=s",
            RedisAddress(
                Kind.SENTINEL,
                (("a", 26379), ("b", 1)),
                "main",
                2,
                options={"sentinel_password": "s"},
            ),
        ),
        (
            "rediss+cluster://a,b:1",
            RedisAddress(Kind.CLUSTER, (("a", 6379), ("b", 1)), tls=True),
        ),
    ],
)
def test_urls_of_the_configuration_are_read(url: str, address: RedisAddress) -> None:
    assert parse_address(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "http://h",
        "redis+other://h",
        "redis://",
        "redis://a,b",
        "redis://h:port",
        "redis://h:99999",
        "redis://h/x",
        "redis://h/1_0",
        "redis://h/²",
        "redis://h?unknown=1",
        "redis+sentinel://h",
        "redis+sentinel://h/main/x",
        "redis+cluster://h/1",
        "redis+cluster://h,",
    ],
)
def test_what_cannot_be_understood_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        open_store(url)


def test_a_message_never_holds_the_password() -> None:
    address = parse_address("rediss://user:secret@h:1/2?ssl_keyfile=secret")
    assert str(address) == "redis://h:1"
    assert "secret" not in repr(address)


def test_tls_verifies_unless_only_the_host_name_is_let_go(tmp_path: Path) -> None:
    assert parse_address("redis://h").tls_context() is None
    certificate, key = make_certificate(tmp_path)
    files = f"ssl_ca_certs={certificate}&ssl_certfile={certificate}&ssl_keyfile={key}"
    for url, checks in [
        (f"rediss://h?{files}", True),
        (f"rediss://h?{files}&ssl_check_hostname=false", False),
    ]:
        context = parse_address(url).tls_context()
        assert context is not None
        assert context.check_hostname is checks
        assert context.verify_mode.name == "CERT_REQUIRED"
    with pytest.raises(OSError, match="No such file"):
        parse_address(f"rediss://h?ssl_ca_certs={tmp_path}/none").tls_context()


def test_the_scheme_says_which_store() -> None:
    assert isinstance(open_store("sqlite:var/veil.db"), SqliteStore)
    assert isinstance(open_store("redis://h"), RedisStore)
    for url in ("sqlite:", "sqlite", "", "mysql://h"):
        with pytest.raises(ValueError, match="not a store"):
            open_store(url)
