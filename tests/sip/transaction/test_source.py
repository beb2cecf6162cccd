"""RFC 3261 sections 18.2.1 and 18.2.2, RFC 3581 section 4, RFC 5118 section 4.5."""

from __future__ import annotations

import pytest

from sip.flow import Flow
from sip.message.message import Request
from sip.message.parser import parse
from sip.transaction.source import stamp
from tests.sip.transaction.kit import request

SOURCE = Flow("udp", "192.0.2.4", 40000, 1)
V = "SIP/2.0/UDP "


def stamped(via: str, flow: Flow = SOURCE) -> tuple[str, Flow]:
    """Return the whole Via line and the flow for responses."""
    message = request(via=via)
    reply_flow = stamp(message, flow)
    return message.fields["via"][0], reply_flow


def test_rfc3261_18_2_1_a_domain_name_gets_received() -> None:
    via, flow = stamped(V + "bobspc.biloxi.com:5060;branch=z9hG4bK1")
    assert via == V + "bobspc.biloxi.com:5060;branch=z9hG4bK1;received=192.0.2.4"
    assert flow == Flow("udp", "192.0.2.4", 5060, 1)


def test_rfc3261_18_2_1_a_via_without_parameters_gets_received() -> None:
    via, _ = stamped(V + "10.0.0.1")
    assert via == V + "10.0.0.1;received=192.0.2.4"


def test_rfc3261_18_2_1_the_source_itself_needs_no_received() -> None:
    text = V + "192.0.2.4:40000;branch=z9hG4bK1"
    via, flow = stamped(text)
    assert via == text
    assert flow is SOURCE


@pytest.mark.parametrize(("port", "expected"), [(":5070", 5070), ("", 5060)])
def test_rfc3261_18_2_2_without_rport_the_port_is_that_of_sent_by(
    port: str, expected: int
) -> None:
    _, flow = stamped(f"{V}192.0.2.4{port};branch=z9hG4bK1")
    assert flow == Flow("udp", "192.0.2.4", expected, 1)


def test_rfc3581_4_rport_is_filled_in_and_responses_go_to_the_source() -> None:
    via, flow = stamped(V + "10.0.0.1:5060;rport;branch=z9hG4bK1")
    assert via == (V + "10.0.0.1:5060;received=192.0.2.4;rport=40000;branch=z9hG4bK1")
    assert flow is SOURCE


def test_rfc3581_4_received_is_inserted_even_when_it_equals_sent_by() -> None:
    via, _ = stamped(V + "192.0.2.4:40000;branch=z9hG4bK1;rport")
    assert via == V + "192.0.2.4:40000;branch=z9hG4bK1;received=192.0.2.4;rport=40000"


@pytest.mark.parametrize(
    "lie",
    [
        "received=203.0.113.9;rport=7",
        "rport=7;received=203.0.113.9",
        "received=203.0.113.9;rport",
        "RPORT;Received=203.0.113.9",
    ],
)
def test_what_a_peer_says_of_its_own_source_is_replaced(lie: str) -> None:
    via, flow = stamped(f"{V}10.0.0.1;branch=z9hG4bK1;{lie}")
    assert "203.0.113.9" not in via
    assert via.lower().count("received=192.0.2.4") == 1
    assert via.lower().count("rport=40000") == 1
    assert flow is SOURCE


def test_a_forged_received_is_replaced_when_the_source_is_sent_by() -> None:
    via, _ = stamped(V + "192.0.2.4;branch=z9hG4bK1;received=203.0.113.9")
    assert via == V + "192.0.2.4;branch=z9hG4bK1;received=192.0.2.4"


@pytest.mark.parametrize(
    "params",
    [
        ";Rport;branch=z9hG4bK1",
        ";branch=z9hG4bK1;rport=",
        ";branch=z9hG4bK1 ; rport",
        ";rporting=1;branch=z9hG4bK1;rport",
        ';x=";rport;";branch=z9hG4bK1;rport',
    ],
)
def test_odd_spellings_of_rport_are_filled_in_too(params: str) -> None:
    message = request(via=V + "10.0.0.1" + params)
    assert stamp(message, SOURCE) is SOURCE
    again = parse(message.render())
    assert isinstance(again, Request)
    assert again.via.rport == "40000"
    assert again.via.received == "192.0.2.4"
    assert again.via.branch == "z9hG4bK1"


def test_only_the_topmost_of_a_list_is_stamped() -> None:
    via, _ = stamped(f"{V}10.0.0.1;branch=z9hG4bK1, {V}10.9.9.9;branch=z9hG4bK2")
    assert via == (
        f"{V}10.0.0.1;branch=z9hG4bK1;received=192.0.2.4, {V}10.9.9.9;branch=z9hG4bK2"
    )


def test_the_typed_via_keeps_what_the_peer_said() -> None:
    for via in (V + "10.0.0.1;rport", V + "10.0.0.1;rport=1;received=1.1.1.1"):
        message = request(via=via)
        before = message.via
        stamp(message, SOURCE)
        assert message.via == before


def test_maddr_does_not_aim_responses_at_anybody_else() -> None:
    _, flow = stamped(V + "192.0.2.4;maddr=203.0.113.9;branch=z9hG4bK1")
    assert flow.host == "192.0.2.4"


def test_rfc5118_ipv6_reference_equals_the_address() -> None:
    source = Flow("udp", "2001:db8::9:1", 5060)
    text = V + "[2001:db8::9:1];branch=z9hG4bK1"
    assert stamped(text, source) == (text, source)
    via, _ = stamped(V + "[2001:db8::1];branch=z9hG4bK1", source)
    assert via.endswith(";received=2001:db8::9:1")


@pytest.mark.parametrize(
    ("transport", "sent_by", "port"),
    [
        ("tcp", "10.0.0.1:5070", 5070),
        ("tcp", "10.0.0.1", 5060),
        ("tls", "10.0.0.1", 5061),
        ("tls", "10.0.0.1;rport", 5061),
    ],
)
def test_rfc3261_18_2_2_streams_answer_on_the_connection_then_at_sent_by(
    transport: str, sent_by: str, port: int
) -> None:
    source = Flow(transport, "192.0.2.4", 40000, 1, 99)
    via, flow = stamped(f"SIP/2.0/{transport.upper()} {sent_by}", source)
    assert flow == Flow(transport, "192.0.2.4", port, 1, 99)
    assert "received=192.0.2.4" in via
