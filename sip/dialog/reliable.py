"""Provisional responses the caller must confirm: PRACK, as UAS (RFC 3262 section 3)."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from sip.message.message import Request
from sip.wheel import Timer

if TYPE_CHECKING:
    from sip.dialog.inbound import InboundSession


class _Name(IntEnum):
    # Told apart by name, not by the clock: ticks round.
    REPEAT = 0
    GIVE_UP = 1


class _Waiting(NamedTuple):
    status: int
    reason: str | None
    headers: str
    body: bytes


class ReliableProvisionals:
    """Sends provisional responses one at a time, each until its PRACK arrives."""

    __slots__ = (
        "data",
        "give_up_at",
        "interval",
        "rseq",
        "session",
        "status",
        "timer",
        "waiting",
    )

    def __init__(self, session: InboundSession) -> None:
        self.session: InboundSession | None = session
        self.rseq = 0
        self.status = 0
        self.data = b""
        self.interval = 0.0
        self.give_up_at = 0.0
        self.timer: Timer | None = None
        self.waiting: list[_Waiting] = []

    @property
    def is_pending(self) -> bool:
        """A response was sent and its PRACK has not arrived."""
        return self.timer is not None

    def send(
        self, status: int, now: float, *, reason: str | None, headers: str, body: bytes
    ) -> None:
        """Send a provisional response, after those before it are confirmed."""
        if self.is_pending:
            self.waiting.append(_Waiting(status, reason, headers, body))
            return
        session = self.session
        assert session is not None
        self.rseq += 1
        self.status = status
        lines = f"Require: 100rel\r\nRSeq: {self.rseq}\r\n{headers}"
        self.data = session.render(status, reason, lines, body)
        timers = session.ground.settings.timers
        self.interval = timers.t1
        self.give_up_at = now + 64 * timers.t1
        session.transaction.respond(status, self.data, now)
        self.timer = session.ground.wheel.arm(now + self.interval, self, _Name.REPEAT)

    def confirm(self, prack: Request) -> bool:
        """Match a PRACK; False when it names nothing that waits (then 481)."""
        rack = prack.rack
        session = self.session
        if session is None or rack is None or self.timer is None:
            return False
        expected = (self.rseq, session.invite_seq, "INVITE")
        if (rack.rseq, rack.cseq, rack.method) != expected:
            return False
        self.timer.cancel()
        self.timer = None
        return True

    def send_next(self, now: float) -> None:
        """Send what waited for the last PRACK."""
        if self.waiting:
            status, reason, headers, body = self.waiting.pop(0)
            self.send(status, now, reason=reason, headers=headers, body=body)

    def stop(self) -> None:
        """A final answer was given: nothing is repeated any more."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self.waiting.clear()
        self.session = None

    def expire(self, name: int, now: float) -> None:
        """Repeat at doubling intervals for 64*T1, then refuse the INVITE."""
        session = self.session
        assert session is not None
        if name == _Name.GIVE_UP:
            self.timer = None
            session.unconfirmed(now)
            return
        session.transaction.respond(self.status, self.data, now)
        self.interval *= 2
        at, then = now + self.interval, _Name.REPEAT
        if at >= self.give_up_at:
            at, then = self.give_up_at, _Name.GIVE_UP
        self.timer = session.ground.wheel.arm(at, self, then)
