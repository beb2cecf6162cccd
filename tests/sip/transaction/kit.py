"""A transaction layer on a virtual clock, users that take notes, and messages."""

from __future__ import annotations

from sip.flow import Flow
from sip.message.message import Request, Response
from sip.message.parser import parse
from sip.transaction.base import ClientTransaction, ServerTransaction
from sip.transaction.client import ClientNonInvite
from sip.transaction.client_invite import ClientInvite
from sip.transaction.layer import TransactionLayer
from sip.transaction.server import ServerNonInvite
from sip.transaction.server_invite import ServerInvite
from sip.transaction.timers import Timers
from sip.transaction.user import Failure
from sip.wheel import Wheel
from tests.sim.clock import Clock

UDP = Flow("udp", "192.0.2.2", 5060)
TCP = Flow("tcp", "192.0.2.2", 5060, 0, 7)
BRANCH = "z9hG4bK776asdhds"


def request_bytes(
    method: str = "INVITE",
    *,
    branch: str = BRANCH,
    sent_by: str = "192.0.2.2:5060",
    via: str = "",
    uri: str = "sip:bob@192.0.2.1",
    from_tag: str = "1928301774",
    to_tag: str = "",
    call_id: str = "a84b4c76e66710",
    number: int = 314159,
    headers: str = "",
) -> bytes:
    """Render a request; `via` replaces the whole Via value."""
    via = via or f"SIP/2.0/UDP {sent_by};branch={branch}"
    tag = f";tag={to_tag}" if to_tag else ""
    return (
        f"{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\n"
        f"From: Alice <sip:alice@192.0.2.2>;tag={from_tag}\r\n"
        f"To: Bob <sip:bob@192.0.2.1>{tag}\r\nCall-ID: {call_id}\r\n"
        f"CSeq: {number} {method}\r\n{headers}Content-Length: 0\r\n\r\n"
    ).encode()


def request(
    method: str = "INVITE",
    *,
    branch: str = BRANCH,
    sent_by: str = "192.0.2.2:5060",
    via: str = "",
    uri: str = "sip:bob@192.0.2.1",
    from_tag: str = "1928301774",
    to_tag: str = "",
    call_id: str = "a84b4c76e66710",
    number: int = 314159,
) -> Request:
    """Parse what `request_bytes` renders."""
    parsed = parse(
        request_bytes(
            method,
            branch=branch,
            sent_by=sent_by,
            via=via,
            uri=uri,
            from_tag=from_tag,
            to_tag=to_tag,
            call_id=call_id,
            number=number,
        )
    )
    assert isinstance(parsed, Request)
    return parsed


def response(
    status: int,
    method: str = "INVITE",
    *,
    branch: str = BRANCH,
    to_tag: str = "a6c85cf",
) -> Response:
    """Make a response as a peer would send it."""
    parsed = parse(
        f"SIP/2.0 {status} Reason\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.2:5060;branch={branch}\r\n"
        "From: Alice <sip:alice@192.0.2.2>;tag=1928301774\r\n"
        f"To: Bob <sip:bob@192.0.2.1>;tag={to_tag}\r\nCall-ID: a84b4c76e66710\r\n"
        f"CSeq: 314159 {method}\r\nContent-Length: 0\r\n\r\n".encode()
    )
    assert isinstance(parsed, Response)
    return parsed


class Notes:
    """A user of transactions that writes down what it is told: `200` or `TIMEOUT`."""

    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []

    @property
    def words(self) -> list[str]:
        """What was told, without the times."""
        return [word for word, _ in self.told]

    def on_response(
        self, transaction: ClientTransaction, response: Response, now: float
    ) -> None:
        self.told.append((str(response.status), now))

    def on_failure(
        self,
        transaction: ClientTransaction | ServerTransaction,
        failure: Failure,
        now: float,
    ) -> None:
        self.told.append((failure.name, now))


class Post(list[tuple[bytes, Flow]]):
    """An outbox that notes when each message was put in."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.sent: list[tuple[float, bytes]] = []
        self._clock = clock

    def append(self, item: tuple[bytes, Flow]) -> None:
        self.sent.append((self._clock.now, item[0]))
        super().append(item)


class Stack:
    """A layer, its wheel and its outbox. `sent` is (time, bytes) of what went out."""

    def __init__(self, timers: Timers | None = None) -> None:
        self.wheel = Wheel()
        self.clock = Clock(self.wheel)
        self.outbox = Post(self.clock)
        self.sent = self.outbox.sent
        self.layer = TransactionLayer(
            timers=timers or Timers(), wheel=self.wheel, outbox=self.outbox
        )
        self.user = Notes()

    @property
    def times(self) -> list[float]:
        """When something was sent."""
        return [at for at, _ in self.sent]

    @property
    def starts(self) -> list[str]:
        """First word of each request and status of each response sent."""
        words = [data.split(b" ", 2) for _, data in self.sent]
        return [
            (word[1] if word[0] == b"SIP/2.0" else word[0]).decode() for word in words
        ]

    def invite(self, flow: Flow = UDP) -> ClientInvite:
        """Send an INVITE."""
        return self.layer.send_invite(
            request_bytes(),
            branch=BRANCH,
            flow=flow,
            user=self.user,
            now=self.clock.now,
        )

    def bye(self, flow: Flow = UDP) -> ClientNonInvite:
        """Send a BYE."""
        made = self.layer.send(
            request_bytes("BYE"),
            method="BYE",
            branch=BRANCH,
            flow=flow,
            user=self.user,
            now=self.clock.now,
        )
        assert isinstance(made, ClientNonInvite)
        return made

    def take(
        self, *statuses: int, method: str = "INVITE", to_tag: str = "a6c85cf"
    ) -> None:
        """Receive responses, one for each status."""
        for status in statuses:
            message = response(status, method, to_tag=to_tag)
            assert self.layer.receive_response(message, self.clock.now)

    def invited(self, flow: Flow = UDP) -> ServerInvite:
        """Receive an INVITE."""
        made = self.layer.receive_request(request(), flow, self.clock.now)
        assert isinstance(made, ServerInvite)
        made.user = self.user
        return made

    def asked(self, method: str = "BYE", flow: Flow = UDP) -> ServerNonInvite:
        """Receive a request other than INVITE."""
        made = self.layer.receive_request(request(method), flow, self.clock.now)
        assert isinstance(made, ServerNonInvite)
        made.user = self.user
        return made

    def repeat(self, method: str = "INVITE") -> None:
        """Receive the request once more, which must not make a transaction."""
        again = self.layer.receive_request(request(method), UDP, self.clock.now)
        assert again is None

    def assert_clean(self) -> None:
        """Nothing is alive, nothing is armed, nobody stands in a table."""
        shared = self.layer._shared
        assert len(self.layer) == 0
        assert len(self.wheel) == 0
        assert not shared.exposed
        assert not shared.merged


def wire(status: int) -> bytes:
    """Stand in for a rendered response: machines only pass it on."""
    return f"SIP/2.0 {status} Reason\r\n\r\n".encode()
