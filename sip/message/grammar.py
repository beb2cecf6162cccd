"""Pieces of SIP's grammar that every header shares (RFC 3261 section 25.1).

All of it is linear: a pattern that fails fails once, and ends the work.
"""

from __future__ import annotations

import re
from typing import Final

WHITESPACE: Final = " \t"
TOKEN: Final = r"[A-Za-z0-9\-.!%*_+`'~]+"  # noqa: S105 - a pattern, no secret
QUOTED: Final = r'"(?:[^"\\]|\\.)*+"'
# "hostname", loosened by "_" which peers use, or an IPv4 address.
HOST_NAME: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_.])?"
# RFC 5118 section 4.10: "[2001:db8:::192.0.2.1]" must be survived, so no closer look.
IPV6_REFERENCE: Final = r"\[[0-9A-Fa-f:.]+\]"
HOST: Final = rf"(?:{HOST_NAME}|{IPV6_REFERENCE})"

_TOKEN = re.compile(TOKEN)
_HOST = re.compile(HOST)
_LIST_PIECE = re.compile(rf'[^",<]+|{QUOTED}|<[^>]*>|.', re.DOTALL)


def is_token(text: str) -> bool:
    """Tell whether `text` is a token (RFC 3261 section 25.1)."""
    return _TOKEN.fullmatch(text) is not None


def is_host(text: str) -> bool:
    """Tell whether `text` is a host name, an IPv4 address or an IPv6 reference."""
    return _HOST.fullmatch(text) is not None


def number(text: str, most: int) -> int:
    """Read 1*DIGIT not above `most`; raise ValueError for anything else.

    `int` alone would take "1_0", "+1", "\N{SUPERSCRIPT TWO}", and raise on many digits.
    """
    if not (text.isdecimal() and text.isascii()):
        raise ValueError("not a number")
    if len(text) > 10:
        text = text.lstrip("0") or "0"
        if len(text) > 10:
            raise ValueError("number too large")
    value = int(text)
    if value > most:
        raise ValueError("number too large")
    return value


def words(text: str) -> list[str]:
    """Split at runs of spaces and tabs, and at nothing else."""
    return [word for word in text.replace("\t", " ").split(" ") if word]


def split_list(text: str) -> list[str]:
    """Split a comma-separated value; commas in quotes and in <> do not count.

    Empty members are left out. Raise ValueError when a quote or bracket stays open.
    """
    if "," not in text:
        return [text] if text else []
    if '"' not in text and "<" not in text:
        parts = text.split(",")
    else:
        parts = []
        piece_start = 0
        for match in _LIST_PIECE.finditer(text):
            piece = match.group()
            if piece == ",":
                parts.append(text[piece_start : match.start()])
                piece_start = match.end()
            elif piece in ('"', "<"):
                raise ValueError("unbalanced list")
        parts.append(text[piece_start:])
    stripped = [part.strip(WHITESPACE) for part in parts]
    return [part for part in stripped if part]
