"""An INVITE the SIP stack refused: it never becomes a call, but has its record."""

from __future__ import annotations

from router.engine.switchboard import Switchboard
from router.plan import reasons
from router.records.events import CalledIn, Finished
from router.records.record import compute
from router.store.port import Answer, StoreUnavailable


class Rejection:
    """A refused INVITE whose X number the store has been asked about."""

    __slots__ = ("at", "board", "caller", "clock", "status", "x")

    def __init__(
        self, board: Switchboard, x: str, caller: str, status: int, at: float
    ) -> None:
        """Begin at monotonic second `at`, when `status` was sent."""
        self.board = board
        self.x = x
        self.caller = caller
        self.status = status
        self.at = at
        self.clock = board.wall()
        """Epoch seconds of the INVITE."""

    def deliver(self, answer: Answer) -> None:
        """Write the record if the store says that X is ours; it answers once."""
        board = self.board
        if isinstance(answer, StoreUnavailable):
            board.counters.store_failures += 1
            return
        number = answer.number
        if number is None:
            board.counters.unknown_numbers += 1
            return
        name = board.tokens.token()
        called = CalledIn(
            self.at, self.clock, name, number.app, self.x, number.mode, self.caller
        )
        finished = Finished(
            self.at, reasons.BAD_INVITE, "platform", sip_status=self.status
        )
        board.counters.records += 1
        board.archive.write(compute((called, finished)))
