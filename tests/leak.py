"""What must never reach the far party: its scan over every byte a leg was sent.

A `Party` is everything by which one side could be recognised. `found_in` is given the
bytes the *other* side received and names what of it they hold. With the media engine
`bypass` the SDP's `c=` and port lines do cross; nothing else may.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import quote

_COUNTRY = "86"
_MOBILE_DIGITS = 11


@dataclass(frozen=True, slots=True)
class Party:
    """One side of a call, by all that could give it away."""

    number: str
    """In E.164, `+8613800000001`."""
    host: str
    """Its signalling address; media goes by another."""
    mark: str
    """A word put into its Call-ID, tags, branches, names, User-Agent, SDP and more."""


def spellings(number: str) -> frozenset[str]:
    """Return every way an E.164 `number` is written, separators left out.

    The national number alone is part of all of them; the rest is spelled out so that a
    report says what was found.
    """
    digits = number.lstrip("+")
    national = digits.removeprefix(_COUNTRY)
    return frozenset(
        {number, digits, f"00{digits}", f"0{national}", national}
        | {quote(number, safe=""), "".join(f"%{ord(c):02x}" for c in national)}
        | {national[::-1], digits.encode().hex()}
    )


def found_in(data: bytes, party: Party) -> list[str]:
    """Name what of `party` the bytes hold, in plain, escaped or base64 spelling."""
    text = data.decode("utf-8", "replace").lower()
    # "+86 (138) 0000-0001" is the number too; a dot in an address is not a separator.
    joined = text.translate(str.maketrans("", "", "-() "))
    hits = [spelling for spelling in spellings(party.number) if spelling in joined]
    hits += [word for word in (party.host, party.mark) if word.lower() in text]
    hits += [
        f"base64 of {word}"
        for word in (party.number, party.mark)
        if any(piece in data for piece in _base64_cores(word.encode()))
    ]
    return sorted(hits)


def _base64_cores(word: bytes) -> list[bytes]:
    """Return what base64 makes of `word` at each of the three alignments.

    The outer characters mix with the neighbours' bits and are left out.
    """
    cores = []
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + word + bytes(3))
        first = -(-shift * 8 // 6)
        last = (shift + len(word)) * 8 // 6
        cores.append(encoded[first:last])
    return cores
