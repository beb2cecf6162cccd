"""What a session does with each request the peer sends inside its dialog."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sip.dialog.exchange import Exchange, OfferExchange
from sip.dialog.ground import ALLOW, SUPPORTED
from sip.dialog.interval import agree_as_server, lines_for
from sip.dialog.offer_answer import Move, Negotiation
from sip.dialog.settings import OPTION_TAGS
from sip.errors import PeerMistake
from sip.events import Ended, EndReason, InfoReceived, Offered
from sip.flow import Flow
from sip.message.message import Request
from sip.transaction.base import ServerTransaction

if TYPE_CHECKING:
    from sip.dialog.session import Session

ACCEPT = "Accept: application/sdp\r\n"
_SDP_RANGES = frozenset({"application/sdp", "application/*", "*/*"})
# 14.2: a second INVITE inside the first waits a random while, 0 to 10 seconds.
_RETRY_WITHIN = 11


def retry_after(session: Session) -> str:
    """Return a Retry-After line of 0 to 10 seconds (14.2)."""
    seconds = int(session.ground.tokens.token()[:4], 16) % _RETRY_WITHIN
    return f"Retry-After: {seconds}\r\n"


def is_acceptable(request: Request) -> bool:
    """Tell whether a body is one that offer and answer can use, or absent."""
    return not request.body or request.content_type == "application/sdp"


def takes_descriptions(request: Request) -> bool:
    """Tell whether the answer to an INVITE may carry SDP (20.1, 21.4.7)."""
    if "accept" not in request.fields:
        return True
    ranges = (one.partition(";")[0].strip().lower() for one in request.all("accept"))
    return not _SDP_RANGES.isdisjoint(ranges)


def refuse_extensions(request: Request) -> None:
    """Raise PeerMistake 420 for a Require we do not know all of (8.2.2.3)."""
    unknown = request.require - OPTION_TAGS
    if unknown:
        listed = ", ".join(sorted(unknown))
        raise PeerMistake(420, "Bad Extension", headers=(f"Unsupported: {listed}",))


def on_bye(
    session: Session,
    transaction: ServerTransaction,
    request: Request,
    flow: Flow,
    now: float,
) -> None:
    """End the session; a BYE that crosses ours is answered 200 too (F37)."""
    if session.is_early and session.role == "uac":
        # Section 15: the callee must not send BYE on an early dialog.
        session.reply(transaction, request, 481, now)
        return
    session.reply(transaction, request, 200, now)
    if session.is_over:
        return
    session.abandon(now)
    session.stop(now)
    session.ground.forget(session.local_tag)
    session.ground.events.append(Ended(session, EndReason.BYE, request))


def on_invite(
    session: Session,
    transaction: ServerTransaction,
    request: Request,
    flow: Flow,
    now: float,
) -> None:
    """Put a re-INVITE before the application (14.2)."""
    if session.is_early or session.exchange is not None:
        session.reply(transaction, request, 500, now, headers=retry_after(session))
        return
    # A 2xx of ours without its ACK: 200 or 491, either will do (RFC 5407 3.1.4).
    if session.has_offer_out or session.repeater is not None:
        session.reply(transaction, request, 491, now)
        return
    _take_offer(session, transaction, request, flow, now)


def on_update(
    session: Session,
    transaction: ServerTransaction,
    request: Request,
    flow: Flow,
    now: float,
) -> None:
    """Refresh the session at once, or put the offer before the application (3311)."""
    if request.body:
        if session.exchange is not None or (
            session.negotiation is Negotiation.REMOTE_OFFER
        ):
            headers = retry_after(session)
            session.reply(transaction, request, 500, now, headers=headers)
        elif session.has_offer_out or session.negotiation is Negotiation.IDLE:
            session.reply(transaction, request, 491, now)
        else:
            _take_offer(session, transaction, request, flow, now)
        return
    interval = agree_as_server(request, session.ground.settings)
    dialog = session.dialog_of(request)
    assert dialog is not None
    dialog.refresh_target(request, flow)
    session.run_timer(interval, now)
    contact = session.ground.contacts[transaction.flow.listener]
    headers = f"{contact}{ALLOW}{lines_for(interval, we_serve=True)}"
    session.reply(transaction, request, 200, now, headers=headers)


def on_prack(
    session: Session,
    transaction: ServerTransaction,
    request: Request,
    flow: Flow,
    now: float,
) -> None:
    """Match a PRACK; only the UAS role expects any (RFC 3262 section 3)."""
    session.receive_prack(transaction, request, flow, now)


def on_info(
    session: Session,
    transaction: ServerTransaction,
    request: Request,
    flow: Flow,
    now: float,
) -> None:
    """Put INFO before the application (RFC 6086)."""
    exchange = Exchange(session.ground, transaction, request)
    session.ground.events.append(InfoReceived(session, exchange, request))


def on_options(
    session: Session,
    transaction: ServerTransaction,
    request: Request,
    flow: Flow,
    now: float,
) -> None:
    """Answer an OPTIONS that asks whether the dialog lives (11.2)."""
    headers = f"{ALLOW}{SUPPORTED}{ACCEPT}"
    session.reply(transaction, request, 200, now, headers=headers)


def on_refer(
    session: Session,
    transaction: ServerTransaction,
    request: Request,
    flow: Flow,
    now: float,
) -> None:
    """Decline: what a peer names is never dialled (RFC 3515 section 2.4.2)."""
    session.reply(transaction, request, 603, now)


def _take_offer(
    session: Session,
    transaction: ServerTransaction,
    request: Request,
    flow: Flow,
    now: float,
) -> None:
    if not is_acceptable(request):
        session.reply(transaction, request, 415, now, headers=ACCEPT)
        return
    # Both are read now, while what is malformed in them can be refused.
    agree_as_server(request, session.ground.settings)
    _ = request.contact
    if request.body and not session.negotiate(Move.RECEIVE_OFFER):
        session.reply(transaction, request, 491, now)
        return
    if request.method == "INVITE":
        session.reply(transaction, request, 100, now)
    exchange = OfferExchange(session, transaction, request, flow)
    session.exchange = exchange
    session.ground.events.append(Offered(session, exchange, request, request.body))


Handler = Callable[["Session", ServerTransaction, Request, Flow, float], None]

HANDLERS: dict[str, Handler] = {
    "BYE": on_bye,
    "INVITE": on_invite,
    "UPDATE": on_update,
    "PRACK": on_prack,
    "INFO": on_info,
    "OPTIONS": on_options,
    "REFER": on_refer,
}
