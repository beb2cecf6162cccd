"""Users of transactions whose outcome decides nothing any more."""

from __future__ import annotations

from sip.dialog.dialog import Dialog
from sip.dialog.ground import Ground
from sip.dialog.route import uri_of
from sip.flow import Flow
from sip.message.message import Response
from sip.transaction.base import ClientTransaction
from sip.transaction.user import Failure


class Afterlife:
    """What is left of a session over: each 2xx still gets its ACK (13.2.2.4)."""

    __slots__ = ("ack", "ground", "remote_tag")

    def __init__(
        self, ground: Ground, ack: tuple[bytes, Flow] | None, remote_tag: str
    ) -> None:
        self.ground = ground
        self.ack = ack
        self.remote_tag = remote_tag

    def on_response(
        self, transaction: ClientTransaction, response: Response, now: float
    ) -> None:
        """Send the ACK once more, or release another branch of a fork."""
        if response.to_tag != self.remote_tag:
            release(self.ground, transaction, response, now)
        elif self.ack is not None:
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


def release(
    ground: Ground, transaction: ClientTransaction, response: Response, now: float
) -> None:
    """ACK and BYE a 2xx of ours nobody wants: another branch answered (13.2.2.4).

    All of it is in the 2xx: From is ours, copied by the peer.
    """
    dialog = Dialog.as_client(
        ground,
        response,
        local=response.fields["from"][0],
        local_tag=response.from_tag,
        target=uri_of(response.fields["to"][0]),
        flow=transaction.flow,
        seq=response.cseq.number,
    )
    dialog.acknowledge(response.cseq.number, b"")
    branch = ground.tokens.branch()
    ground.transactions.send(
        dialog.request("BYE", branch=branch, seq=dialog.next_seq()),
        method="BYE",
        branch=branch,
        flow=dialog.flow,
        user=UNWATCHED,
        now=now,
    )
