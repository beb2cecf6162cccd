"""The running session timer: refreshes when due, ends what went stale (RFC 4028)."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from sip.dialog.interval import Interval
from sip.events import EndReason
from sip.wheel import Timer

if TYPE_CHECKING:
    from sip.dialog.session import Session


class _Name(IntEnum):
    REFRESH = 0
    EXPIRE = 1


class SessionTimer:
    """The running timer of one session: refreshes it when due, ends it when stale."""

    __slots__ = ("interval", "session", "timer")

    def __init__(self, session: Session, interval: Interval, now: float) -> None:
        self.session: Session | None = session
        self.interval = interval
        self.timer = self._arm(session, now)

    def _arm(self, session: Session, now: float) -> Timer:
        seconds = self.interval.seconds
        if self.interval.is_ours:
            return session.ground.wheel.arm(now + seconds / 2, self, _Name.REFRESH)
        return session.ground.wheel.arm(self._end_at(now), self, _Name.EXPIRE)

    def _end_at(self, now: float) -> float:
        # Section 10: BYE the lesser of 32 seconds and a third before the end.
        seconds = self.interval.seconds
        return now + seconds - min(32.0, seconds / 3)

    def stop(self) -> None:
        """End the timer with its session."""
        self.timer.cancel()
        self.session = None

    def expire(self, name: int, now: float) -> None:
        """Send a refresh, or end the session nobody refreshed."""
        session = self.session
        if session is None:
            return
        if name == _Name.REFRESH:
            at = self._end_at(now) - self.interval.seconds / 2
            self.timer = session.ground.wheel.arm(at, self, _Name.EXPIRE)
            refresh(session, now)
        else:
            session.end(EndReason.EXPIRED, now)


def refresh(session: Session, now: float) -> None:
    """Refresh a session: UPDATE where the peer takes it, else re-INVITE (7.4)."""
    dialog = session.dialog
    busy = session.proposal is not None or session.exchange is not None
    if dialog is None or session.is_early or session.is_over or busy:
        return
    if "UPDATE" in session.peer_allows:
        session.propose(dialog, "UPDATE", b"", now, is_refresh=True)
    else:
        session.propose(dialog, "INVITE", session.local_body, now, is_refresh=True)
