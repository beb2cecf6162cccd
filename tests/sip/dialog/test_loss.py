"""Calls over a bad network: whatever is lost, both sides end, and end in agreement.

Each test is a range of seeds or of offsets; what failed can be run again by its number.
The rule at the end of each: no session, no transaction, no timer anywhere.
"""

from __future__ import annotations

from random import Random

import pytest

from sip.dialog.outbound import OutboundSession
from sip.dialog.phase import Phase
from sip.dialog.session import Session
from sip.events import (
    AckMissed,
    Answered,
    Cancelled,
    Confirmed,
    Ended,
    Failed,
    Invited,
    OfferAnswered,
    OfferRefused,
)
from tests.sim.agent import OFFER, Manner, Phone, sdp
from tests.sim.net import BAD, Faults, Net
from tests.sip.dialog.kit import ALICE, BOB, Pair, settings

LINK = Faults(delay=0.05)
SECOND = sdp("second")
SWEEP = [step * 0.02 for step in range(26)]
"""0 to 500 ms."""


def hang_up(session: Session, now: float) -> None:
    """End a session in the way its phase asks for."""
    if session.is_over:
        return
    if not session.is_early:
        session.bye(now)
    elif isinstance(session, OutboundSession):
        session.cancel(now)


def check_agreement(pair: Pair) -> None:
    """The events of one call must tell one story on each side."""
    alice, bob = pair.alice, pair.bob
    assert len(alice.events(Answered)) + len(alice.events(Failed)) == 1
    assert len(bob.events(Invited)) <= 1
    assert len(bob.events(Cancelled)) + len(bob.events(Confirmed)) <= 1
    for phone in (alice, bob):
        assert len(phone.events(Ended)) <= 1
    if bob.events(Confirmed):
        assert alice.events(Answered) or alice.events(Failed)[0].status in (408, 487)
    if alice.events(Answered) and not bob.events(Confirmed):
        assert bob.events(AckMissed) or "Ended" in bob.names
    if not bob.events(Invited):
        assert not alice.events(Answered)


@pytest.mark.parametrize("seed", range(300))
def test_every_call_ends_in_a_legal_state_on_both_sides(seed: int) -> None:
    random = Random(seed)
    manner = Manner(
        rings=random.choice([(), (180,), (183, 180)]),
        reliable=random.random() < 0.5,
        answers_after=random.choice([0.0, 0.5, 3.0, 40.0]),
        status=random.choice([200, 200, 200, 486, 603]),
        settles_after=random.choice([0.0, 1.0]),
        settles_with=random.choice([200, 200, 488]),
    )
    pair = Pair(manner, faults=BAD, seed=seed)
    ours = pair.alice.call(pair.bob, body=random.choice([OFFER, OFFER, b""]))
    sessions: list[Session] = [ours]
    for _ in range(random.randrange(6)):
        pair.net.run(random.random() * 12)
        sessions = [ours, *(event.session for event in pair.bob.events(Invited))]
        session = random.choice(sessions)
        act = random.randrange(4)
        if act == 0:
            session.offer(pair.now, body=random.choice([SECOND, b""]))
        elif act == 1:
            session.info(pair.now, content_type="text/plain", body=b"x")
        elif act == 2 and random.random() < 0.5:
            hang_up(session, pair.now)
    pair.net.run(random.random() * 20)
    hang_up(ours, pair.now)
    pair.net.run(120.0)
    hang_up(ours, pair.now)
    pair.settle()
    check_agreement(pair)


@pytest.mark.parametrize("seed", range(5))
def test_loss_tests_repeat_themselves_exactly(seed: int) -> None:
    logs = []
    for _ in range(2):
        pair = Pair(Manner(answers_after=1.0), faults=BAD, seed=seed)
        ours = pair.alice.call(pair.bob)
        pair.net.run(30.0)
        hang_up(ours, pair.now)
        pair.settle()
        logs.append(pair.net.log)
    assert logs[0] == logs[1]


def test_two_thousand_calls_at_once_over_a_bad_network() -> None:
    net = Net(1, BAD)
    alice = Phone(net, ALICE)
    bob = Phone(net, BOB, Manner(answers_after=2.0))
    calls = []
    for _ in range(2000):
        calls.append(alice.call(bob))
        net.run(0.01)
    net.run(40.0)
    answered = sum(session.phase is Phase.CONFIRMED for session in calls)
    assert answered > 1900
    for session in calls:
        hang_up(session, net.now)
    net.settle()
    alice.assert_idle()
    bob.assert_idle()
    told = len(alice.events(Answered)) + len(alice.events(Failed))
    assert told == 2000


def test_without_loss_no_message_is_sent_twice() -> None:
    pair = Pair(Manner(answers_after=0.3), faults=Faults(delay=0.02))
    ours = pair.alice.call(pair.bob)
    pair.net.run(1.0)
    ours.bye(pair.now)
    pair.settle()
    assert pair.net.starts() == [
        "INVITE",
        "100 INVITE",
        "180 INVITE",
        "200 INVITE",
        "ACK",
        "BYE",
        "200 BYE",
    ]


