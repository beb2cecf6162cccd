"""What the stack tells the application, in the past tense.

Every event of a call names its `session`; commands go down on that object. Events are
read from `Core.next_event` in the order in which they happened.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sip.dialog.exchange import Exchange
    from sip.dialog.inbound import InboundSession
    from sip.dialog.outbound import OutboundSession
    from sip.dialog.session import Session
    from sip.flow import Flow
    from sip.message.message import Request, Response


class EndReason(Enum):
    """Why an established session ended without the application asking for it."""

    BYE = "bye"
    """The peer sent BYE; it was answered 200."""
    EXPIRED = "expired"
    """The session timer ran out unrefreshed (RFC 4028 section 10)."""
    PEER_GONE = "peer-gone"
    """The peer answered 481 or 408, or not at all, inside the dialog (12.2.1.2)."""


class Invited(NamedTuple):
    """A new INVITE arrived and was answered 100."""

    session: InboundSession
    request: Request
    flow: Flow
    """Where the INVITE came from."""


class Rejected(NamedTuple):
    """A new INVITE was refused by the stack itself; it was answered and is over.

    Neither a repeat nor the same INVITE by another path (482) makes this event.
    """

    request: Request
    """Well-formed as far as `check` looks; nothing else in it can be relied on."""
    flow: Flow
    """Where the INVITE came from."""
    status: int
    """The final status it was sent."""


class Cancelled(NamedTuple):
    """The peer took its INVITE back before a final answer; 487 was sent. It is over.

    So it is, with 504, when a reliable provisional response was never confirmed.
    """

    session: InboundSession
    request: Request


class Confirmed(NamedTuple):
    """The ACK for our 2xx to the first INVITE arrived."""

    session: InboundSession
    body: bytes
    """The peer's answer when the offer was ours, else empty."""


class AckMissed(NamedTuple):
    """No ACK for a 2xx of ours in 64*T1 (13.3.1.4): the application should hang up."""

    session: Session


class Progressed(NamedTuple):
    """A provisional response, 101 to 199, arrived for our INVITE."""

    session: OutboundSession
    status: int
    response: Response
    body: bytes
    needs_answer: bool
    """The body is an offer: answer it with `acknowledge_progress`."""


class Answered(NamedTuple):
    """Our INVITE was accepted: `acknowledge` must follow."""

    session: OutboundSession
    response: Response
    body: bytes
    """The peer's answer, or its offer when our INVITE had none."""


class Failed(NamedTuple):
    """Our INVITE got no session: refused, timed out, unreachable or cancelled."""

    session: OutboundSession
    status: int
    """The final status; 408 and 503 are ours when `response` is None (8.1.3.1)."""
    response: Response | None


class Offered(NamedTuple):
    """The peer's re-INVITE, UPDATE or PRACK brings an offer, or asks for one."""

    session: Session
    exchange: Exchange
    request: Request
    body: bytes
    """The offer; empty when a re-INVITE asks us to make one."""


class OfferAnswered(NamedTuple):
    """Our `offer` was accepted."""

    session: Session
    body: bytes
    """The answer, or the peer's offer when ours was empty."""
    needs_answer: bool
    """The body is an offer: `acknowledge` must bring the answer."""


class OfferRefused(NamedTuple):
    """Our `offer` was refused; the session stays as it was (14.1)."""

    session: Session
    status: int
    response: Response | None


class OfferConfirmed(NamedTuple):
    """An ACK or PRACK brought the answer to an offer made in a response of ours."""

    session: Session
    body: bytes


class InfoReceived(NamedTuple):
    """The peer sent INFO inside the session (RFC 6086)."""

    session: Session
    exchange: Exchange
    request: Request


class Requested(NamedTuple):
    """A request outside any dialog that the stack does not answer by itself."""

    exchange: Exchange
    request: Request
    flow: Flow


class Ended(NamedTuple):
    """An established session is over."""

    session: Session
    reason: EndReason
    request: Request | None
    """The BYE, if there was one."""


class Replied(NamedTuple):
    """What became of a request sent with `Core.request`."""

    key: object
    status: int
    """The final status; 408 and 503 are ours when `response` is None."""
    response: Response | None


Event = (
    Invited
    | Rejected
    | Cancelled
    | Confirmed
    | AckMissed
    | Progressed
    | Answered
    | Failed
    | Offered
    | OfferAnswered
    | OfferRefused
    | OfferConfirmed
    | InfoReceived
    | Requested
    | Ended
    | Replied
)
