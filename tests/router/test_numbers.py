"""Numbers: every spelling read into one, masked for logs, checked in cold paths.

Covers RFC 3966 sections 3 and 5.1 as far as carriers use them, and the traps of
Python's own idea of a digit.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from router.numbers import (
    CHINA,
    NumberForm,
    NumberRules,
    check_party,
    check_x_number,
    from_uri,
    mask,
    normalise,
    spellings,
    write,
)

MOBILE = "+8613800000001"
FIXED = "+8675528001234"
BEIJING = "+861028001234"
LONG_X = "+86700123456789012"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+8613800000001", MOBILE),
        ("8613800000001", MOBILE),
        ("008613800000001", MOBILE),
        ("013800000001", MOBILE),
        ("13800000001", MOBILE),
        ("+86 138-0000-0001", MOBILE),
        ("(0755) 2800.1234", FIXED),
        ("%2B8613800000001", MOBILE),
        ("+8613800000001;ext=0001", MOBILE),
        ("+8613800000001,0001", MOBILE),
        ("075528001234", FIXED),
        ("+8675528001234", FIXED),
        ("8675528001234", FIXED),
        ("01028001234", BEIJING),
        ("861028001234", BEIJING),
        ("700123456789012", LONG_X),
        ("+86700123456789012", LONG_X),
        ("86700123456789012", LONG_X),
        ("0700123456789012", LONG_X),
        ("0085212345678", "+85212345678"),
        ("+85212345678", "+85212345678"),
        ("95588", "95588"),
        ("+8695588", "95588"),
        ("8695588", "95588"),
        ("9510211", "9510211"),
        ("10086", "10086"),
        ("110", "110"),
        ("4001234567", "4001234567"),
        ("+864001234567", "4001234567"),
        ("864001234567", "4001234567"),
        ("8001234567", "8001234567"),
    ],
)
def test_every_spelling_is_read_into_one(text: str, number: str) -> None:
    assert normalise(text) == number
    assert normalise(number) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "0",
        "00",
        "86",
        "anonymous",
        "alice",
        "+86138000x0001",
        "+861380000000²",
        "+86138000٠٠٠٠١",
        "1_3_8_0_0_0_0_0_0_0_1",
        "++8613800000001",
        "-13800000001" + "0" * 60,
        "9" * 5000,
        "+" + "9" * 19,
        "+0861380000000",
        "+12345",
        "12800000001",
        "0013",
        "0012345678901234567890",
        "01234",
        "28001234",
        "40012345678",
        "7551234567",
        "%ZZ",
        "\x00",
    ],
)
def test_what_is_no_number_is_the_empty_text(text: str) -> None:
    assert normalise(text) == ""


def test_an_area_code_completes_local_numbers() -> None:
    rules = NumberRules(area="755")
    assert normalise("28001234", rules) == FIXED
    assert normalise("2800123", rules) == "+867552800123"
    assert normalise("280012", rules) == ""
    assert normalise("95588", rules) == "95588"


def test_another_country_reads_its_own_numbers() -> None:
    rules = NumberRules(country="49")
    assert normalise("03012345678", rules) == "+493012345678"
    assert normalise("493012345678", rules) == "+493012345678"
    assert normalise("13800000001", rules) == ""
    assert normalise("49123", rules) == ""


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("sip:+8613800000001@10.0.0.1;user=phone", MOBILE),
        ("SIPS:13800000001@[::1]:5061", MOBILE),
        ("sip:013800000001:secret@10.0.0.1", MOBILE),
        ("sip:+8613800000001;phone-context=+1@10.0.0.1", MOBILE),
        ("tel:+86-138-0000-0001", MOBILE),
        ("tel:13800000001;phone-context=+86", MOBILE),
        ("tel:03012345678;ext=1;phone-context=+49", "+493012345678"),
        ("tel:13800000001;phone-context=example.com", MOBILE),
        ("tel:13800000001;phone-context=+1234", MOBILE),
        ("tel:13800000001;isub=1", MOBILE),
        ("tel:+8613800000001;phone-context=+49", MOBILE),
        ("sip:10.0.0.1", ""),
        ("sip:anonymous@anonymous.invalid", ""),
        ("urn:service:sos", ""),
        ("", ""),
    ],
)
def test_rfc3966_uris(uri: str, number: str) -> None:
    assert from_uri(uri) == number


@pytest.mark.parametrize(
    ("number", "form", "written"),
    [
        (MOBILE, NumberForm.E164, MOBILE),
        (MOBILE, NumberForm.DIGITS, "8613800000001"),
        (MOBILE, NumberForm.NATIONAL, "013800000001"),
        ("+85212345678", NumberForm.NATIONAL, "0085212345678"),
        ("95588", NumberForm.E164, "95588"),
        ("95588", NumberForm.DIGITS, "95588"),
        ("95588", NumberForm.NATIONAL, "95588"),
    ],
)
def test_numbers_are_written_as_the_trunk_wants(
    number: str, form: NumberForm, written: str
) -> None:
    assert write(number, form) == written
    assert normalise(written) == number


mobiles = st.from_regex(r"\+861[3-9][0-9]{9}", fullmatch=True)
fixed = st.from_regex(r"\+86(10|2[0-9]|[3-9][1-9][0-9])[2-8][0-9]{7}", fullmatch=True)


@given(mobiles | fixed)
def test_every_spelling_of_a_number_reads_back(number: str) -> None:
    for spelling in spellings(number):
        if spelling != number.removeprefix("+86") and spelling[0] in "+0%":
            assert normalise(spelling) == number
    assert number in spellings(number)


def test_spellings_hold_every_way_a_number_leaks() -> None:
    assert spellings(MOBILE) >= {
        "+8613800000001",
        "8613800000001",
        "008613800000001",
        "013800000001",
        "13800000001",
        "138-0000-0001",
        "138 0000 0001",
        "%2B8613800000001",
    }
    assert spellings(FIXED) >= {"0" + "75528001234", "755-28001234", "755 2800 1234"}
    assert "10-28001234" in spellings(BEIJING)
    assert spellings("95588") == {"95588"}
    assert "+85212345678" in spellings("+85212345678")


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        (MOBILE, "+86138****0001"),
        (FIXED, "+86755****1234"),
        (LONG_X, "+867001234****9012"),
        ("4001234567", "40****67"),
        ("95588", "****"),
        ("", "(none)"),
    ],
)
def test_logs_see_masked_numbers(number: str, masked: str) -> None:
    assert mask(number) == masked


@given(st.text(max_size=80))
def test_any_text_is_a_number_or_empty(text: str) -> None:
    number = normalise(text)
    assert number == "" or normalise(number) == number
    assert number.removeprefix("+").isdigit() or not number
    assert number.isascii()


@pytest.mark.parametrize("text", [MOBILE, FIXED, LONG_X, "+85221234567"])
def test_a_whole_number_may_be_an_x_number(text: str) -> None:
    assert check_x_number(text) == text


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("95588", "short code"),
        ("13800000001", 'write "+86138****0001"'),
        ("+86138000000", "does not have the digits"),
        ("+9991234567", "does not have the digits"),
        ("nonsense", "'nonsense' is no telephone number"),
    ],
)
def test_a_wrong_x_number_is_told_what_would_be_right(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=re.escape(part)):
        check_x_number(text)


def test_mistakes_do_not_show_whole_numbers() -> None:
    with pytest.raises(ValueError, match="138") as caught:
        check_party("13800000001")
    assert "13800000001" not in str(caught.value)


def test_a_party_may_be_a_short_code() -> None:
    assert check_party("95588") == "95588"
    assert check_party("4001234567") == "4001234567"


def test_the_usual_rules_are_those_of_china() -> None:
    assert NumberRules() == CHINA
