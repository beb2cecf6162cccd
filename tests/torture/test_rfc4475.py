"""RFC 4475, all 49 messages and the stray `test.dat`, byte for byte, on the parser.

The files are the archive of the RFC's appendix A (IETF test vectors, BCP 78). What the
floors above add (404, 405, 406, 415, 416, 420, 483, 501, dropped responses) is tested
over real sockets elsewhere.
"""

from __future__ import annotations

import hashlib
import json

import pytest

from sip.errors import PeerMistake
from sip.message.address import Address
from sip.message.framer import Framer
from sip.message.message import Request, Response
from sip.message.parser import check_strictly, parse
from sip.message.render import render_response
from sip.message.uri import Uri
from sip.message.values import Via
from tests.torture.verdict import FOLDER, PASSED, judge

FILES = FOLDER / "rfc4475"
CASES = json.loads((FILES / "expectations.json").read_text())["cases"]

REFUSED = {
    "badinv01": 400,
    "clerr": 400,
    "ncl": 400,
    "scalar02": 400,
    "quotbal": 400,
    "ltgtruri": 400,
    "lwsruri": 400,
    "lwsstart": 400,
    "trws": 400,
    "escruri": 400,
    "regbadct": 400,
    "badaspec": 400,
    "baddn": 400,
    "badvers": 505,
    "mismatch01": 400,
    "mismatch02": 501,
    "badbranch": 400,
    "insuf": 400,
    "multi01": 400,
    "mcl01": 400,
    "inv2543": 400,
}
DROPPED = {"scalarlg", "bigcode", "test"}
LATER = {
    # Passed here; refused, answered or dropped by the floor named.
    "intmeth": "501 by the core",
    "esc02": "501 by the core",
    "unkscm": "416 by the core",
    "novelsc": "416 by the core",
    "bext01": "420 by the core",
    "invut": "415 by the core",
    "sdp01": "406 by the core",
    "bcast": "dropped by the transactions: no such request",
    "unreason": "dropped by the transactions",
    "noreason": "dropped by the transactions",
    "escnull": "405 by the core",
    "dblreq": "405 by the core",
    "mpart01": "405 by the core",
    "unksm2": "405 by the core",
    "regaut01": "405 by the core",
    "cparam01": "405 by the core",
    "cparam02": "405 by the core",
    "regescrt": "405 by the core",
}
ANSWERED = {
    "wsinv",
    "esc01",
    "lwsdisp",
    "longreq",
    "semiuri",
    "transports",
    "baddate",
    "zeromf",
}


def load(name: str) -> bytes:
    return (FILES / f"{name}.dat").read_bytes()


def passed(name: str) -> Request:
    status, message = judge(load(name))
    assert status == PASSED
    assert isinstance(message, Request)
    return message


def test_every_case_has_its_verdict_and_its_bytes() -> None:
    names = {case["file"].removesuffix(".dat") for case in CASES}
    assert len(names) == 49
    verdicts = [*REFUSED, *DROPPED, *LATER, *ANSWERED]
    assert sorted(verdicts) == sorted(names | {"test"})
    for case in CASES:
        data = (FILES / case["file"]).read_bytes()
        assert len(data) == case["bytes"]
        assert hashlib.sha256(data).hexdigest().startswith(case["sha256"])


def test_verdicts_are_those_expected() -> None:
    for case in CASES:
        name, expected = case["file"].removesuffix(".dat"), case["b2bua_uas_expected"]
        if case["class"] == "valid":
            assert name not in REFUSED
        if expected.startswith(("400", "UDP 400")):
            assert REFUSED[name] == 400
        if expected in ("501", "505"):
            assert REFUSED[name] == int(expected)
        if expected == "drop":
            assert name in DROPPED


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused_with_a_request_to_answer(name: str) -> None:
    status, request = judge(load(name))
    assert status == REFUSED[name]
    assert isinstance(request, Request)
    answer = parse(render_response(request, status, to_tag="t"))
    assert isinstance(answer, Response)
    assert answer.status == status
    assert answer.fields["via"] == request.fields["via"]


@pytest.mark.parametrize("name", sorted(DROPPED))
def test_dropped(name: str) -> None:
    status, message = judge(load(name))
    assert status != PASSED
    assert message is None


@pytest.mark.parametrize("name", sorted([*LATER, *ANSWERED]))
def test_passed(name: str) -> None:
    status, message = judge(load(name))
    assert status == PASSED
    assert message is not None


