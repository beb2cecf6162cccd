"""Users of transactions whose outcome decides nothing any more."""

from __future__ import annotations

from sip.dialog.ground import Ground
from sip.flow import Flow
from sip.message.message import Response
from sip.transaction.base import ClientTransaction
from sip.transaction.user import Failure


class Afterlife:
    """What is left of a session over: a repeated 2xx still gets its ACK (13.2.2.4)."""

    __slots__ = ("ack", "ground")

    def __init__(self, ground: Ground, ack: tuple[bytes, Flow] | None) -> None:
        self.ground = ground
        self.ack = ack

    def on_response(
        self, transaction: ClientTransaction, response: Response, now: float
    ) -> None:
        """Send the ACK once more."""
        if self.ack is not None and 200 <= response.status < 300:
            self.ground.outbox.append(self.ack)

    def on_failure(
        self, transaction: ClientTransaction, failure: Failure, now: float
    ) -> None:
        """Nothing depends on it any more."""


class Unwatched:
    """The user of a transaction whose outcome matters to nobody."""

    def on_response(
        self, transaction: ClientTransaction, response: Response, now: float
    ) -> None:
        """Let the answer pass."""

    def on_failure(
        self, transaction: ClientTransaction, failure: Failure, now: float
    ) -> None:
        """Let the failure pass."""


UNWATCHED = Unwatched()
