"""Gateways: what a URI says, in which order they are tried, which are left out."""

from __future__ import annotations

from collections import Counter

import pytest

from router.trunk.gateway import Gateway, Rota
from sip.flow import Flow


def gateway(uri: str, priority: int = 0, weight: int = 1) -> Gateway:
    return Gateway(uri, priority=priority, weight=weight)


@pytest.mark.parametrize(
    ("uri", "flow"),
    [
        ("sip:10.0.0.1", Flow("udp", "10.0.0.1", 5060)),
        ("sip:10.0.0.1:5090", Flow("udp", "10.0.0.1", 5090)),
        ("sip:10.0.0.1;transport=TCP", Flow("tcp", "10.0.0.1", 5060)),
        ("sip:10.0.0.1;transport=tls", Flow("tls", "10.0.0.1", 5061)),
        ("sips:10.0.0.1", Flow("tls", "10.0.0.1", 5061)),
        ("sips:10.0.0.1;transport=tcp", Flow("tls", "10.0.0.1", 5061)),
        ("sip:[2001:db8::1]:5070", Flow("udp", "2001:db8::1", 5070)),
        ("sip:[2001:db8::1]", Flow("udp", "2001:db8::1", 5060)),
    ],
)
def test_an_address_needs_no_dns(uri: str, flow: Flow) -> None:
    assert gateway(uri).flows == (flow,)
    assert gateway(uri).is_numeric


def test_a_name_has_no_address_until_it_is_looked_up() -> None:
    named = gateway("sip:gw.example.com;lr")
    assert named.flows == ()
    assert (named.host, named.port, named.chosen_transport) == (
        "gw.example.com",
        None,
        "",
    )


def test_what_a_call_is_addressed_to() -> None:
    one = gateway("sip:10.0.0.1:5090;transport=tcp")
    assert one.uri_for("+86138") == "sip:+86138@10.0.0.1:5090;transport=tcp"
    assert one.to_for("+86138") == "<sip:+86138@10.0.0.1:5090>"
    assert one.uri == "sip:10.0.0.1:5090;transport=tcp"
    assert repr(one) == "<Gateway 10.0.0.1:5090;transport=tcp up>"
    one.is_up = False
    assert repr(one).endswith("down>")


def test_rfc3261_18_1_1_a_named_transport_is_kept() -> None:
    assert gateway("sip:10.0.0.1").stream_allowed
    assert not gateway("sip:10.0.0.1;transport=udp").stream_allowed


def test_the_lower_priority_comes_first() -> None:
    second, first = gateway("sip:10.0.0.2", 5), gateway("sip:10.0.0.1", 1)
    assert list(Rota([second, first]).order()) == [first, second]


def test_weights_share_the_first_place() -> None:
    heavy, light = gateway("sip:10.0.0.1", weight=3), gateway("sip:10.0.0.2")
    rota = Rota([heavy, light])
    shares = Counter(rota.order()[0].host for _ in range(400))
    assert shares == {"10.0.0.1": 300, "10.0.0.2": 100}
    assert {len(rota.order()) for _ in range(4)} == {2}


def test_weight_0_takes_only_what_the_others_cannot() -> None:
    none, one = gateway("sip:10.0.0.1", weight=0), gateway("sip:10.0.0.2")
    rota = Rota([none, one])
    assert {rota.order()[0] for _ in range(10)} == {one}
    one.is_up = False
    assert list(rota.order()) == [none]


def test_who_is_down_is_left_out_unless_all_are() -> None:
    first, second = gateway("sip:10.0.0.1", 0), gateway("sip:10.0.0.2", 1)
    rota = Rota([first, second])
    first.is_up = False
    assert list(rota.order()) == [second]
    assert rota.is_up
    second.is_up = False
    assert list(rota.order()) == [first, second]
    assert not rota.is_up


def test_the_only_gateway_is_tried_whatever_a_probe_says() -> None:
    only = gateway("sip:10.0.0.1")
    rota = Rota([only])
    only.is_up = False
    assert list(rota.order()) == [only]


def test_who_has_no_address_is_left_out() -> None:
    named, other = gateway("sip:gw.example.com"), gateway("sip:10.0.0.1", 1)
    assert list(Rota([named]).order()) == []
    assert list(Rota([named, other]).order()) == [other]
    assert not Rota([named]).is_up


def test_a_response_to_a_call_brings_a_gateway_back() -> None:
    one = gateway("sip:10.0.0.1")
    one.is_up = False
    one.heard(7.0)
    assert one.is_up
    assert one.heard_at == 7.0
