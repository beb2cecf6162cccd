"""Digest: RFC 7616 sections 3.4 and 3.9, RFC 8760 section 2, RFC 3261 section 22."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, strategies as st

from sip.message import digest
from sip.message.digest import DigestClient, DigestServer, Outcome, parse_digest
from sip.tokens import Tokens

URI = "sip:+8617000000001@example.com"
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
# RFC 7616 section 3.9.1
CHALLENGES = [
    f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={name}, '
    f'nonce="{NONCE}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    for name in ("SHA-256", "MD5")
]


def make_tokens() -> Tokens:
    """Return tokens that are the same in each run and never repeat."""
    counter = itertools.count()
    return Tokens(lambda count: random.Random(next(counter)).randbytes(count))


def make_server(**settings: object) -> DigestServer:
    """Return a server that knows one user."""
    return DigestServer(
        "veil",
        {"alice": "secret"}.get,
        tokens=make_tokens(),
        **settings,  # type: ignore[arg-type]
    )


def answer(
    server: DigestServer, *, now: float = 1000.0, password: str = "secret"
) -> str:
    """Return good credentials for a fresh challenge."""
    client = DigestClient("alice", password)
    return client.authorize(server.challenge(now), "INVITE", URI, b"", "c")


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
    ],
)
def test_rfc7616_3_9_1_example(algorithm: str, response: str) -> None:
    client = DigestClient("Mufasa", "Circle of Life", algorithms=(algorithm,))
    value = client.authorize(CHALLENGES, "GET", "/dir/index.html", b"", CNONCE)
    assert parse_digest(value) == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "nonce": NONCE,
        "uri": "/dir/index.html",
        "response": response,
        "algorithm": algorithm,
        "cnonce": CNONCE,
        "qop": "auth",
        "nc": "00000001",
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    }


def test_rfc2617_3_5_example_without_qop() -> None:
    client = DigestClient("Mufasa", "Circle Of Life", algorithms=("MD5",))
    challenge = (
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    )
    value = client.authorize([challenge], "GET", "/dir/index.html", b"", "0a4f113b")
    assert parse_digest(value)["response"] == "670fd8c2df070c60b045671b8b24ff02"
    assert "nc" not in parse_digest(value)


def test_md5_is_not_used_unless_allowed() -> None:
    client = DigestClient("Mufasa", "Circle of Life")
    assert client.authorize(CHALLENGES[1:], "GET", "/", b"", CNONCE) == ""
    plain = 'Digest realm="r", nonce="n"'
    assert client.authorize([plain], "GET", "/", b"", CNONCE) == ""


def test_rfc8760_2_4_the_servers_order_decides() -> None:
    client = DigestClient("a", "b", algorithms=("MD5", "SHA-256"))
    value = client.authorize(CHALLENGES, "GET", "/", b"", CNONCE)
    assert parse_digest(value)["algorithm"] == "SHA-256"
    value = client.authorize(CHALLENGES[::-1], "GET", "/", b"", CNONCE)
    assert parse_digest(value)["algorithm"] == "MD5"


def test_sha_512_256_is_known() -> None:
    client = DigestClient("a", "b", algorithms=("SHA-512-256",))
    challenge = 'Digest realm="r", nonce="n", algorithm=SHA-512-256, qop="auth"'
    response = parse_digest(client.authorize([challenge], "BYE", URI, b"", "c"))
    assert len(response["response"]) == 64


def test_auth_int_covers_the_body() -> None:
    client = DigestClient("a", "b")
    challenge = 'Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth-int"'
    one, two, three = (
        parse_digest(
            DigestClient("a", "b").authorize([challenge], "BYE", URI, body, "c")
        )
        for body in (b"", b"x", b"")
    )
    assert one["qop"] == "auth-int"
    assert one["response"] == three["response"] != two["response"]
    assert (
        client.authorize([challenge.replace("auth-int", "x")], "BYE", URI, b"", "c")
        == ""
    )


@pytest.mark.parametrize(
    "challenge", ["Basic realm=x", "Digest", 'Digest nonce="n"', 'Digest realm="r"', ""]
)
def test_challenges_that_are_none_are_passed_over(challenge: str) -> None:
    client = DigestClient("Mufasa", "Circle of Life")
    value = client.authorize([challenge, *CHALLENGES], "GET", "/", b"", CNONCE)
    assert parse_digest(value)["nonce"] == NONCE
    assert client.authorize([challenge], "GET", "/", b"", CNONCE) == ""


def test_rfc7616_3_4_nonce_count_rises_per_nonce() -> None:
    client = DigestClient("a", "b")
    other = [CHALLENGES[0].replace(NONCE, "other")]
    counts = [
        parse_digest(client.authorize(which, "BYE", URI, b"", "c"))["nc"]
        for which in (CHALLENGES, CHALLENGES, other, CHALLENGES)
    ]
    assert counts == ["00000001", "00000002", "00000001", "00000003"]


def test_client_forgets_the_nonce_unused_for_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(digest, "MAX_NONCES", 2)
    client = DigestClient("a", "b")
    counts = [
        parse_digest(
            client.authorize([CHALLENGES[0].replace(NONCE, name)], "BYE", URI, b"", "c")
        )["nc"][-1]
        for name in ("1", "2", "1", "3", "1", "2")
    ]
    assert "".join(counts) == "112131"


def test_quotes_in_names_are_escaped() -> None:
    client = DigestClient('al"ice\\', "b")
    value = client.authorize(CHALLENGES, "BYE", URI, b"", "c")
    assert 'username="al\\"ice\\\\"' in value
    assert parse_digest(value)["username"] == 'al"ice\\'


@pytest.mark.parametrize("algorithms", [(), ("SHA-1",)])
def test_unknown_algorithms_are_our_mistake(algorithms: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="digest algorithms"):
        DigestClient("a", "b", algorithms=algorithms)
    with pytest.raises(ValueError, match="digest algorithms"):
        make_server(algorithms=algorithms)


def test_server_takes_what_the_client_makes() -> None:
    server = make_server()
    verdict = server.verify(answer(server), "INVITE", URI, 1001.0)
    assert verdict == (Outcome.ACCEPTED, "alice")


def test_rfc8760_2_3_one_challenge_per_algorithm_preferred_first() -> None:
    server = make_server(algorithms=("SHA-512-256", "SHA-256", "MD5"))
    parsed = [parse_digest(text) for text in server.challenge(5.0, stale=True)]
    assert [c["algorithm"] for c in parsed] == ["SHA-512-256", "SHA-256", "MD5"]
    assert {c["stale"] for c in parsed} == {"true"}
    assert "stale" not in parse_digest(server.challenge(5.0)[0])


def test_nonces_differ() -> None:
    server = make_server()
    assert server.challenge(5.0) != server.challenge(5.0)


def test_same_credentials_twice_are_refused() -> None:
    server = make_server()
    client = DigestClient("alice", "secret")
    challenges = server.challenge(0.0)
    first, second = (
        client.authorize(challenges, "BYE", URI, b"", "c") for _ in range(2)
    )
    outcomes = [
        server.verify(value, "BYE", URI, 1.0).outcome
        for value in (first, first, second, first)
    ]
    assert outcomes == [
        Outcome.ACCEPTED,
        Outcome.REFUSED,
        Outcome.ACCEPTED,
        Outcome.REFUSED,
    ]


@pytest.mark.parametrize(
    ("now", "outcome"),
    [
        (999.0, Outcome.STALE),
        (1000.0, Outcome.ACCEPTED),
        (1300.0, Outcome.ACCEPTED),
        (1301.0, Outcome.STALE),
    ],
)
def test_nonce_lives_for_five_minutes(now: float, outcome: Outcome) -> None:
    server = make_server()
    assert server.verify(answer(server), "INVITE", URI, now).outcome is outcome


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('username="alice"', 'username="bob"'),
        ('realm="veil"', 'realm="other"'),
        (f'uri="{URI}"', 'uri="sip:other@example.com"'),
        ("nc=00000001", "nc=00000002"),
        ("nc=00000001", "nc=0x000001"),
        ("nc=00000001", "nc=00000000"),
        ("nc=00000001", "nc=+0000001"),
        ("nc=00000001", "nc=1"),
        ("qop=auth", "qop=auth-int"),
        ('cnonce="c"', 'cnonce=""'),
        ('cnonce="c"', 'cnonce="d"'),
        ("algorithm=SHA-256", "algorithm=MD5"),
        ("algorithm=SHA-256", "opaque=x"),
        ("Digest ", "Basic "),
        ('response="', 'response="0'),
        ('response="', 'response="é'),
    ],
)
def test_anything_changed_is_refused(old: str, new: str) -> None:
    server = make_server()
    value = answer(server)
    assert old in value
    changed = value.replace(old, new)
    assert server.verify(changed, "INVITE", URI, 1000.0).outcome is Outcome.REFUSED
    assert server.verify(value, "INVITE", URI, 1000.0).outcome is Outcome.ACCEPTED


def test_wrong_password_method_or_request_uri_is_refused() -> None:
    server = make_server()
    wrong = answer(server, password="wrong")
    assert server.verify(wrong, "INVITE", URI, 1000.0).outcome is Outcome.REFUSED
    right = answer(server)
    assert server.verify(right, "BYE", URI, 1000.0).outcome is Outcome.REFUSED
    assert server.verify(right, "INVITE", URI + "x", 1000.0).outcome is Outcome.REFUSED


@pytest.mark.parametrize("nonce", ["", "1", "3e8.0.0", "zz.0", "3e8.00é"])
def test_nonces_of_others_are_refused(nonce: str) -> None:
    server = make_server()
    challenge = (
        f'Digest realm="veil", nonce="{nonce or "x"}", algorithm=SHA-256, qop=auth'
    )
    value = DigestClient("alice", "secret").authorize([challenge], "BYE", URI, b"", "c")
    assert server.verify(value, "BYE", URI, 1000.0).outcome is Outcome.REFUSED


def test_nonce_flood_forgets_old_ones_and_then_asks_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(digest, "MAX_NONCES", 2)
    server = make_server()
    outcomes = [
        server.verify(answer(server, now=now), "INVITE", URI, now).outcome
        for now in (0.0, 200.0, 250.0, 350.0)
    ]
    assert outcomes == [
        Outcome.ACCEPTED,
        Outcome.ACCEPTED,
        Outcome.STALE,
        Outcome.ACCEPTED,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Digest a",
        "Digest =b",
        'Digest a="b, c=d',
        'Digest a=1, A="2"',
        "Digest a=" + "x" * 5000,
        "Basic a=b",
        "",
    ],
)
def test_malformed_parameters_give_nothing(text: str) -> None:
    assert parse_digest(text) == {}


def test_commas_and_spaces_inside_quotes_belong_to_the_value() -> None:
    text = 'dIGEST Realm = "a, \\"b\\" c" ,nonce=d'
    assert parse_digest(text) == {"realm": 'a, "b" c', "nonce": "d"}


@given(st.text())
def test_any_credentials_are_judged(text: str) -> None:
    server = make_server()
    assert server.verify("Digest " + text, "BYE", URI, 1.0).outcome is Outcome.REFUSED
