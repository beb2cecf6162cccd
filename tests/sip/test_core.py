"""The core as a whole: five verbs, counters, refusals, requests of its own."""

from __future__ import annotations

import os

import pytest

from sip.core import Core
from sip.dialog.ground import Ground
from sip.dialog.settings import CoreSettings
from sip.events import Invited, Replied
from sip.flow import Flow, Listener
from sip.message.message import Response
from sip.message.parser import parse
from sip.tokens import Tokens
from tests.sim.agent import Phone
from tests.sim.net import Net
from tests.sim.stranger import Stranger

HERE = CoreSettings((Listener("udp", "192.0.2.2", 5060),))
PEER = Flow("udp", "192.0.2.1", 5062)
INVITE = (
    b"INVITE sip:bob@biloxi.example SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
    b"From: <sip:alice@atlanta.example>;tag=a\r\nTo: <sip:bob@biloxi.example>\r\n"
    b"Call-ID: c1\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@192.0.2.1:5062>\r\n"
    b"Content-Length: 0\r\n\r\n"
)


def make_core(settings: CoreSettings = HERE) -> Core:
    """Make a core with real random tokens."""
    return Core(settings, Tokens(os.urandom))


def answers(core: Core) -> list[Response]:
    """Take what the core wants sent, all of it responses."""
    made = [parse(data) for data, _ in core.datagrams_to_send()]
    assert all(isinstance(one, Response) for one in made)
    return [one for one in made if isinstance(one, Response)]


def test_a_new_core_wants_nothing() -> None:
    core = make_core()
    assert core.datagrams_to_send() == []
    assert core.get_timer() is None
    assert core.next_event() is None
    core.handle_timer(1e9)
    core.unreachable(PEER, 0.0)


def test_the_five_verbs_in_turn() -> None:
    core = make_core()
    core.receive_datagram(INVITE, PEER, 10.0)
    event = core.next_event()
    assert isinstance(event, Invited)
    assert event.flow == PEER
    assert core.next_event() is None
    assert [one.status for one in answers(core)] == [100]
    event.session.accept(10.0)
    ((_, flow),) = core.datagrams_to_send()
    assert flow == PEER
    assert core.get_timer() == 10.5
    core.handle_timer(10.4)
    assert core.datagrams_to_send() == []
    core.handle_timer(10.5)
    assert [one.status for one in answers(core)] == [200]
    assert core.get_timer() == 11.5
    assert core.counters.received == 1
    assert core.counters.sent == 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Call-ID: c1\r\n", b""),
        (b"CSeq: 1 INVITE\r\n", b""),
        (b"To: <sip:bob@biloxi.example>\r\n", b""),
        (b"From: <sip:alice@atlanta.example>;tag=a\r\n", b""),
        (b"Call-ID: c1\r\n", b"Call-ID: c1\r\nCall-ID: c1\r\n"),
        (b"CSeq: 1 INVITE\r\n", b"CSeq: 1 INVITE\r\nCSeq: 1 INVITE\r\n"),
        (b"CSeq: 1 INVITE", b"CSeq: 1 BYE"),
        (b"CSeq: 1 INVITE", b"CSeq: one INVITE"),
        (b"Max-Forwards: 70", b"Max-Forwards: many"),
    ],
)
def test_a_malformed_request_gets_400_and_leaves_no_session(
    old: bytes, new: bytes
) -> None:
    core = make_core()
    assert old in INVITE
    core.receive_datagram(INVITE.replace(old, new), PEER, 0.0)
    (answer,) = answers(core)
    assert answer.status == 400
    assert core.next_event() is None
    assert not core.ground.sessions


def test_a_refusal_without_a_transaction_goes_to_the_source() -> None:
    core = make_core()
    core.receive_datagram(INVITE.replace(b"Call-ID: c1\r\n", b""), PEER, 0.0)
    ((data, flow),) = core.datagrams_to_send()
    assert flow == PEER
    assert b"Server: veil\r\n" in data
    assert core.counters.malformed == 1
    assert len(core.ground.transactions) == 0


