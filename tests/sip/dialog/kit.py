"""The beginnings that tests of dialogs share: two phones, or a phone and a stranger."""

from __future__ import annotations

from dataclasses import replace

from sip.dialog.outbound import OutboundSession
from sip.dialog.phase import Phase
from sip.dialog.session import Session
from sip.dialog.settings import CoreSettings
from sip.message.message import Request, Response
from sip.message.parser import parse
from tests.sim.agent import Manner, Phone, listening
from tests.sim.net import Faults, Net, Packet
from tests.sim.stranger import Stranger

ALICE = "192.0.2.1"
BOB = "192.0.2.2"
CAROL = "192.0.2.3"
QUIET = Manner(rings=(), answers_after=None)
"""Does nothing with an INVITE."""
RINGING = Manner(answers_after=None)
"""Rings and goes on ringing."""


class Pair:
    """Alice and Bob on one network."""

    def __init__(
        self,
        bob: Manner | None = None,
        *,
        alice: Manner | None = None,
        faults: Faults | None = None,
        seed: int = 0,
        hosts: tuple[str, str] = (ALICE, BOB),
        alice_settings: CoreSettings | None = None,
        bob_settings: CoreSettings | None = None,
    ) -> None:
        self.net = Net(seed, faults)
        self.alice = Phone(
            self.net, hosts[0], alice, settings=alice_settings, seed=seed
        )
        self.bob = Phone(self.net, hosts[1], bob, settings=bob_settings, seed=seed)

    @property
    def now(self) -> float:
        return self.net.now

    def establish(self) -> tuple[Session, Session]:
        """Place a call from Alice, answered and acknowledged; return both sessions."""
        ours = self.alice.call(self.bob)
        self.net.roundtrip()
        self.net.roundtrip()
        theirs = self.bob.invited
        assert ours.phase is Phase.CONFIRMED
        assert theirs.phase is Phase.CONFIRMED
        return ours, theirs

    def settle(self) -> None:
        """Let everything end, and see that nothing is left."""
        self.net.settle()
        self.alice.assert_idle()
        self.bob.assert_idle()


def settings(host: str = BOB, *transports: str, **changes: int) -> CoreSettings:
    """Return the settings of a listening core, some of them changed."""
    made = listening(host, *transports)
    return replace(made, **changes)  # type: ignore[arg-type]


def stranger_calls(
    bob: Manner | None = None,
    *,
    bob_settings: CoreSettings | None = None,
    headers: str = "",
    body: bytes = b"",
    transport: str = "udp",
) -> tuple[Net, Phone, Stranger]:
    """Have a stranger send an INVITE to Bob."""
    net = Net()
    phone = Phone(net, BOB, bob, settings=bob_settings)
    stranger = Stranger(net, ALICE, phone, transport=transport)
    stranger.send("INVITE", headers=headers, body=body)
    return net, phone, stranger


def stranger_in_call(
    bob: Manner | None = None,
    *,
    bob_settings: CoreSettings | None = None,
    headers: str = "",
    body: bytes = b"",
) -> tuple[Net, Phone, Stranger]:
    """Have a stranger call Bob, be answered and send the ACK."""
    net, phone, stranger = stranger_calls(
        bob, bob_settings=bob_settings, headers=headers, body=body
    )
    stranger.send("ACK")
    assert phone.invited.phase is Phase.CONFIRMED
    return net, phone, stranger


def calling_stranger(
    *,
    alice: Manner | None = None,
    alice_settings: CoreSettings | None = None,
    body: bytes | None = None,
) -> tuple[Net, Phone, Stranger, OutboundSession]:
    """Have Alice call a stranger, who has not answered yet."""
    net = Net()
    phone = Phone(net, ALICE, alice, settings=alice_settings)
    stranger = Stranger(net, BOB, phone)
    session = phone.call(stranger) if body is None else phone.call(stranger, body=body)
    net.transfer()
    stranger.adopt(stranger.request("INVITE"))
    return net, phone, stranger, session


def in_call_with_stranger(
    *,
    alice: Manner | None = None,
    alice_settings: CoreSettings | None = None,
    headers: str = "",
    body: bytes = b"",
) -> tuple[Net, Phone, Stranger, OutboundSession]:
    """Have Alice call a stranger, who answers 200."""
    net, phone, stranger, session = calling_stranger(
        alice=alice, alice_settings=alice_settings
    )
    stranger.respond(stranger.request("INVITE"), 200, headers=headers, body=body)
    assert len(net.packets("ACK")) == 1
    return net, phone, stranger, session


def request_in(packet: Packet) -> Request:
    """Parse a request that was sent."""
    message = parse(packet.data)
    assert isinstance(message, Request)
    return message


def response_in(packet: Packet) -> Response:
    """Parse a response that was sent."""
    message = parse(packet.data)
    assert isinstance(message, Response)
    return message
