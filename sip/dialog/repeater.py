"""A 2xx to INVITE, repeated until its ACK arrives (RFC 3261 section 13.3.1.4)."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from sip.transaction.base import ServerTransaction
from sip.wheel import Timer

if TYPE_CHECKING:
    from sip.dialog.session import Session


class _Name(IntEnum):
    # Told apart by name, not by the clock: ticks round.
    REPEAT = 0
    GIVE_UP = 1


class Repeater:
    """Sends a 2xx at once and again at T1, 2*T1, … T2 apart, for 64*T1 in all.

    On streams too: the next hop may be a datagram (same section).
    """

    __slots__ = (
        "data",
        "give_up_at",
        "interval",
        "seq",
        "session",
        "timer",
        "transaction",
    )

    def __init__(
        self,
        session: Session,
        transaction: ServerTransaction,
        data: bytes,
        *,
        seq: int,
        now: float,
    ) -> None:
        timers = session.ground.settings.timers
        self.session: Session | None = session
        self.transaction = transaction
        self.data = data
        self.seq = seq
        self.interval = timers.t1
        self.give_up_at = now + timers.t1 * 64
        transaction.respond(200, data, now)
        self.timer: Timer = session.ground.wheel.arm(
            now + self.interval, self, _Name.REPEAT
        )

    def stop(self) -> None:
        """The ACK arrived, or nobody waits for it any more."""
        self.timer.cancel()
        self.session = None

    def expire(self, name: int, now: float) -> None:
        """Repeat, or tell the session that no ACK came."""
        session = self.session
        assert session is not None
        if name == _Name.GIVE_UP:
            self.session = None
            session.ack_missed(now)
            return
        self.transaction.respond(200, self.data, now)
        timers = session.ground.settings.timers
        self.interval = min(2 * self.interval, timers.t2)
        at, then = now + self.interval, _Name.REPEAT
        if at >= self.give_up_at:
            at, then = self.give_up_at, _Name.GIVE_UP
        self.timer = session.ground.wheel.arm(at, self, then)