def test_a_request_whose_via_cannot_be_read_is_answered_to_its_source() -> None:
    core = make_core()
    core.receive_datagram(
        INVITE.replace(b"SIP/2.0/UDP 192", b"SIP/2.0/UDP @"), PEER, 0.0
    )
    ((data, flow),) = core.datagrams_to_send()
    assert data.startswith(b"SIP/2.0 400 ")
    assert flow == PEER


def test_a_malformed_ack_and_noise_and_responses_get_nothing() -> None:
    core = make_core()
    ack = INVITE.replace(b"INVITE", b"ACK")
    for data in (
        ack.replace(b"Call-ID: c1\r\n", b""),
        b"\x00\x01\x02",
        b"",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: x\r\n\r\n",
    ):
        core.receive_datagram(data, PEER, 0.0)
    assert core.datagrams_to_send() == []
    assert core.counters.malformed == 5


def test_a_wrong_version_gets_505() -> None:
    core = make_core()
    core.receive_datagram(INVITE.replace(b"SIP/2.0\r\n", b"SIP/7.0\r\n", 1), PEER, 0.0)
    assert [one.status for one in answers(core)] == [505]


def test_stray_responses_are_dropped_and_counted() -> None:
    core = make_core()
    stray = (
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKx\r\n"
        b"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\n"
        b"CSeq: 1 INVITE\r\nContact: <sip:c@d>\r\nContent-Length: 0\r\n\r\n"
    )
    for status in (b"100 Trying", b"180 Ringing", b"200 OK", b"486 Busy"):
        core.receive_datagram(stray.replace(b"200 OK", status), PEER, 0.0)
    assert core.counters.stray == 4
    assert core.datagrams_to_send() == []
    assert core.next_event() is None


def test_a_stray_ack_and_the_ack_of_a_refusal_make_no_event() -> None:
    core = make_core()
    ack = INVITE.replace(b"INVITE", b"ACK")
    core.receive_datagram(ack, PEER, 0.0)
    core.receive_datagram(INVITE, PEER, 0.0)
    event = core.next_event()
    assert isinstance(event, Invited)
    event.session.refuse(486, 0.0)
    core.receive_datagram(ack, PEER, 0.0)
    core.handle_timer(5.0)
    assert len(core.ground.transactions) == 0
    assert core.next_event() is None


def test_a_repeated_request_is_answered_by_its_transaction() -> None:
    core = make_core()
    core.receive_datagram(INVITE, PEER, 0.0)
    core.receive_datagram(INVITE, PEER, 0.1)
    assert [one.status for one in answers(core)] == [100, 100]
    assert len(core.ground.sessions) == 1


def test_received_and_rport_are_filled_in_and_used() -> None:
    core = make_core()
    data = INVITE.replace(b"192.0.2.1:5062;branch", b"10.0.0.1;rport;branch")
    core.receive_datagram(data, PEER, 0.0)
    ((answer, flow),) = core.datagrams_to_send()
    assert b"Via: SIP/2.0/UDP 10.0.0.1;received=192.0.2.1;rport=5062;branch=" in answer
    assert flow == PEER


# -- requests of the core's own ----------------------------------------------------


def probe(phone: Phone, stranger: Stranger) -> None:
    """Send an OPTIONS outside any dialog."""
    phone.core.request(
        "OPTIONS",
        Flow("udp", *stranger.address),
        uri="sip:gateway.example",
        from_="<sip:veil@192.0.2.2>",
        to="<sip:gateway.example>",
        key="gw-1",
        now=phone.net.now,
        headers="Accept: application/sdp\r\n",
    )
    phone.net.transfer()


def probing() -> tuple[Net, Phone, Stranger]:
    """Have a phone probe a stranger."""
    net = Net()
    phone = Phone(net, "192.0.2.2")
    stranger = Stranger(net, "192.0.2.1", phone)
    probe(phone, stranger)
    return net, phone, stranger


