"""The running session timer: refreshes when due, ends what went stale (RFC 4028)."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from sip.dialog.interval import Interval
from sip.events import EndReason

if TYPE_CHECKING:
    from sip.dialog.session import Session


# How often in an interval a refresh that could not be had is tried again.
_TRIES = 10


class _Name(IntEnum):
    REFRESH = 0
    EXPIRE = 1


class SessionTimer:
    """The running timer of one session: refreshes it when due, ends it when stale."""

    __slots__ = ("end_at", "interval", "session", "timer")

    def __init__(self, session: Session, interval: Interval, now: float) -> None:
        self.session: Session | None = session
        self.interval = interval
        seconds = interval.seconds
        # Section 10: BYE the lesser of 32 seconds and a third before the end.
        self.end_at = now + seconds - min(32.0, seconds / 3)
        wheel = session.ground.wheel
        if interval.is_ours:
            self.timer = wheel.arm(now + seconds / 2, self, _Name.REFRESH)
        else:
            self.timer = wheel.arm(self.end_at, self, _Name.EXPIRE)

    def stop(self) -> None:
        """End the timer with its session."""
        self.timer.cancel()
        self.session = None

    def expire(self, name: int, now: float) -> None:
        """Send a refresh, or end the session nobody refreshed."""
        session = self.session
        assert session is not None
        if name == _Name.EXPIRE:
            session.end(EndReason.EXPIRED, now)
        elif refresh(session, now):
            self.timer = session.ground.wheel.arm(self.end_at, self, _Name.EXPIRE)
        else:
            self.try_later(now)

    def try_later(self, now: float) -> None:
        """Refresh again in a while, as long as there is time left."""
        session = self.session
        assert session is not None
        self.timer.cancel()
        at = now + self.interval.seconds / _TRIES
        name = _Name.REFRESH if at < self.end_at else _Name.EXPIRE
        self.timer = session.ground.wheel.arm(min(at, self.end_at), self, name)


def refresh(session: Session, now: float) -> bool:
    """Refresh a session: UPDATE where the peer takes it, else re-INVITE (7.4).

    False while another exchange is under way, which may refresh it as well.
    """
    dialog = session.dialog
    busy = session.proposal is not None or session.exchange is not None
    if dialog is None or session.is_early or busy or session.repeater is not None:
        return False
    if "UPDATE" in session.peer_allows:
        session.propose(dialog, "UPDATE", b"", now, is_refresh=True)
    else:
        session.propose(dialog, "INVITE", session.local_body, now, is_refresh=True)
    return True
