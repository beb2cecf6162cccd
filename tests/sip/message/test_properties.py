"""What holds for every message: what is rendered is parsed back, and alike."""

from __future__ import annotations

import sipmessage
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from sip.errors import PeerMistake
from sip.message.address import Address
from sip.message.check import check, check_response, check_strictly
from sip.message.framer import Framer
from sip.message.grammar import split_list
from sip.message.message import Request, Response
from sip.message.names import canonical
from sip.message.params import format_params, parse_params
from sip.message.parser import parse
from sip.message.readers import READERS
from sip.message.render import render_response
from sip.message.uri import Uri, is_uri
from sip.message.values import Via
from tests.sip.message.messages import (
    addresses,
    params,
    plain_requests,
    quoted,
    requests,
    responses,
    uris,
    vias,
)

EXAMPLES = settings(max_examples=100, deadline=None)
# Whole messages cost some 30 ms each to draw.
FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@FEW
@given(requests())
def test_request_two_ways(message: Request) -> None:
    again = parse(message.render())
    assert isinstance(again, Request)
    assert again.fields.pop("content-length") == [str(len(message.body))]
    assert (again.method, again.uri) == (message.method, message.uri)
    assert (again.fields, again.body) == (message.fields, message.body)
    check(again)
    check_strictly(again)


@FEW
@given(responses())
def test_response_two_ways(message: Response) -> None:
    again = parse(message.render())
    assert isinstance(again, Response)
    del again.fields["content-length"]
    assert (again.status, again.reason) == (message.status, message.reason)
    assert (again.fields, again.body) == (message.fields, message.body)
    check_response(again)


@FEW
@given(requests(), st.integers(101, 699))
def test_the_response_belongs_to_the_request(message: Request, status: int) -> None:
    answer = parse(render_response(message, status, to_tag="ours"))
    assert isinstance(answer, Response)
    assert answer.fields["via"] == message.fields["via"]
    assert answer.fields["from"] == message.fields["from"]
    assert (answer.call_id, answer.cseq) == (message.call_id, message.cseq)
    assert answer.to_tag == (message.to_tag or "ours")


@FEW
@given(st.lists(requests(), min_size=1, max_size=3), st.lists(st.integers(1, 400)))
def test_a_stream_cut_anywhere_gives_the_same(
    messages: list[Request], cuts: list[int]
) -> None:
    stream = b"".join(message.render() for message in messages)
    framer = Framer()
    got = []
    for size in [*cuts, len(stream)]:
        framer.feed(stream[:size])
        stream = stream[size:]
        while (data := framer.next_message()) is not None:
            got.append(data)
    assert got == [message.render() for message in messages]


@EXAMPLES
@given(uris())
def test_uri_two_ways(text: str) -> None:
    uri = Uri.parse(text)
    assert Uri.parse(str(uri)) == uri
    assert uri.equivalent(uri)
    assert is_uri(text)


@EXAMPLES
@given(st.text(max_size=40) | uris())
def test_is_uri_says_what_parse_does(text: str) -> None:
    try:
        Uri.parse(text)
    except ValueError:
        assert not is_uri(text)
    else:
        assert is_uri(text)


@EXAMPLES
@given(addresses())
def test_address_two_ways(text: str) -> None:
    address = Address.parse(text)
    assert Address.parse(str(address)) == address


@EXAMPLES
@given(vias())
def test_via_two_ways(text: str) -> None:
    assert str(Via.parse(text)) == text


@EXAMPLES
@given(params(quoted))
def test_params_two_ways(text: str) -> None:
    assume(text)
    assert format_params(parse_params(text[1:])) == text


@EXAMPLES
@given(st.lists(addresses(), min_size=1, max_size=4))
def test_list_two_ways(members: list[str]) -> None:
    assert split_list(" , ".join(members)) == members


@EXAMPLES
@given(st.binary(max_size=200))
def test_any_bytes_give_a_message_or_the_one_error(noise: bytes) -> None:
    for data in (noise, b"BYE sip:a SIP/2.0\r\n" + noise + b"\r\n\r\n"):
        try:
            message = parse(data)
        except PeerMistake:
            continue
        for name in READERS:
            try:
                getattr(message, name)
            except PeerMistake:
                continue


@EXAMPLES
@given(plain_requests())
def test_second_opinion_sipmessage_reads_the_same(ours: Request) -> None:
    theirs = sipmessage.Message.parse(ours.render())
    assert isinstance(theirs, sipmessage.Request)
    assert theirs.method == ours.method
    assert str(theirs.uri) == ours.uri
    assert theirs.call_id == ours.call_id
    assert (theirs.cseq.sequence, theirs.cseq.method) == tuple(ours.cseq)
    assert theirs.body == ours.body
    via = theirs.via[0]
    assert (via.transport, via.host, via.port) == ours.via[:3]
    assert via.parameters["branch"] == ours.via.branch
    pairs = [(theirs.from_address, ours.from_), (theirs.to_address, ours.to)]
    pairs += zip(theirs.contact, ours.contacts, strict=True)
    for address, mine in pairs:
        assert address.name == mine.display
        assert address.parameters.get("tag", "") == mine.tag
        uri = (address.uri.user, address.uri.host, address.uri.port)
        assert uri == (mine.uri.user, mine.uri.host, mine.uri.port)
    for name, values in ours.fields.items():
        assert theirs.headers.getlist(canonical(name)) == values
