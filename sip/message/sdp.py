"""Session descriptions as values (RFC 8866).

`masked` is the hot path and never makes these values; they are for whoever has to look
into a description: hold, codecs, a media engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sip.errors import PeerMistake
from sip.message.sdp_mask import (
    MAX_LINES,
    MAX_MEDIA,
    MAX_PAYLOAD_TYPE,
    MAX_PORT,
    masked,
)

__all__ = [
    "Codec",
    "Direction",
    "Media",
    "Origin",
    "Sdp",
    "masked",
    "parse",
    "parse_media",
]

MAX_LINES_PER_MEDIA = 64
"""Lines of one description, or before the first; vendors' own count too."""
_DIGITS_OF_64_BITS = 20


class Direction(StrEnum):
    """Which way media flows, seen from whoever wrote the description."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


_DIRECTIONS = {f"a={direction}": direction for direction in Direction}
_STATIC_CODECS = {
    0: ("PCMU", 8000, 1),
    3: ("GSM", 8000, 1),
    4: ("G723", 8000, 1),
    8: ("PCMA", 8000, 1),
    9: ("G722", 8000, 1),
    13: ("CN", 8000, 1),
    15: ("G728", 8000, 1),
    18: ("G729", 8000, 1),
}
"""Payload types that need no rtpmap (RFC 3551 section 6)."""


class Origin(NamedTuple):
    """The `o=` line: who made the session and which version of it this is."""

    username: str
    session_id: int
    version: int
    kind: str
    """`IP4` or `IP6`."""
    address: str

    def __str__(self) -> str:
        return (
            f"{self.username} {self.session_id} {self.version} IN "
            f"{self.kind} {self.address}"
        )


class Codec(NamedTuple):
    """One format of an RTP stream."""

    payload_type: int
    name: str
    """Encoding name as written; compared without regard to case."""
    rate: int
    """Clock rate in Hz."""
    channels: int = 1
    parameters: str = ""
    """What `fmtp` says of it, verbatim."""

    def same_as(self, other: Codec) -> bool:
        """Say whether both are one encoding, whatever their payload types."""
        return (
            self.name.lower() == other.name.lower()
            and self.rate == other.rate
            and self.channels == other.channels
        )


@dataclass(frozen=True, slots=True)
class Media:
    """One `m=` line and what belongs to it."""

    kind: str
    """`audio`, `video`, `image` and so on."""
    port: int
    """0 refuses the stream (RFC 3264 section 6)."""
    protocol: str
    """`RTP/AVP` and the like, as written."""
    formats: tuple[str, ...]
    lines: tuple[str, ...] = ()
    """The lines after `m=`, verbatim and in order."""
    ports: int = 1
    """How many ports in a row; nearly always 1."""

    @property
    def address(self) -> str:
        """The stream's own connection address, "" when the session's holds."""
        return _address(self.lines)

    @property
    def direction(self) -> Direction | None:
        """The stream's own direction, None when it says none."""
        return _direction(self.lines)

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """The formats with names, in order of preference; unknown ones left out."""
        maps = dict(_by_format(self.lines, "a=rtpmap:"))
        parameters = dict(_by_format(self.lines, "a=fmtp:"))
        found = []
        for text in self.formats:
            codec = _codec(text, maps.get(text), parameters.get(text, ""))
            if codec is not None:
                found.append(codec)
        return tuple(found)

    def attribute(self, name: str) -> str | None:
        """Return the first `a=name:` value, "" for a bare `a=name`, None without it."""
        return _attribute(self.lines, name)

    def __str__(self) -> str:
        ports = f"{self.port}/{self.ports}" if self.ports != 1 else str(self.port)
        first = f"m={self.kind} {ports} {self.protocol} {' '.join(self.formats)}"
        return "".join(f"{line}\r\n" for line in (first, *self.lines))


@dataclass(frozen=True, slots=True)
class Sdp:
    """A whole description. Lines nobody asks for are kept verbatim."""

    origin: Origin
    media: tuple[Media, ...]
    name: str = "-"
    lines: tuple[str, ...] = ("t=0 0",)
    """Session lines after `s=`, verbatim and in order."""

    def address_of(self, media: Media) -> str:
        """Return where `media` is to be sent, "" when the description forgot to say."""
        return media.address or _address(self.lines)

    def direction_of(self, media: Media) -> Direction:
        """Return the direction of `media`: its own, the session's, or sendrecv."""
        return media.direction or _direction(self.lines) or Direction.SENDRECV

    def __str__(self) -> str:
        head = (f"v=0\r\no={self.origin}", f"s={self.name}", *self.lines)
        return "".join(f"{line}\r\n" for line in head) + "".join(map(str, self.media))

    def __bytes__(self) -> bytes:
        return str(self).encode("utf-8", "surrogateescape")