def test_a_probe_and_its_answer() -> None:
    net, phone, stranger = probing()
    options = stranger.request("OPTIONS")
    assert options.uri == "sip:gateway.example"
    assert options.from_tag
    assert options.to_tag == ""
    assert options.cseq == (1, "OPTIONS")
    assert options.fields["accept"] == ["application/sdp"]
    assert options.fields["user-agent"] == ["veil"]
    stranger.respond(options, 100, tag="")
    assert phone.names == []
    stranger.respond(options, 404)
    replied = phone.event(Replied)
    assert (replied.key, replied.status) == ("gw-1", 404)
    assert replied.response is not None
    net.settle()
    phone.assert_idle()


def test_a_probe_without_answer_counts_as_408() -> None:
    net, phone, _ = probing()
    net.settle()
    assert phone.event(Replied) == ("gw-1", 408, None)
    assert phone.told[0][0] == 32.0
    phone.assert_idle()


def test_a_probe_to_an_unreachable_peer_counts_as_503() -> None:
    net, phone, stranger = probing()
    phone.unreachable(Flow("udp", *stranger.address), net.now)
    net.transfer()
    assert phone.event(Replied) == ("gw-1", 503, None)
    phone.assert_idle()


def test_each_probe_is_a_dialog_attempt_of_its_own() -> None:
    _, phone, stranger = probing()
    probe(phone, stranger)
    first, second = stranger.requests("OPTIONS")
    assert first.call_id != second.call_id
    assert first.from_tag != second.from_tag
    assert first.via.branch != second.via.branch


# -- the ground under it -----------------------------------------------------------


def ground_of(*listeners: Listener) -> Ground:
    """Make the ground of a core with these listeners."""
    return make_core(CoreSettings(listeners)).ground


V4, V6 = Listener("udp", "192.0.2.2", 5060), Listener("udp", "[2001:db8::2]", 5060)
TCP = Listener("tcp", "192.0.2.2", 5060)


@pytest.mark.parametrize(
    ("flow", "listener"),
    [
        (Flow("udp", "192.0.2.1", 5060), 0),
        (Flow("udp", "192.0.2.1", 5060, 1), 0),
        (Flow("udp", "2001:db8::1", 5060, 7), 1),
        (Flow("udp", "2001:db8::1", 5060), 1),
        (Flow("udp", "192.0.2.1", 5060, 3), 0),
        (Flow("udp", "192.0.2.1", 5060, 2), 0),
        (Flow("tcp", "192.0.2.1", 5060), 2),
        (Flow("tcp", "2001:db8::1", 5060), 2),
        (Flow("tls", "192.0.2.1", 5061), 0),
    ],
)
def test_a_flow_gets_a_listener_of_its_transport_and_family(
    flow: Flow, listener: int
) -> None:
    ground = ground_of(V4, V6, TCP)
    assert ground.listener_for(flow) == flow._replace(listener=listener)


def test_a_flow_of_a_family_nobody_listens_on_keeps_its_listener() -> None:
    ground = ground_of(V4, V4)
    flow = Flow("udp", "2001:db8::1", 5060, 1)
    assert ground.listener_for(flow) == flow


def test_the_ground_knows_its_transports_and_forgets_sessions() -> None:
    ground = ground_of(V4, TCP)
    assert ground.has_transport("tcp")
    assert not ground.has_transport("tls")
    ground.forget("nobody")
    assert ground.contacts == [
        "Contact: <sip:192.0.2.2:5060>\r\n",
        "Contact: <sip:192.0.2.2:5060;transport=tcp>\r\n",
    ]


def test_without_a_name_neither_user_agent_nor_server_is_sent() -> None:
    ground = make_core(CoreSettings((V4,), user_agent="")).ground
    assert ground.user_agent == ground.server == ""


def test_a_timer_that_an_earlier_one_of_its_tick_cancelled_is_not_fired() -> None:
    core = make_core()
    fired: list[int] = []

    class Target:
        def expire(self, name: int, now: float) -> None:
            fired.append(name)
            second.cancel()

    core.ground.wheel.arm(1.0, Target(), 1)
    second = core.ground.wheel.arm(1.0, Target(), 2)
    core.handle_timer(1.0)
    assert fired == [1]
