"""The messages of a call as a ladder: who sent what, when."""

from __future__ import annotations

from typing import NamedTuple

from sip.errors import PeerMistake
from sip.message.message import Request, Response
from sip.message.parser import parse

_WIDTH = 46


class Rung(NamedTuple):
    """One message between us and the other side."""

    at: float
    """Seconds, the loop's clock."""
    is_ours: bool
    text: str
    """Method or status, and what the body is."""


def describe(message: Request | Response) -> str:
    """Return one line for a message: `INVITE sip:… (SDP)`, `180 Ringing`."""
    body = message.content_type.rpartition("/")[2].upper() if message.body else ""
    note = f" ({body})" if body else ""
    if isinstance(message, Request):
        return f"{message.method} {message.uri}{note}"
    reason = message.first("reason")
    return f"{message.status} {message.reason}{note}" + (
        f" [{reason}]" if reason else ""
    )


class Ladder:
    """Collects messages in the order in which they went past."""

    def __init__(self) -> None:
        self.rungs: list[Rung] = []
        self.received: list[bytes] = []
        """What the other side sent, byte for byte."""

    def add(self, data: bytes, at: float, *, is_ours: bool) -> None:
        """Note one message; bytes that are none stand as such."""
        if not is_ours:
            self.received.append(data)
        try:
            text = describe(parse(data))
        except PeerMistake as mistake:
            text = f"({len(data)} bytes that are no SIP: {mistake})"
        self.rungs.append(Rung(at, is_ours, text))

    def lines(self, us: str, them: str) -> list[str]:
        """Draw the ladder between two names, times in seconds from the first rung."""
        if not self.rungs:
            return ["(no messages)"]
        start = self.rungs[0].at
        drawn = [f"{'':8}{us:<10}{'':{_WIDTH - 10}}{them:>10}"]
        for at, is_ours, text in self.rungs:
            shaft = f" {text} ".center(_WIDTH - 2, "─")
            arrow = f"{shaft}─▶" if is_ours else f"◀─{shaft}"
            drawn.append(f"{at - start:7.3f} |{arrow}|")
        return drawn
