"""Offers and key presses on their way across, command by command (RFC 3264, 6337)."""

from __future__ import annotations

import pytest

from router.call.commands import (
    AcceptOffer,
    Acknowledge,
    Finish,
    HangUp,
    Inform,
    Offer,
    RefuseOffer,
)
from router.call.events import (
    Answered,
    Ended,
    Informed,
    Leg,
    OfferAnswered,
    OfferConfirmed,
    Offered,
    OfferRefused,
)
from router.plan import reasons
from tests.router.call.test_flows import ROUTED, UP, A, B, after

ONE, TWO = b"v=0 one", b"v=0 two"


@pytest.mark.parametrize("leg", Leg)
def test_an_offer_goes_across_and_its_answer_back(leg: Leg) -> None:
    call = after(*UP)
    assert call.step(Offered(leg, "it", ONE)) == [Offer(leg.other, ONE)]
    answer = OfferAnswered(leg.other, TWO, needs_answer=False)
    assert call.step(answer) == [AcceptOffer(leg, "it", TWO)]
    assert call.step(answer) == []


@pytest.mark.parametrize("leg", Leg)
def test_an_offer_asked_for(leg: Leg) -> None:
    call = after(*UP)
    assert call.step(Offered(leg, "it", b"")) == [Offer(leg.other, b"")]
    offer = OfferAnswered(leg.other, ONE, needs_answer=True)
    assert call.step(offer) == [AcceptOffer(leg, "it", ONE)]
    assert call.step(OfferConfirmed(leg.other, TWO)) == []
    assert call.step(OfferConfirmed(leg, TWO)) == [Acknowledge(leg.other, TWO)]
    assert call.step(OfferConfirmed(leg, TWO)) == []


@pytest.mark.parametrize(
    ("leg", "reason"), [(A, reasons.CALLER_NETWORK), (B, reasons.CALLEE_NETWORK)]
)
def test_an_offer_asked_for_and_then_not_answered(
    leg: Leg, reason: reasons.Reason
) -> None:
    asked = Offered(leg, "it", b"")
    call = after(*UP, asked, OfferAnswered(leg.other, ONE, needs_answer=True))
    assert call.step(OfferConfirmed(leg, b"")) == [
        Acknowledge(leg.other, b""),
        HangUp(A, reason),
        HangUp(B, reason),
        Finish(reason, "platform"),
    ]


@pytest.mark.parametrize(
    ("status", "told"), [(491, 491), (488, 488), (606, 488), (500, 488)]
)
def test_a_refused_offer_is_refused(status: int, told: int) -> None:
    call = after(*UP, Offered(A, "it", ONE))
    assert call.step(OfferRefused(A, status)) == [], "not the party that was asked"
    assert call.step(OfferRefused(B, status)) == [RefuseOffer(A, "it", told)]
    assert call.step(OfferRefused(B, status)) == []


def test_f38_one_offer_at_a_time_and_none_before_the_ack() -> None:
    refused = [RefuseOffer(B, "late", 491)]
    assert after(*UP, Offered(A, "it", ONE)).step(Offered(B, "late", TWO)) == refused
    assert after(ROUTED, Answered(ONE)).step(Offered(B, "late", TWO)) == refused


@pytest.mark.parametrize("leg", Leg)
def test_rfc3261_15_1_2_what_is_pending_at_the_end_is_answered(leg: Leg) -> None:
    call = after(*UP, Offered(leg, "it", ONE))
    assert call.step(Ended(leg.other, reasons.NORMAL))[0] == RefuseOffer(leg, "it", 487)
    call = after(*UP, Offered(leg, "it", ONE))
    assert call.step(Ended(leg, reasons.NORMAL))[0] == HangUp(leg.other, reasons.NORMAL)
    asked = OfferAnswered(leg.other, ONE, needs_answer=True)
    call = after(*UP, Offered(leg, "it", b""), asked)
    gone = call.step(Ended(leg.other, reasons.NORMAL))
    assert gone[0] == HangUp(leg, reasons.NORMAL)


def test_a_key_press_goes_across() -> None:
    press = Informed(B, "application/dtmf-relay", b"Signal=1")
    assert after(*UP).step(press) == [Inform(A, "application/dtmf-relay", b"Signal=1")]
