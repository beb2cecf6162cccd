"""What a transaction tells the floor above (RFC 3261's "TU")."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sip.message.message import Response
    from sip.transaction.base import ClientTransaction, ServerTransaction


class Failure(IntEnum):
    """Why a transaction could not do its work."""

    TIMEOUT = 0
    """Timer B, F or H: nothing came in 64*T1."""
    TRANSPORT = 1
    """The transport could not deliver to the peer."""


class ClientUser(Protocol):
    """Whoever sent the request of a client transaction."""

    def on_response(
        self, transaction: ClientTransaction, response: Response, now: float
    ) -> None:
        """Take a provisional response, the final one, or one more 2xx to an INVITE."""

    def on_failure(
        self, transaction: ClientTransaction, failure: Failure, now: float
    ) -> None:
        """Learn that no final response will come; the transaction is over."""


class ServerUser(Protocol):
    """Whoever answers the request of a server transaction."""

    def on_failure(
        self, transaction: ServerTransaction, failure: Failure, now: float
    ) -> None:
        """Learn that no ACK came for a refusal, or that no response gets through.

        The transaction goes on after `Failure.TRANSPORT` (RFC 6026 section 7.1).
        """