# -- sweeps ------------------------------------------------------------------------


@pytest.mark.parametrize("faults", [LINK, BAD], ids=["link", "bad"])
@pytest.mark.parametrize("offset", SWEEP)
def test_cancel_against_200(offset: float, faults: Faults) -> None:
    pair = Pair(Manner(answers_after=0.25), faults=faults, seed=int(offset * 1000))
    ours = pair.alice.call(pair.bob)
    pair.net.clock.call_at(offset, lambda: ours.cancel(pair.now))
    pair.net.run(200.0)
    cancelled = bool(pair.alice.events(Failed))
    hang_up(ours, pair.now)
    pair.settle()
    check_agreement(pair)
    if cancelled and faults is LINK:
        assert pair.alice.event(Failed).status == 487
        assert len(pair.bob.events(Cancelled)) + len(pair.bob.events(Ended)) == 1


@pytest.mark.parametrize("faults", [LINK, BAD], ids=["link", "bad"])
@pytest.mark.parametrize("offset", SWEEP)
def test_bye_against_bye(offset: float, faults: Faults) -> None:
    pair = Pair(faults=LINK, seed=int(offset * 1000))
    ours, theirs = pair.establish()
    pair.net.faults = faults
    start = pair.now
    ours.bye(start)
    pair.net.clock.call_at(start + offset, lambda: theirs.bye(pair.now))
    pair.settle()
    for phone in (pair.alice, pair.bob):
        assert len(phone.events(Ended)) <= 1
    assert ours.is_over
    assert theirs.is_over


@pytest.mark.parametrize("bodies", [(OFFER, SECOND), (b"", SECOND), (b"", b"")])
@pytest.mark.parametrize("offset", SWEEP)
def test_re_invite_against_re_invite(
    offset: float, bodies: tuple[bytes, bytes]
) -> None:
    pair = Pair(faults=LINK, seed=int(offset * 1000))
    ours, theirs = pair.establish()
    start = pair.now
    ours.offer(start, body=bodies[0])
    pair.net.clock.call_at(
        start + offset, lambda: theirs.offer(pair.now, body=bodies[1])
    )
    pair.net.run(30.0)
    for phone in (pair.alice, pair.bob):
        outcomes = phone.events(OfferAnswered), phone.events(OfferRefused)
        assert [len(outcome) for outcome in outcomes] in ([1, 0], [0, 1])
        for refused in outcomes[1]:
            assert refused.response is None, "only ever refused here, at once"
    assert ours.phase is theirs.phase is Phase.CONFIRMED
    assert ours.negotiation is theirs.negotiation
    ours.bye(pair.now)
    pair.settle()


@pytest.mark.parametrize("offset", SWEEP)
def test_re_invite_against_an_earlier_bye(offset: float) -> None:
    pair = Pair(faults=LINK, seed=int(offset * 1000))
    ours, theirs = pair.establish()
    start = pair.now
    ours.bye(start)
    pair.net.clock.call_at(start + offset, lambda: theirs.offer(pair.now, body=OFFER))
    pair.settle()
    assert ours.is_over
    assert theirs.is_over


@pytest.mark.parametrize("offset", SWEEP)
def test_bye_against_an_earlier_re_invite(offset: float) -> None:
    pair = Pair(faults=LINK, seed=int(offset * 1000))
    ours, theirs = pair.establish()
    start = pair.now
    ours.offer(start, body=b"")
    pair.net.clock.call_at(start + offset, lambda: theirs.bye(pair.now))
    pair.settle()
    assert ours.is_over
    assert theirs.is_over


@pytest.mark.parametrize("by_callee", [False, True])
@pytest.mark.parametrize("offset", SWEEP)
def test_bye_right_after_the_answer(offset: float, by_callee: bool) -> None:
    pair = Pair(faults=BAD, seed=int(offset * 1000))
    ours = pair.alice.call(pair.bob)

    def act() -> None:
        session: Session = ours
        if by_callee and pair.bob.events(Invited):
            session = pair.bob.events(Invited)[0].session
        hang_up(session, pair.now)

    pair.net.clock.call_at(0.3 + offset, act)
    pair.net.run(200.0)
    hang_up(ours, pair.now)
    pair.settle()
    check_agreement(pair)


@pytest.mark.parametrize("seed", range(20))
def test_sessions_that_refresh_over_a_bad_network_hold_or_end_on_both_sides(
    seed: int,
) -> None:
    short = {"session_expires": 90}
    pair = Pair(
        faults=LINK,
        seed=seed,
        alice_settings=settings(ALICE, **short),
        bob_settings=settings(BOB, **short),
    )
    ours, theirs = pair.establish()
    pair.net.faults = BAD
    pair.net.run(2000.0)
    pair.net.passes = lambda packet: False
    pair.net.run(200.0)
    assert ours.is_over
    assert theirs.is_over
    pair.settle()
