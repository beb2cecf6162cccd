"""From, To, Contact: name-addr and addr-spec (RFC 3261 section 20.10)."""

from __future__ import annotations

import time

import pytest

from sip.message.address import Address
from sip.message.uri import Uri


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("<sip:a@b>", Address("", "sip:a@b")),
        ("<sip:a@b>;tag=X", Address("", "sip:a@b", {"tag": "X"})),
        ("sip:a@b;tag=X", Address("", "sip:a@b", {"tag": "X"})),
        ("sip:a@b", Address("", "sip:a@b")),
        ("sip:a@b ;   tag    = 19", Address("", "sip:a@b", {"tag": "19"})),
        ('"Bob" <sip:a@b>', Address("Bob", "sip:a@b")),
        (
            '"A, <B>; \\"C\\"" <sip:a@b>;q=1',
            Address('A, <B>; "C"', "sip:a@b", {"q": "1"}),
        ),
        ("caller<sip:a@b>", Address("caller", "sip:a@b")),
        ("A. Bell  <sip:a@b> ; x", Address("A. Bell", "sip:a@b", {"x": ""})),
        ("张三 <sip:a@b>", Address("张三", "sip:a@b")),
        ("<sip:a@b;lr?x=y>", Address("", "sip:a@b;lr?x=y")),
        ("<tel:+1>;tag=a", Address("", "tel:+1", {"tag": "a"})),
        (
            '<sip:a@b>;x=">;tag=n";tag=y',
            Address("", "sip:a@b", {"x": '">;tag=n"', "tag": "y"}),
        ),
        ('sip:a@b;x="<y>"', Address("", "sip:a@b", {"x": '"<y>"'})),
    ],
)
def test_parse(text: str, address: Address) -> None:
    assert Address.parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "a",
        "<>",
        "<a>",
        "<sip:a@b",
        "sip:a@b>",
        "< sip:a@b >",
        "<sip:a@b> x",
        "<sip:a@b>;",
        "<sip:a@b>;tag=1;tag=2",
        "<sip:a@b>,<sip:c@d>",
        "sip:a@b?x=y",
        "sip:a@b,c",
        "sip:a b",
        '"Mr. J. User <sip:a@b>',
        '"a" sip:a@b',
        '"a" "b" <sip:a@b>',
        "Bell, Alexander <sip:a@b>",
        "a;b <sip:a@b>",
        "sip:a;tag=evil@b;tag=real",
        'a"b <sip:a@b>',
        '<sip:"a"@b>',
        "<sip:<a>@b>",
        "sip:a@b;tag=a@c",
    ],
)
def test_malformed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="valid"):
        Address.parse(text)


def test_rfc3261_20_10_bare_parameters_belong_to_the_header() -> None:
    assert Address.parse("sip:a@b;unknownparam").params == {"unknownparam": ""}
    assert Address.parse("<sip:a@b;unknownparam>").uri.params == {"unknownparam": ""}


def test_tag_keeps_its_case_and_uri_is_read_once() -> None:
    address = Address.parse("<sip:a@b>;TAG=AbC")
    assert address.tag == "AbC"
    assert address.uri == Uri("sip", "a", host="b")
    assert address.uri is address.uri
    assert Address.parse("<sip:a@b>").tag == ""


def test_bad_uri_is_told_when_asked_for() -> None:
    with pytest.raises(ValueError, match="number"):
        _ = Address.parse("<sip:a@b:x>").uri


@pytest.mark.parametrize(
    "text", ["<sip:a@b>", "<sip:a@b>;tag=1;lr", '"A \\"B\\" \\\\" <sip:a@b>']
)
def test_wire_form(text: str) -> None:
    assert str(Address.parse(text)) == text
    assert repr(Address.parse(text)) == f"Address({text!r})"


def test_equality_is_by_what_was_sent() -> None:
    assert Address("", "sip:a@b") != Address("", "sip:A@b")
    assert Address("", "sip:a@b") != "sip:a@b"


@pytest.mark.parametrize(
    "text",
    [
        '"' + '\\"' * 8000,
        '"' * 16000,
        "<" * 16000,
        "a " * 8000 + ";",
        "<sip:a" + ";a" * 8000,
    ],
)
def test_parsing_is_linear(text: str) -> None:
    started_at = time.perf_counter()
    with pytest.raises(ValueError, match="valid"):
        Address.parse(text)
    assert time.perf_counter() - started_at < 0.05
