"""Seeded damage to bytes, for fuzz loops: the same seed gives the same damage."""

from __future__ import annotations

import random
from collections.abc import Sequence

SPICE = (
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b"\t",
    b"\r\n ",
    b":",
    b";",
    b",",
    b"<",
    b">",
    b'"',
    b"\\",
    b"@",
    b"%",
    b"%00",
    b"=",
    b"?",
    b"[",
    b"]",
    b"\xff",
    b"\xc2\xa0",
    b"\xe2\x80\xa8",
    b"tag=",
    b";tag=x",
    b"SIP/2.0",
    b"Via: ",
    b"l: 0\r\n",
    b"-1",
    b"+1",
    b"1_0",
    b"99999999999999999999",
    b"\xc2\xb2",
    b"Content-Length: ",
)


def mutate(draw: random.Random, corpus: Sequence[bytes]) -> bytes:
    """Return a message of `corpus` with one to eight things done to it."""
    data = bytearray(draw.choice(corpus))
    for _ in range(draw.randint(1, 8)):
        at = draw.randrange(len(data) + 1)
        length = draw.choice((1, 1, 2, 8, 64))
        action = draw.randrange(6)
        if action == 0:
            data[at : at + 1] = bytes([draw.randrange(256)])
        elif action == 1:
            data[at:at] = draw.choice(SPICE)
        elif action == 2:
            del data[at : at + length]
        elif action == 3:
            data[at:at] = data[at : at + length] * draw.choice((1, 2, 50))
        elif action == 4:
            other = draw.choice(corpus)
            start = draw.randrange(len(other) + 1)
            data[at : at + length] = other[start : start + length]
        else:
            data[at : at + length] = draw.choice(SPICE)
    return bytes(data)
