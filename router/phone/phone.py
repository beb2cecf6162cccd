"""A phone: one SIP core, one socket, calls that can be awaited."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import dataclass, field
from types import TracebackType
from typing import TypeVar

from router.phone.ladder import Ladder
from sip.core import Core
from sip.dialog.inbound import InboundSession
from sip.dialog.outbound import OutboundSession
from sip.dialog.session import Session
from sip.dialog.settings import CoreSettings
from sip.events import (
    AckMissed,
    Answered,
    Cancelled,
    Confirmed,
    Ended,
    Event,
    Failed,
    InfoReceived,
    Invited,
    OfferAnswered,
    Offered,
    Progressed,
    Requested,
)
from sip.flow import Flow, Listener
from sip.tokens import Tokens
from sip.transport.endpoint import Endpoint, ListenAddress

USER_AGENT = "veil-phone"
_DTMF_MILLISECONDS = 160
_T = TypeVar("_T")


@dataclass(slots=True)
class PhoneCall:
    """One call of a phone; the futures come true as the call goes on."""

    session: Session
    answered: asyncio.Future[int] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    """The final status of the INVITE: 200 when it was answered."""
    ended: asyncio.Future[str] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    """Why the call was over, in a word or two."""
    statuses: list[int] = field(default_factory=list)
    """Provisional statuses seen."""
    digits: str = ""
    """Digits the other side sent by INFO."""


class _TappedCore(Core):
    """A core that notes every message that passes, for the ladder."""

    __slots__ = ("ladder", "now")

    def __init__(self, settings: CoreSettings, tokens: Tokens, ladder: Ladder) -> None:
        super().__init__(settings, tokens)
        self.ladder = ladder
        self.now = asyncio.get_running_loop().time

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> None:
        self.ladder.add(data, now, is_ours=False)
        super().receive_datagram(data, flow, now)

    def datagrams_to_send(self) -> list[tuple[bytes, Flow]]:
        taken = super().datagrams_to_send()
        for data, _ in taken:
            self.ladder.add(data, self.now(), is_ours=True)
        return taken


@dataclass(frozen=True, slots=True)
class Answering:
    """What a phone does with calls that come in."""

    status: int = 200
    """The final status; 200 answers the call."""
    ring_seconds: float = 0.2
    """How long it rings before that."""


class Phone:
    """An async context manager; within it the phone can call and be called."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        transport: str = "udp",
        answering: Answering | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.transport = transport
        self.answering = answering or Answering(status=480, ring_seconds=0.0)
        self.ladder = Ladder()
        self.calls: list[PhoneCall] = []
        self.incoming: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self._core: Core | None = None
        self._endpoint: Endpoint | None = None
        # Held so that the port in our SDP is really ours; what arrives is not read.
        self._audio: socket.socket | None = None

    async def __aenter__(self) -> Phone:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        if self.port == 0:
            self.port = _free_port(self.host, self.transport, family)
        listener = Listener(self.transport, _authority(self.host), self.port)
        settings = CoreSettings(listeners=(listener,), user_agent=USER_AGENT)
        self._core = _TappedCore(settings, Tokens(os.urandom), self.ladder)
        self._endpoint = Endpoint(self._core, self._drain, allowed=lambda _: True)
        await self._endpoint.open([ListenAddress(self.transport, self.host, self.port)])
        self._audio = socket.socket(family, socket.SOCK_DGRAM)
        self._audio.bind((self.host, 0))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._endpoint is not None:
            await self._endpoint.close()
        if self._audio is not None:
            self._audio.close()

    def sdp(self) -> bytes:
        """Return our session description: A-law, µ-law, telephone-event."""
        assert self._audio is not None
        family = "IP6" if ":" in self.host else "IP4"
        port = self._audio.getsockname()[1]
        return (
            f"v=0\r\no=- 1 1 IN {family} {self.host}\r\ns=-\r\n"
            f"c=IN {family} {self.host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 0 101\r\n"
            "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
        ).encode()

    def call(self, host: str, port: int, *, number: str, caller: str) -> PhoneCall:
        """Call `number` at `host` and `port` as `caller`."""
        assert self._core is not None
        assert self._endpoint is not None
        address = _authority(host)
        parameter = "" if self.transport == "udp" else f";transport={self.transport}"
        session = self._core.invite(
            Flow(self.transport, host, port),
            uri=f"sip:{number}@{address}:{port}{parameter}",
            from_=f"<sip:{caller}@{_authority(self.host)}:{self.port}>",
            to=f"<sip:{number}@{address}:{port}>",
            body=self.sdp(),
            now=self._now(),
        )
        made = PhoneCall(session)
        session.context = made
        self.calls.append(made)
        self._endpoint.flush()
        return made

    def send_digits(self, call: PhoneCall, digits: str) -> None:
        """Send each digit by INFO (`application/dtmf-relay`)."""
        for digit in digits:
            body = f"Signal={digit}\r\nDuration={_DTMF_MILLISECONDS}\r\n".encode()
            call.session.info(
                self._now(), content_type="application/dtmf-relay", body=body
            )
        self._flush()

    def hang_up(self, call: PhoneCall) -> None:
        """End a call whatever state it is in; a call over stays over."""
        session = call.session
        if session.is_over:
            return
        if not session.is_early:
            session.bye(self._now())
            _settle(call.ended, "hung up here")
        elif isinstance(session, OutboundSession):
            session.cancel(self._now())
        elif isinstance(session, InboundSession):
            session.refuse(480, self._now())
            _settle(call.ended, "refused here")
        self._flush()

    # -- what the stack reports ----------------------------------------------------

    def _drain(self) -> None:
        assert self._core is not None
        while (event := self._core.next_event()) is not None:
            self._react(event)

    def _react(self, event: Event) -> None:  # noqa: C901, PLR0912 - a flat match
        now = self._now()
        match event:
            case Invited(session=session):
                self._ring(session)
            case Progressed(session=session, status=status):
                _call_of(session).statuses.append(status)
            case Answered(session=session):
                session.acknowledge(now)
                _settle(_call_of(session).answered, 200)
            case Confirmed(session=session):
                _settle(_call_of(session).answered, 200)
            case Failed(session=session, status=status):
                _settle(_call_of(session).answered, status)
                _settle(_call_of(session).ended, f"failed with {status}")
            case Cancelled(session=session):
                _settle(_call_of(session).ended, "cancelled by the caller")
            case Ended(session=session, reason=reason):
                _settle(_call_of(session).ended, f"hung up there ({reason.value})")
            case AckMissed(session=session):
                session.bye(now)
                _settle(_call_of(session).ended, "no ACK came")
            case Offered(exchange=exchange):
                exchange.accept(self.sdp(), now)
            case OfferAnswered(session=session, needs_answer=True):
                session.acknowledge(now, body=self.sdp())
            case InfoReceived(session=session, exchange=exchange, request=request):
                _call_of(session).digits += _digit(request.body)
                exchange.accept(b"", now)
            case Requested(exchange=exchange):
                exchange.respond(200, now)
            case _:
                pass

    def _ring(self, session: InboundSession) -> None:
        made = PhoneCall(session)
        session.context = made
        self.calls.append(made)
        self.incoming.put_nowait(made)
        session.provisional(180, self._now())
        loop = asyncio.get_running_loop()
        loop.call_later(self.answering.ring_seconds, self._pick_up, session)

    def _pick_up(self, session: InboundSession) -> None:
        if session.is_over:
            return
        if self.answering.status == 200:
            session.accept(self._now(), body=self.sdp())
        else:
            session.refuse(self.answering.status, self._now())
            _settle(_call_of(session).ended, f"refused with {self.answering.status}")
        self._flush()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _flush(self) -> None:
        assert self._endpoint is not None
        self._drain()
        self._endpoint.flush()


def _authority(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _call_of(session: Session) -> PhoneCall:
    call = session.context
    assert isinstance(call, PhoneCall)
    return call


def _settle(future: asyncio.Future[_T], value: _T) -> None:
    if not future.done():
        future.set_result(value)


def _digit(body: bytes) -> str:
    for line in body.decode("ascii", "replace").splitlines():
        name, _, value = line.partition("=")
        if name.strip().lower() == "signal":
            return value.strip()[:1]
    return ""


def _free_port(host: str, transport: str, family: socket.AddressFamily) -> int:
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(family, kind) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
