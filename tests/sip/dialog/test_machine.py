"""A pair of sessions under whatever two applications and a network may do.

Nothing may raise, what is over stays over, and once both hung up nothing is left.
"""

from __future__ import annotations

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sip.dialog.outbound import OutboundSession
from sip.dialog.session import Session
from sip.events import Answered, Cancelled, Confirmed, Ended, Failed, Invited, Offered
from tests.sim.agent import ANSWER, OFFER, Manner, Phone
from tests.sim.net import Faults
from tests.sip.dialog.kit import Pair

MANUAL = Manner(
    rings=(), answers_after=None, settles_after=None, acknowledges=False, gives_up=False
)
BODIES = st.sampled_from([OFFER, b""])


class Calls(RuleBasedStateMachine):
    """Alice calls Bob once; both applications and the network act at random."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair(MANUAL, alice=MANUAL)
        self.ours: OutboundSession | None = None
        self.over: set[int] = set()

    # -- helpers -------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self.pair.now

    @property
    def sessions(self) -> list[Session]:
        theirs = [event.session for event in self.pair.bob.events(Invited)]
        return [*([self.ours] if self.ours is not None else []), *theirs]

    def of(self, phone: Phone) -> Session | None:
        for session in self.sessions:
            if session.ground is phone.core.ground:
                return session
        return None

    def phone(self, caller: bool) -> Phone:
        return self.pair.alice if caller else self.pair.bob

    # -- the network ---------------------------------------------------------------

    @rule(loss=st.sampled_from([0.0, 0.0, 0.3]), jitter=st.sampled_from([0.0, 0.3]))
    def network(self, loss: float, jitter: float) -> None:
        self.pair.net.faults = Faults(
            loss=loss, duplicates=0.1 if jitter else 0.0, delay=0.01, jitter=jitter
        )

    @rule(seconds=st.sampled_from([0.0, 0.02, 0.3, 2.0, 33.0, 900.0]))
    def time_passes(self, seconds: float) -> None:
        self.pair.net.run(seconds)

    # -- the first INVITE ----------------------------------------------------------

    @precondition(lambda self: self.ours is None)
    @rule(body=BODIES, reliable=st.booleans())
    def call(self, body: bytes, reliable: bool) -> None:
        self.ours = self.pair.alice.call(self.pair.bob, body=body, reliable=reliable)
        self.pair.net.transfer()

    @rule(status=st.sampled_from([180, 183]), reliable=st.booleans(), body=BODIES)
    def ring(self, status: int, reliable: bool, body: bytes) -> None:
        for event in self.pair.bob.events(Invited):
            event.session.provisional(status, self.now, reliable=reliable, body=body)

    @rule(body=BODIES)
    def answer(self, body: bytes) -> None:
        for event in self.pair.bob.events(Invited):
            event.session.accept(self.now, body=body)

    @rule(status=st.sampled_from([302, 486, 603]))
    def refuse(self, status: int) -> None:
        for event in self.pair.bob.events(Invited):
            event.session.refuse(status, self.now)

    @rule()
    def cancel(self) -> None:
        if self.ours is not None:
            self.ours.cancel(self.now)

    @rule(body=BODIES)
    def confirm_progress(self, body: bytes) -> None:
        if self.ours is not None:
            self.ours.acknowledge_progress(self.now, body=body)

    # -- inside --------------------------------------------------------------------

    @rule(caller=st.booleans(), body=BODIES)
    def acknowledge(self, caller: bool, body: bytes) -> None:
        session = self.of(self.phone(caller))
        if session is not None:
            session.acknowledge(self.now, body=body)

    @rule(caller=st.booleans(), body=BODIES)
    def offer(self, caller: bool, body: bytes) -> None:
        session = self.of(self.phone(caller))
        if session is not None:
            session.offer(self.now, body=body)

    @rule(
        caller=st.booleans(), accept=st.booleans(), body=st.sampled_from([ANSWER, b""])
    )
    def settle(self, caller: bool, accept: bool, body: bytes) -> None:
        for event in self.phone(caller).events(Offered):
            if accept:
                event.exchange.accept(body, self.now)
            else:
                event.exchange.refuse(488, self.now)

    @rule(caller=st.booleans())
    def info(self, caller: bool) -> None:
        session = self.of(self.phone(caller))
        if session is not None:
            session.info(self.now, content_type="text/plain", body=b"x")

    @rule(caller=st.booleans())
    def bye(self, caller: bool) -> None:
        session = self.of(self.phone(caller))
        if session is not None and not session.is_early:
            session.bye(self.now)

    # -- what always holds ---------------------------------------------------------

    @invariant()
    def what_is_over_stays_over(self) -> None:
        for session in self.sessions:
            if session.is_over:
                self.over.add(id(session))
                assert session.timer is None
                assert session.repeater is None
                assert session.proposal is None
                assert session.exchange is None
            assert session.is_over or id(session) not in self.over

    @invariant()
    def events_tell_one_story(self) -> None:
        alice, bob = self.pair.alice, self.pair.bob
        assert len(alice.events(Answered)) + len(alice.events(Failed)) <= 1
        assert len(bob.events(Invited)) <= 1
        assert len(bob.events(Cancelled)) + len(bob.events(Confirmed)) <= 1
        for phone in (alice, bob):
            assert len(phone.events(Ended)) <= 1

    @invariant()
    def sessions_are_known_until_they_end(self) -> None:
        for session in self.sessions:
            known = session.local_tag in session.ground.sessions
            assert known or session.is_over

    def teardown(self) -> None:
        """Hang up on both sides; then nothing is left."""
        net = self.pair.net
        net.faults = Faults()
        net.run(40.0)
        for session in self.sessions:
            if isinstance(session, OutboundSession):
                session.cancel(self.now)
            elif session.is_early and not session.is_over:
                session.ground.sessions[session.local_tag].abandon(self.now)
        net.run(40.0)
        for session in self.sessions:
            if not session.is_early:
                session.bye(self.now)
        self.pair.settle()


TestCalls = Calls.TestCase
TestCalls.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
