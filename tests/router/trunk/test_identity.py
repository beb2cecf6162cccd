"""Who calls, by which header, and what is shown (RFC 3325, RFC 5806)."""

from __future__ import annotations

import pytest

from router.numbers import CHINA, NumberForm
from router.trunk.identity import Profile, caller_of
from sip.message.message import Request

A, B, C = "+8613800000001", "+8613900000002", "+8613700000003"
ORDER = ("p-asserted-identity", "remote-party-id", "from")


def caller(order: tuple[str, ...] = ORDER, **fields: str) -> str:
    values = {name.replace("_", "-").rstrip("-"): [it] for name, it in fields.items()}
    return caller_of(Request("INVITE", "sip:x@y", values, b""), order, CHINA)


def test_the_first_header_with_a_number_says_who_calls() -> None:
    pai, rpid, from_ = f"<sip:{A}@h>", f"<sip:{B}@h>", f"<sip:{C}@h>;tag=1"
    all_three = {"p_asserted_identity": pai, "remote_party_id": rpid, "from_": from_}
    assert caller(ORDER, **all_three) == A
    assert caller(("from",), **all_three) == C
    assert caller(("remote-party-id", "from"), **all_three) == B
    assert caller(remote_party_id=rpid, from_=from_) == B
    assert caller(from_=from_) == C
    assert caller() == ""


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (f"<sip:{A}@h;user=phone>", A),
        (f'"Li Lei" <sip:{A}@h>', A),
        (f"Li <sip:{A}@h>;tag=x", A),
        (f"sip:{A}@h;tag=x", A),
        ("<tel:+86-138-0000-0001>", A),
        ("<sip:013800000001@h>", A),
        (f"<sip:anonymous@anonymous.invalid>, <tel:{A}>", A),
        ("<sip:anonymous@anonymous.invalid>", ""),
        ("<sip:h>", ""),
        ('"broken <sip:', ""),
        (f'<sip:{A}@h>, "unclosed', ""),
    ],
)
def test_every_way_to_write_it(value: str, number: str) -> None:
    assert caller(p_asserted_identity=value) == number


def test_a_list_that_cannot_be_split_leaves_it_to_the_next_header() -> None:
    assert caller(p_asserted_identity=f'<sip:{A}@h>, "', from_=f"<sip:{C}@h>") == C


def test_a_display_name_is_not_believed() -> None:
    assert caller(from_=f'"<sip:{B}@h>" <sip:{A}@h>') == A
    assert caller(from_=f'"\\"<sip:{B}@h>" <sip:anonymous@h>') == ""


def test_what_is_shown() -> None:
    profile = Profile(NumberForm.DIGITS, remote_party=True, diversion=True)
    shown = profile.from_value(A, "10.0.0.1")
    assert shown == "<sip:8613800000001@10.0.0.1>"
    assert profile.lines(shown, B, "10.0.0.1").splitlines() == [
        f"P-Asserted-Identity: {shown}",
        f"Remote-Party-ID: {shown};party=calling;screen=yes",
        "Diversion: <sip:8613900000002@10.0.0.1>;reason=unconditional",
    ]
    assert Profile(asserted=False).lines(shown, B, "h") == ""
