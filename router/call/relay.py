"""Changes of a session on their way from one party to the other (RFC 3264, RFC 6337).

One at a time: the far party answers before the near one is answered, so that
a change that fails leaves both sessions as they were (RFC 3261 section 14.1, RFC 6141).
"""

from __future__ import annotations

from router.call.commands import (
    AcceptOffer,
    Acknowledge,
    Command,
    Inform,
    Offer,
    RefuseOffer,
)
from router.call.ending import hang_up
from router.call.events import (
    Informed,
    Leg,
    OfferAnswered,
    OfferConfirmed,
    Offered,
    OfferRefused,
)
from router.call.state import Memory, Relay, State
from router.plan import reasons

_REQUEST_PENDING = 491
_NOT_ACCEPTABLE = 488


def offered(call: Memory, event: Offered, out: list[Command]) -> State:
    """Pass an offer on, or refuse it while another is on its way (F38, F39)."""
    if call.relay is not None:
        return not_now(call, event, out)
    call.relay = Relay(event.leg, event.exchange)
    out.append(Offer(event.leg.other, event.body))
    return call.state


def not_now(call: Memory, event: Offered, out: list[Command]) -> State:
    """Refuse an offer that crosses another one, or comes before the caller's ACK."""
    out.append(RefuseOffer(event.leg, event.exchange, _REQUEST_PENDING))
    return call.state


def offer_answered(call: Memory, event: OfferAnswered, out: list[Command]) -> State:
    """Bring the answer back, or the offer that was asked for."""
    relay = call.relay
    if relay is None or relay.exchange is None or relay.leg is event.leg:
        return call.state
    out.append(AcceptOffer(relay.leg, relay.exchange, event.body))
    call.relay = Relay(relay.leg, None) if event.needs_answer else None
    return call.state


def offer_refused(call: Memory, event: OfferRefused, out: list[Command]) -> State:
    """Refuse what the other party refused; why it did is not told."""
    relay = call.relay
    if relay is None or relay.exchange is None or relay.leg is event.leg:
        return call.state
    status = _REQUEST_PENDING if event.status == _REQUEST_PENDING else _NOT_ACCEPTABLE
    out.append(RefuseOffer(relay.leg, relay.exchange, status))
    call.relay = None
    return call.state


def offer_confirmed(call: Memory, event: OfferConfirmed, out: list[Command]) -> State:
    """Bring the answer to the party whose offer travelled in a 2xx."""
    relay = call.relay
    if relay is None or relay.exchange is not None or relay.leg is not event.leg:
        return call.state
    if not event.body:
        # No answer to an offer that both sides hold for accepted: no common session.
        reason = (
            reasons.CALLER_NETWORK
            if event.leg is Leg.CALLER
            else reasons.CALLEE_NETWORK
        )
        return hang_up(call, reason, "platform", out)
    out.append(Acknowledge(relay.leg.other, event.body))
    call.relay = None
    return call.state


def informed(call: Memory, event: Informed, out: list[Command]) -> State:
    """Pass a key press on."""
    out.append(Inform(event.leg.other, event.content_type, event.body))
    return call.state
