"""Digest authentication, both sides (RFC 3261 section 22, RFC 7616, RFC 8760).

SHA-256 unless told otherwise; MD5 only where whoever sets this up names it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from sip.message.grammar import split_list
from sip.message.params import unquote
from sip.tokens import Tokens

MAX_HEADER = 4096
"""Characters of a challenge or of credentials; longer ones count as none."""
MAX_NONCES = 4096
"""Nonces whose counts are remembered at once."""
_HASHES = {"SHA-256": "sha256", "SHA-512-256": "sha512_256", "MD5": "md5"}
_COUNT_DIGITS = 8


class Outcome(IntEnum):
    """What became of credentials."""

    ACCEPTED = 1
    STALE = 2
    """Right, but the nonce is too old: challenge again with `stale=True`."""
    REFUSED = 3


class Verdict(NamedTuple):
    """The answer to somebody's credentials."""

    outcome: Outcome
    username: str = ""
    """Whom they name; proven only when accepted."""


class DigestClient:
    """Answers challenges for one user, counting the uses of each nonce.

    `algorithms` are those allowed; among several challenges the server's order decides
    (RFC 8760 section 2.4). Raises ValueError for an algorithm nobody knows.
    """

    def __init__(
        self, username: str, password: str, *, algorithms: Sequence[str] = ("SHA-256",)
    ) -> None:
        _check(algorithms)
        self._username = username
        self._password = password
        self._algorithms = tuple(algorithms)
        self._counts: dict[str, int] = {}

    def authorize(
        self, challenges: Sequence[str], method: str, uri: str, body: bytes, cnonce: str
    ) -> str:
        """Return the credentials for a request, "" when no challenge can be answered.

        `challenges` are the WWW-Authenticate or Proxy-Authenticate values of one 401 or
        407, topmost first; `uri` is the Request-URI; `cnonce` a fresh token.
        """
        for text in challenges:
            challenge = parse_digest(text)
            if "realm" not in challenge or not challenge.get("nonce"):
                continue
            algorithm = challenge.get("algorithm", "MD5").upper()
            qop = _choose_qop(challenge.get("qop"))
            if algorithm in self._algorithms and qop is not None:
                return self._answer(
                    challenge, algorithm, qop, (method, uri, body), cnonce
                )
        return ""

    def _answer(
        self,
        challenge: Mapping[str, str],
        algorithm: str,
        qop: str,
        request: tuple[str, str, bytes],
        cnonce: str,
    ) -> str:
        realm, nonce = challenge["realm"], challenge["nonce"]
        count = self._counts.pop(nonce, 0) + 1
        if len(self._counts) >= MAX_NONCES:
            del self._counts[next(iter(self._counts))]
        self._counts[nonce] = count
        secret = _secret(algorithm, self._username, realm, self._password)
        uses = f"{count:08x}"
        response = _response(algorithm, secret, (nonce, uses, cnonce, qop), request)
        parts = [
            f"username={_quote(self._username)}",
            f"realm={_quote(realm)}",
            f"nonce={_quote(nonce)}",
            f"uri={_quote(request[1])}",
            f'response="{response}"',
            f"algorithm={algorithm}",
        ]
        if qop:
            parts += (f"cnonce={_quote(cnonce)}", f"qop={qop}", f"nc={uses}")
        if "opaque" in challenge:
            parts.append(f"opaque={_quote(challenge['opaque'])}")
        return "Digest " + ", ".join(parts)


