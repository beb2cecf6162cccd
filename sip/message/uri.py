"""URIs: sip, sips and tel taken apart, others kept whole (RFC 3261 19.1, RFC 3966)."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from sip.message.grammar import HOST, TOKEN, is_host, number
from sip.message.params import NO_PARAMS, Params, format_params, parse_params

_ESCAPED = "%[0-9A-Fa-f]{2}"
_USER = re.compile(rf"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#]|{_ESCAPED})+")
_PASSWORD = re.compile(rf"(?:[A-Za-z0-9\-_.!~*'()&=+$,]|{_ESCAPED})*")
_SIMPLE = re.compile(
    rf"(sips?):(?:([A-Za-z0-9+_.\-]+)@)?({HOST})(?::([0-9]{{1,5}}))?(?:;([^?@\s\"<>]+))?"
)
# What nearly all URIs look like: the shape above with at most one parameter, so that
# none can stand there twice.
_PLAIN_URI = (
    rf"sips?:(?:[A-Za-z0-9+_.\-]+@)?{HOST}(?::[0-9]{{1,4}})?(?:;{TOKEN}(?:={TOKEN})?)?"
)
_PLAIN = re.compile(_PLAIN_URI)
_PLAIN_ADDRESS = re.compile(rf"(?:[A-Za-z0-9]+ )?<{_PLAIN_URI}>(?:;tag={TOKEN})?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*")
_TELEPHONE = re.compile(r"\+?[0-9A-Fa-f*#\-.()]+")
# Unsaid and said are different for these, and for no others (RFC 3261 section 19.1.4).
_COMPARED_ALWAYS = ("transport", "user", "ttl", "method", "maddr")
MAX_PORT = 65535


class Uri(NamedTuple):
    """A URI by its parts, each as it was sent, escapes included."""

    scheme: str
    """Lower case: `sip`, `sips`, `tel`, or any other."""
    user: str = ""
    """User part of sip and sips; the number of tel."""
    password: str | None = None
    host: str = ""
    """Host name, IPv4 address or IPv6 reference with its brackets."""
    port: int | None = None
    params: Params = NO_PARAMS
    """Parameters, names in lower case."""
    headers: str = ""
    """What followed the question mark; never applied to any message."""
    opaque: str = ""
    """Everything after the colon when the scheme is none of the three."""

    @classmethod
    def parse(cls, text: str) -> Uri:
        """Read one URI, the whole of `text`; raise ValueError otherwise."""
        match = _SIMPLE.fullmatch(text)
        if match is not None:
            scheme, user, host, port, params = match.groups()
            return cls(
                scheme,
                user or "",
                None,
                host,
                number(port, MAX_PORT) if port else None,
                parse_params(params) if params else NO_PARAMS,
            )
        scheme, colon, rest = text.partition(":")
        if not colon or not rest or _SCHEME.fullmatch(scheme) is None:
            raise ValueError("URI is not valid")
        scheme = scheme.lower()
        if scheme in ("sip", "sips"):
            return _parse_sip(scheme, rest)
        if scheme == "tel":
            return _parse_tel(rest)
        if not rest.isprintable() or " " in rest:
            raise ValueError("URI is not valid")
        return cls(scheme, opaque=rest)

    @property
    def user_unescaped(self) -> str:
        """The user part with its escapes undone exactly once (section 19.1.2)."""
        if "%" not in self.user:
            return self.user
        return unquote_to_bytes(self.user).decode("utf-8", "surrogateescape")

    @property
    def address(self) -> str:
        """The host without the brackets of an IPv6 reference."""
        return self.host[1:-1] if self.host.startswith("[") else self.host

    @property
    def transport(self) -> str:
        """The transport parameter in lower case, or ""."""
        return self.params.get("transport", "").lower()

    def equivalent(self, other: Uri) -> bool:
        """Compare by the rules of RFC 3261 section 19.1.4 (RFC 3966 section 4: tel)."""
        if self.scheme != other.scheme or self.opaque != other.opaque:
            return False
        if self.scheme == "tel":
            return _digits(self.user) == _digits(other.user) and _folded(
                self.params
            ) == _folded(other.params)
        return (
            self.user_unescaped == other.user_unescaped
            and self.password == other.password
            and self.host.lower() == other.host.lower()
            and self.port == other.port
            and _same_params(self.params, other.params)
            and sorted(self.headers.lower().split("&"))
            == sorted(other.headers.lower().split("&"))
        )

    def __str__(self) -> str:
        """Return the wire form."""
        if self.opaque:
            return f"{self.scheme}:{self.opaque}"
        if self.scheme == "tel":
            return f"tel:{self.user}{format_params(self.params)}"
        text = f"{self.scheme}:"
        if self.user:
            secret = "" if self.password is None else f":{self.password}"
            text += f"{self.user}{secret}@"
        text += self.host
        if self.port is not None:
            text += f":{self.port}"
        if self.params:
            text += format_params(self.params)
        return f"{text}?{self.headers}" if self.headers else text


def is_plain_address(text: str) -> bool:
    """Tell whether `text` is a name-addr as nearly all are, with a URI that is valid.

    False says nothing: the address is then to be looked at in full.
    """
    return _PLAIN_ADDRESS.fullmatch(text) is not None


def is_uri(text: str) -> bool:
    """Tell whether `Uri.parse` would take `text`."""
    if _PLAIN.fullmatch(text) is not None:
        return True
    try:
        Uri.parse(text)
    except ValueError:
        return False
    return True


def _parse_sip(scheme: str, rest: str) -> Uri:
    # Semicolon and question mark may stand in the user part, "@" may stand nowhere
    # else (RFC 4475 sections 3.1.1.2 and 3.1.1.9).
    userinfo, at, rest = rest.rpartition("@")
    user, colon, secret = userinfo.partition(":")
    if at and _USER.fullmatch(user) is None:
        raise ValueError("URI is not valid")
    if colon and _PASSWORD.fullmatch(secret) is None:
        raise ValueError("URI is not valid")
    rest, question, headers = rest.partition("?")
    if question and (not headers or not headers.isprintable() or " " in headers):
        raise ValueError("URI is not valid")
    hostport, semicolon, params = rest.partition(";")
    host, port = parse_hostport(hostport)
    if semicolon and (" " in params or "\t" in params or '"' in params):
        raise ValueError("URI is not valid")
    return Uri(
        scheme,
        user,
        secret if colon else None,
        host,
        port,
        parse_params(params) if semicolon else NO_PARAMS,
        headers,
    )


def parse_hostport(text: str) -> tuple[str, int | None]:
    """Read `host[:port]`; raise ValueError when either is malformed."""
    host, port = text, None
    if not text.endswith("]"):
        name, colon, digits = text.rpartition(":")
        if colon:
            host, port = name, number(digits, MAX_PORT)
    if not is_host(host):
        raise ValueError("host is not valid")
    return host, port


def _parse_tel(rest: str) -> Uri:
    user, semicolon, params = rest.partition(";")
    if _TELEPHONE.fullmatch(user) is None or not any(c.isalnum() for c in user):
        raise ValueError("URI is not valid")
    if semicolon and (" " in params or "\t" in params):
        raise ValueError("URI is not valid")
    return Uri("tel", user, params=parse_params(params) if semicolon else NO_PARAMS)


def _digits(telephone: str) -> str:
    # RFC 3966 section 5.1.1: visual separators carry no meaning.
    return telephone.translate({ord(c): None for c in "-.()"}).lower()


def _folded(params: Params) -> Params:
    return {name: value.lower() for name, value in params.items()}


def _same_params(ours: Params, theirs: Params) -> bool:
    ours, theirs = _folded(ours), _folded(theirs)
    if any(ours.get(name) != theirs.get(name) for name in _COMPARED_ALWAYS):
        return False
    return all(ours[name] == theirs[name] for name in ours.keys() & theirs.keys())