def parse(body: bytes) -> Sdp:
    """Read a description; CRLF, LF and CR end lines alike. Raises `PeerMistake` 400."""
    if b"\0" in body:
        raise _mistake("a NUL")
    text = body.decode("utf-8", "surrogateescape").rstrip("\r\n")
    lines = [
        line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ]
    if len(lines) > MAX_LINES or any(line[1:2] != "=" for line in lines):
        raise _mistake("a line")
    starts = [at for at, line in enumerate(lines) if line.startswith("m=")]
    session = lines[: starts[0]] if starts else lines
    if session[:1] != ["v=0"] or len(session) > MAX_LINES_PER_MEDIA:
        raise _mistake("the beginning")
    if len(session) < 3 or session[1][0] != "o" or session[2][0] != "s":
        raise _mistake("o= or s= is missing")
    if len(starts) > MAX_MEDIA:
        raise _mistake("too many media")
    ends = [*starts[1:], len(lines)]
    media = tuple(
        parse_media(lines[start:end]) for start, end in zip(starts, ends, strict=False)
    )
    return Sdp(_origin(session[1][2:]), media, session[2][2:], tuple(session[3:]))


def parse_media(lines: list[str]) -> Media:
    """Read one media description, its `m=` line first. Raises `PeerMistake` 400."""
    parts = lines[0][2:].split(" ")
    if len(lines) > MAX_LINES_PER_MEDIA or len(parts) < 4 or not all(parts):
        raise _mistake("a media description")
    port, _, ports = parts[1].partition("/")
    protocol, formats = parts[2], tuple(parts[3:])
    if "RTP/" in protocol:
        for text in formats:
            _number(text, MAX_PAYLOAD_TYPE)
    return Media(
        parts[0],
        _number(port, MAX_PORT),
        protocol,
        formats,
        tuple(lines[1:]),
        _number(ports or "1", MAX_PORT),
    )


def _mistake(what: str) -> PeerMistake:
    return PeerMistake(400, f"Session description is not valid: {what}")


def _number(text: str, largest: int) -> int:
    # str.isdigit and int() take more than ASCII digits; the length goes before int().
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_OF_64_BITS):
        raise _mistake("a number")
    number = int(text)
    if number > largest:
        raise _mistake("a number")
    return number


def _origin(text: str) -> Origin:
    parts = text.split(" ")
    if len(parts) != 6 or parts[3] != "IN" or not all(parts):
        raise _mistake("o=")
    session_id, version = (_number(part, 2**64 - 1) for part in parts[1:3])
    return Origin(parts[0], session_id, version, parts[4], parts[5])


def _address(lines: tuple[str, ...]) -> str:
    for line in lines:
        if line.startswith("c="):
            return line.rpartition(" ")[2].partition("/")[0]
    return ""


def _direction(lines: tuple[str, ...]) -> Direction | None:
    return next((_DIRECTIONS[line] for line in lines if line in _DIRECTIONS), None)


def _attribute(lines: tuple[str, ...], name: str) -> str | None:
    bare = f"a={name}"
    for line in lines:
        if line == bare:
            return ""
        if line.startswith(f"{bare}:"):
            return line[len(bare) + 1 :]
    return None


def _by_format(lines: tuple[str, ...], prefix: str) -> Iterable[tuple[str, str]]:
    for line in lines:
        if line.startswith(prefix):
            number, _, value = line[len(prefix) :].partition(" ")
            yield number, value


def _codec(text: str, mapping: str | None, parameters: str) -> Codec | None:
    try:
        number = _number(text, MAX_PAYLOAD_TYPE)
        if mapping is None:
            name, rate, channels = _STATIC_CODECS[number]
            return Codec(number, name, rate, channels, parameters)
        name, _, rest = mapping.partition("/")
        hertz, _, count = rest.partition("/")
        rate, channels = _number(hertz, 2**31), _number(count or "1", 255)
    except (PeerMistake, KeyError):
        return None
    return Codec(number, name, rate, channels, parameters)