def test_wsinv() -> None:
    message = passed("wsinv")
    assert message.to == Address(
        "", "sip:vivekg@chair-dnrc.example.com", {"tag": "1918181833n"}
    )
    assert message.from_.display == 'J Rosenberg \\"'
    assert (message.from_tag, message.max_forwards) == ("98asjd8", 68)
    assert message.cseq == (9, "INVITE")
    assert [Via.parse(text).branch for text in message.all("via")] == [
        "390skdjuw",
        "z9hG4bK9ikj8",
        "z9hG4bK30239",
    ]
    assert (
        message.first("newfangledheader")
        == "newfangled value continued newfangled value"
    )
    assert message.first("unknownheaderwithunusualvalue") == ";;,,;;,;"
    assert message.first("subject") == ""
    assert message.contact == Address(
        'Quoted string ""',
        "sip:jdrosen@example.com",
        {"newparam": "newvalue", "secondparam": "", "q": "0.33"},
    )


def test_intmeth() -> None:
    message = passed("intmeth")
    assert message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert message.to.display == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert message.from_tag == "_token~1'+`*%!-."
    assert "\ufffe" not in message.uri
    assert len(message.fields) == 8


def test_esc01_user_is_unescaped_once() -> None:
    message = passed("esc01")
    assert Uri.parse(message.uri).user_unescaped == "sips:user@example.com"
    assert message.to.uri.user_unescaped == "user"
    assert message.from_.uri.user_unescaped == "I have spaces"
    assert message.contact is not None
    assert message.contact.uri.user_unescaped == "caller"


def test_escnull_nul_ends_nothing() -> None:
    message = passed("escnull")
    assert message.to.uri.user_unescaped == "null-\x00-null"
    users = [contact.uri.user_unescaped for contact in message.contacts]
    assert users == ["\x00", "\x00\x00"]


def test_esc02_names_and_methods_are_never_unescaped() -> None:
    message = passed("esc02")
    assert message.method == "RE%47IST%45R"
    assert len(message.contacts) == 2
    assert message.from_.display == "%Z%45"


def test_lwsdisp_blank_before_the_bracket_is_optional() -> None:
    assert passed("lwsdisp").from_.display == "caller"


def test_longreq() -> None:
    message = passed("longreq")
    assert len(message.fields["via"]) == 34
    assert len(message.body) == 150


def test_dblreq_noise_is_never_a_message() -> None:
    message = passed("dblreq")
    assert (message.method, message.body) == ("REGISTER", b"")


def test_semiuri_user_is_whole() -> None:
    assert Uri.parse(passed("semiuri").uri).user == "user;par=u%40example.net"


def test_transports() -> None:
    transports = [Via.parse(text).transport for text in passed("transports").all("via")]
    assert transports == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]


def test_mpart01_body_is_untouched() -> None:
    message = passed("mpart01")
    assert load("mpart01").endswith(b"\r\n\r\n" + message.body)
    assert len(message.body) == 553
    assert message.content_type == "multipart/mixed"


def test_unreason_and_noreason() -> None:
    unreason = parse(load("unreason"))
    assert isinstance(unreason, Response)
    assert unreason.reason.endswith("простое")
    noreason = parse(load("noreason"))
    assert isinstance(noreason, Response)
    assert (noreason.status, noreason.reason) == (100, "")


def test_baddn_is_refused_for_its_display_names_too() -> None:
    message = parse(load("baddn") + b"\r\n")
    assert isinstance(message, Request)
    with pytest.raises(PeerMistake, match="From is not valid"):
        check_strictly(message)


def test_cparam() -> None:
    header, uri = passed("cparam01").contact, passed("cparam02").contact
    assert header is not None
    assert uri is not None
    assert (header.params, header.uri.params) == ({"unknownparam": ""}, {})
    assert (uri.params, uri.uri.params) == ({}, {"unknownparam": ""})


def test_regescrt_escaped_headers_stay_in_their_uri() -> None:
    message = passed("regescrt")
    assert message.routes == []
    assert message.contact is not None
    assert message.contact.uri.headers == "Route=%3Csip:sip.example.com%3E"


def test_zeromf() -> None:
    assert passed("zeromf").max_forwards == 0


INCOMPLETE = {"baddn", "clerr"}
BAD_LENGTH = {"inv2543", "mcl01", "ncl"}


@pytest.mark.parametrize("name", sorted([*REFUSED, *DROPPED, *LATER, *ANSWERED]))
def test_on_a_stream(name: str) -> None:
    data = load(name)
    framer = Framer()
    if name in BAD_LENGTH:
        framer.feed(data)
        with pytest.raises(PeerMistake) as caught:
            framer.next_message()
        assert caught.value.status == 400
        assert caught.value.request is not None
        return
    message = None
    for at in range(len(data)):
        framer.feed(data[at : at + 1])
        message = message or framer.next_message()
    if name in INCOMPLETE:
        assert message is None
        assert framer.pending == len(data)
        return
    assert message is not None
    assert data.startswith(message)
    assert judge(message)[0] == judge(data)[0]