class DigestServer:
    """Challenges strangers and checks what they answer.

    `secrets` gives a user's password, None for nobody we know. Nonces are signed with a
    key of this server's own, so nothing is kept for a challenge; only nonces that were
    used well are remembered, to refuse the same credentials twice. Raises ValueError
    for an algorithm nobody knows.
    """

    def __init__(
        self,
        realm: str,
        secrets: Callable[[str], str | None],
        *,
        tokens: Tokens,
        algorithms: Sequence[str] = ("SHA-256",),
        nonce_seconds: float = 300.0,
    ) -> None:
        _check(algorithms)
        self._realm = realm
        self._secrets = secrets
        self._algorithms = tuple(algorithms)
        self._nonce_seconds = nonce_seconds
        self._tokens = tokens
        self._key = tokens.token().encode()
        # Nonce -> highest count seen, in order of first use.
        self._counts: dict[str, int] = {}

    def challenge(self, now: float, *, stale: bool = False) -> list[str]:
        """Return a challenge for each algorithm, to be sent in this order.

        RFC 8760 section 2.3: one header line each, the preferred algorithm on top.
        """
        text = f"{int(now):x}.{self._tokens.token()}"
        nonce = f"{text}.{self._sign(text)}"
        tail = ", stale=true" if stale else ""
        return [
            f"Digest realm={_quote(self._realm)}, nonce={_quote(nonce)}, "
            f'algorithm={algorithm}, qop="auth"{tail}'
            for algorithm in self._algorithms
        ]

    def verify(self, credentials: str, method: str, uri: str, now: float) -> Verdict:
        """Check the value of an Authorization or Proxy-Authorization header.

        `uri` is the Request-URI, which the credentials must name letter for letter.
        Takes the same time whether or not the user exists.
        """
        given = parse_digest(credentials)
        username = given.get("username", "")
        refused = Verdict(Outcome.REFUSED, username)
        nonce, count = given.get("nonce", ""), _count(given.get("nc", ""))
        algorithm = given.get("algorithm", "MD5").upper()
        if (
            algorithm not in self._algorithms
            or given.get("realm") != self._realm
            or given.get("uri") != uri
            or given.get("qop") != "auth"
            or not given.get("cnonce")
            or not count
        ):
            return refused
        password = self._secrets(username)
        secret = _secret(algorithm, username, self._realm, password or "")
        expected = _response(
            algorithm,
            secret,
            (nonce, given["nc"], given["cnonce"], "auth"),
            (method, uri, b""),
        )
        right = _same(given.get("response", ""), expected)
        if not right or password is None:
            return refused
        made_at = self._made_at(nonce)
        if made_at is None:
            return refused
        if not 0 <= now - made_at <= self._nonce_seconds:
            return Verdict(Outcome.STALE, username)
        return self._use(nonce, count, username, now)

    def _use(self, nonce: str, count: int, username: str, now: float) -> Verdict:
        last = self._counts.get(nonce)
        if last is None and len(self._counts) >= MAX_NONCES:
            self._forget_old(now)
            # Forgetting a live nonce would allow its replay: the new one has to wait.
            if len(self._counts) >= MAX_NONCES:
                return Verdict(Outcome.STALE, username)
        if last is not None and count <= last:
            return Verdict(Outcome.REFUSED, username)
        self._counts[nonce] = count
        return Verdict(Outcome.ACCEPTED, username)

    def _forget_old(self, now: float) -> None:
        for nonce in list(self._counts):
            made_at = self._made_at(nonce)
            if made_at is None or now - made_at > self._nonce_seconds:
                del self._counts[nonce]

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), "sha256").hexdigest()[:32]

    def _made_at(self, nonce: str) -> int | None:
        text, _, signature = nonce.rpartition(".")
        if not _same(signature, self._sign(text)):
            return None
        return int(text.partition(".")[0], 16)


def parse_digest(text: str) -> dict[str, str]:
    """Read a challenge or credentials: lower-case names, values without quotes.

    What is no Digest, is malformed or names something twice gives an empty dictionary.
    """
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() != "digest" or len(text) > MAX_HEADER:
        return {}
    found: dict[str, str] = {}
    try:
        pairs = split_list(rest)
    except ValueError:
        return {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip().lower()
        if not equals or not name or name in found:
            return {}
        found[name] = unquote(value.strip())
    return found


def _check(algorithms: Sequence[str]) -> None:
    unknown = [name for name in algorithms if name not in _HASHES]
    if unknown or not algorithms:
        raise ValueError(f"digest algorithms are of {', '.join(_HASHES)}: {unknown}")


def _choose_qop(offered: str | None) -> str | None:
    # RFC 2069 servers offer none; auth-int is for those who insist.
    if offered is None:
        return ""
    choices = [choice.strip().lower() for choice in offered.split(",")]
    return next((qop for qop in ("auth", "auth-int") if qop in choices), None)


def _hash(algorithm: str, text: bytes) -> str:
    return hashlib.new(_HASHES[algorithm], text, usedforsecurity=False).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _secret(algorithm: str, username: str, realm: str, password: str) -> str:
    return _hash(algorithm, _bytes(f"{username}:{realm}:{password}"))


def _response(
    algorithm: str,
    secret: str,
    protection: tuple[str, str, str, str],
    request: tuple[str, str, bytes],
) -> str:
    # RFC 7616 section 3.4.1; protection is (nonce, nc, cnonce, qop).
    nonce, count, cnonce, qop = protection
    method, uri, body = request
    action = f"{method}:{uri}"
    if qop == "auth-int":
        action += f":{_hash(algorithm, body)}"
    middle = f"{nonce}:{count}:{cnonce}:{qop}" if qop else nonce
    hashed = _hash(algorithm, _bytes(action))
    return _hash(algorithm, _bytes(f"{secret}:{middle}:{hashed}"))


def _count(text: str) -> int:
    # nc-value is 8LHEX; int(text, 16) alone would take "0x1", "1_0" and "+1".
    if len(text) != _COUNT_DIGITS or text.strip("0123456789abcdefABCDEF"):
        return 0
    return int(text, 16)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(_bytes(given), _bytes(expected))


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
