"""Typed values of single header fields, each with `parse` and its wire form."""

from __future__ import annotations

import re
from typing import NamedTuple

from sip.message.grammar import TOKEN, is_token, number, words
from sip.message.limits import MAX_CSEQ, MAX_RSEQ, MAX_SECONDS
from sip.message.names import METHODS
from sip.message.params import NO_PARAMS, Params, format_params, parse_params
from sip.message.uri import MAX_PORT, parse_hostport

# What nearly all peers send: 1 us, where the general way takes 2.
_USUAL_VIA = re.compile(
    r"SIP/2\.0/(UDP|TCP|TLS) ([A-Za-z0-9][A-Za-z0-9.\-]*)(?::([0-9]{1,5}))?"
    r";branch=([A-Za-z0-9.\-_]+)(;rport)?"
)
_VIA = re.compile(
    rf"SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*({TOKEN})[ \t]+([^;\s]+)[ \t]*"
    r"(?::[ \t]*([0-9]{1,5})[ \t]*)?(?:;(.*))?",
    re.IGNORECASE | re.DOTALL,
)
_SECONDS = re.compile(r"([0-9]+)[ \t]*(?:\(.*\)[ \t]*)?(?:;.*)?", re.DOTALL)


class Via(NamedTuple):
    """One hop a request came by (RFC 3261 section 20.42)."""

    transport: str
    """As it was sent, usually `UDP`, `TCP` or `TLS`."""
    host: str
    """The sent-by host; an IPv6 reference keeps its brackets."""
    port: int | None = None
    params: Params = NO_PARAMS

    @classmethod
    def parse(cls, text: str) -> Via:
        """Read one value; raise ValueError otherwise."""
        usual = _USUAL_VIA.fullmatch(text)
        if usual is None:
            return cls._parse_slowly(text)
        transport, host, port, branch, rport = usual.groups()
        return cls(
            transport,
            host,
            number(port, MAX_PORT) if port else None,
            {"branch": branch, "rport": ""} if rport else {"branch": branch},
        )

    @classmethod
    def _parse_slowly(cls, text: str) -> Via:
        # "SIP  /   2.0  / UDP  192.0.2.2 ; branch = x" (RFC 4475 section 3.1.1.1)
        match = _VIA.fullmatch(text)
        if match is None:
            raise ValueError("Via is not valid")
        transport, hostport, late_port, params = match.groups()
        if late_port is not None:
            hostport = f"{hostport}:{late_port}"
        host, port = parse_hostport(hostport)
        return cls(
            transport,
            host,
            port,
            parse_params(params) if params is not None else NO_PARAMS,
        )

    @property
    def branch(self) -> str:
        """The branch parameter, or ""."""
        return self.params.get("branch", "")

    @property
    def received(self) -> str | None:
        """The received parameter without brackets (RFC 5118 section 4.5), or None."""
        value = self.params.get("received")
        return value.strip("[]") if value else None

    @property
    def rport(self) -> str | None:
        """None when absent, "" when asked for, else the digits (RFC 3581)."""
        return self.params.get("rport")

    def __str__(self) -> str:
        """Return the wire form."""
        port = "" if self.port is None else f":{self.port}"
        tail = format_params(self.params)
        return f"SIP/2.0/{self.transport} {self.host}{port}{tail}"


class CSeq(NamedTuple):
    """A sequence number and its method (RFC 3261 section 20.16)."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> CSeq:
        """Read `4711 INVITE`; raise ValueError otherwise."""
        digits, _, method = text.partition(" ")
        if method not in METHODS:
            parts = words(text)
            if len(parts) != 2 or not is_token(parts[1]):
                raise ValueError("CSeq is not valid")
            digits, method = parts
        if len(digits) < 10 and digits.isdecimal() and digits.isascii():
            return cls(int(digits), method)
        return cls(number(digits, MAX_CSEQ), method)

    def __str__(self) -> str:
        """Return the wire form."""
        return f"{self.number} {self.method}"


class RAck(NamedTuple):
    """What a PRACK acknowledges (RFC 3262 section 7.2)."""

    rseq: int
    cseq: int
    method: str

    @classmethod
    def parse(cls, text: str) -> RAck:
        """Read `776656 1 INVITE`; raise ValueError otherwise."""
        parts = words(text)
        if len(parts) != 3 or not is_token(parts[2]):
            raise ValueError("RAck is not valid")
        return cls(number(parts[0], MAX_RSEQ), number(parts[1], MAX_CSEQ), parts[2])

    def __str__(self) -> str:
        """Return the wire form."""
        return f"{self.rseq} {self.cseq} {self.method}"


class SessionExpires(NamedTuple):
    """A session interval and who refreshes it (RFC 4028 section 4)."""

    seconds: int
    refresher: str = ""
    """`uac`, `uas`, or "" when left open."""

    @classmethod
    def parse(cls, text: str) -> SessionExpires:
        """Read `1800;refresher=uac`; raise ValueError otherwise."""
        seconds, semicolon, tail = text.partition(";")
        params = parse_params(tail) if semicolon else NO_PARAMS
        refresher = params.get("refresher", "").lower()
        if refresher not in ("", "uac", "uas"):
            raise ValueError("Session-Expires is not valid")
        return cls(number(seconds.strip(" \t"), MAX_SECONDS), refresher)

    def __str__(self) -> str:
        """Return the wire form."""
        tail = f";refresher={self.refresher}" if self.refresher else ""
        return f"{self.seconds}{tail}"


def parse_seconds(text: str) -> int:
    """Read delta-seconds, a comment and parameters left aside; raise ValueError.

    `120 (in a meeting);duration=60` gives 120 (RFC 3261 section 20.33).
    """
    match = _SECONDS.fullmatch(text)
    if match is None:
        raise ValueError("seconds are not valid")
    return number(match[1], MAX_SECONDS)
