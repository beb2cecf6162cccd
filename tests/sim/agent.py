"""A scripted phone: a core, what it does by itself, and all it was told.

It calls, and answers in the manner it was given; whatever a test wants otherwise it
does on the sessions themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from sip.core import Core
from sip.dialog.inbound import InboundSession
from sip.dialog.outbound import OutboundSession
from sip.dialog.settings import CoreSettings
from sip.events import (
    AckMissed,
    Answered,
    Event,
    InfoReceived,
    Invited,
    OfferAnswered,
    Offered,
    Progressed,
    Requested,
)
from sip.flow import Flow, Listener
from sip.tokens import Tokens
from tests.sim.net import Address, Host, Net

EventType = TypeVar("EventType", bound=Event)


def sdp(word: str) -> bytes:
    """Make a session description that can be told from others by `word`."""
    return (
        f"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns={word}\r\nc=IN IP4 192.0.2.9\r\n"
        "t=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
    ).encode()


OFFER = sdp("offer")
ANSWER = sdp("answer")


def listening(host: str, *transports: str, port: int = 5060) -> CoreSettings:
    """Return the settings of a core that listens at `host` on each transport."""
    name = f"[{host}]" if ":" in host else host
    names = transports or ("udp",)
    return CoreSettings(tuple(Listener(one, name, port) for one in names))


@dataclass(frozen=True, slots=True)
class Manner:
    """What a phone does by itself; times in seconds, None for never."""

    rings: tuple[int, ...] = (180,)
    """Provisional responses to a new INVITE."""
    reliable: bool = False
    """Provisional responses are to be confirmed."""
    ring_body: bytes = b""
    answers_after: float | None = 0.0
    """When a new INVITE gets its final response."""
    status: int = 200
    """The final response."""
    body: bytes = ANSWER
    """Session description of answers, and of offers asked for."""
    settles_after: float | None = 0.0
    """When a re-INVITE, UPDATE or PRACK with an offer is answered."""
    settles_with: int = 200
    acknowledges: bool = True
    """2xx get their ACK, offers in 18x their PRACK."""
    gives_up: bool = True
    """Without an ACK it hangs up."""


class Phone:
    """One user agent of the network. `told` holds every event with its time."""

    def __init__(
        self,
        net: Net,
        host: str,
        manner: Manner | None = None,
        *,
        settings: CoreSettings | None = None,
        seed: int = 0,
    ) -> None:
        self.net = net
        self.manner = manner or Manner()
        settings = settings or listening(host)
        self.address: Address = (host, settings.listeners[0].port)
        self.core = Core(settings, Tokens(Random(f"{host} {seed}").randbytes))
        self.told: list[tuple[float, Event]] = []
        self.watch: Callable[[Event], None] = lambda event: None
        """Called for every event before the phone does anything by itself."""
        net.join(self)

    # -- a host of the network -----------------------------------------------------

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """Take one message."""
        self.core.receive_datagram(data, flow, now)

    def unreachable(self, flow: Flow, now: float) -> None:
        """Learn that a stream could not be had."""
        self.core.unreachable(flow, now)

    def flush(self, now: float) -> list[tuple[bytes, Flow]]:
        """React to what happened, and return what is to be sent."""
        while (event := self.core.next_event()) is not None:
            self.told.append((now, event))
            self.watch(event)
            self._react(event, now)
        return self.core.datagrams_to_send()

    def wake_at(self) -> float | None:
        """Return when the core wants to be woken."""
        return self.core.get_timer()

    def wake(self, now: float) -> None:
        """Let the deadlines of the core pass."""
        self.core.handle_timer(now)

    # -- for tests -----------------------------------------------------------------

    def call(
        self,
        other: Host,
        *,
        body: bytes = OFFER,
        headers: str = "",
        transport: str = "udp",
        uri: str = "sip:bob@biloxi.example",
        reliable: bool = True,
        stream_allowed: bool = False,
    ) -> OutboundSession:
        """Send an INVITE."""
        return self.core.invite(
            Flow(transport, *other.address),
            uri=uri,
            from_='"Alice" <sip:alice@atlanta.example>',
            to="<sip:bob@biloxi.example>",
            now=self.net.now,
            headers=headers,
            body=body,
            reliable=reliable,
            stream_allowed=stream_allowed,
        )

    def events(self, kind: type[EventType]) -> list[EventType]:
        """Return the events of one kind, oldest first."""
        return [event for _, event in self.told if isinstance(event, kind)]

    def event(self, kind: type[EventType]) -> EventType:
        """Return the one event of its kind."""
        (event,) = self.events(kind)
        return event

    @property
    def invited(self) -> InboundSession:
        """The session of the one INVITE that arrived."""
        return self.event(Invited).session

    @property
    def names(self) -> list[str]:
        """The kinds of all events, in order."""
        return [type(event).__name__ for _, event in self.told]

    def assert_idle(self) -> None:
        """Nothing is left of any call: no session, transaction or timer."""
        ground = self.core.ground
        assert not ground.sessions
        assert len(ground.transactions) == 0
        assert len(ground.wheel) == 0
        assert self.core.get_timer() is None

    # -- what it does by itself ----------------------------------------------------

    def _after(self, seconds: float | None, act: Callable[[float], None]) -> None:
        if seconds is None:
            return
        if seconds == 0.0:
            act(self.net.now)
        else:
            at = self.net.now + seconds
            self.net.clock.call_at(at, lambda: act(self.net.now))

    def _react(self, event: Event, now: float) -> None:
        manner = self.manner
        match event:
            case Invited():
                self._ring(event.session)
            case Answered() if manner.acknowledges:
                asked = event.session.negotiation.name == "REMOTE_OFFER"
                event.session.acknowledge(now, body=manner.body if asked else b"")
            case OfferAnswered(needs_answer=True) if manner.acknowledges:
                event.session.acknowledge(now, body=manner.body)
            case Progressed(needs_answer=True) if manner.acknowledges:
                event.session.acknowledge_progress(now, body=manner.body)
            case AckMissed() if manner.gives_up:
                event.session.bye(now)
            case Offered():
                self._after(manner.settles_after, lambda at: self._settle(event, at))
            case InfoReceived() | Requested():
                event.exchange.respond(200, now)
            case _:
                pass

    def _ring(self, session: InboundSession) -> None:
        manner = self.manner
        for status in manner.rings:
            session.provisional(
                status,
                self.net.now,
                body=manner.ring_body,
                reliable=manner.reliable,
            )
        self._after(manner.answers_after, lambda at: self._answer(session, at))

    def _answer(self, session: InboundSession, now: float) -> None:
        if self.manner.status < 300:
            session.accept(now, body=self.manner.body)
        else:
            session.refuse(self.manner.status, now)

    def _settle(self, event: Offered, now: float) -> None:
        if self.manner.settles_with < 300:
            event.exchange.accept(self.manner.body, now)
        else:
            event.exchange.refuse(self.manner.settles_with, now)
