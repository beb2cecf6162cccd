"""Tokens, hosts, numbers and lists (RFC 3261 section 25.1)."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from sip.message.grammar import is_host, is_token, number, split_list, words


@pytest.mark.parametrize("text", ["INVITE", "a-.!%*_+`'~9"])
def test_rfc3261_25_1_token(text: str) -> None:
    assert is_token(text)


@pytest.mark.parametrize("text", ["", "a b", "a\x00", "a\n", "é", "a;b", '"a"'])
def test_rfc3261_25_1_not_a_token(text: str) -> None:
    assert not is_token(text)


@pytest.mark.parametrize(
    "text", ["a", "a.example.com.", "192.0.2.1", "[2001:db8::1]", "my_host", "a-b"]
)
def test_host(text: str) -> None:
    assert is_host(text)


@pytest.mark.parametrize(
    "text", ["", "-a", "a-", "2001:db8::1", "[g]", "[]", "a b", "a\n", "é.example"]
)
def test_not_a_host(text: str) -> None:
    assert not is_host(text)


def test_number_reads_digits_and_leading_zeros() -> None:
    assert number("0", 9) == 0
    assert number("0068", 255) == 68
    assert number("0" * 5000 + "7", 9) == 7
    assert number("0" * 20, 9) == 0


@pytest.mark.parametrize(
    "text",
    ["", "1_0", "+1", "-1", " 1", "1 ", "\u00b2", "\u0661", "1.0", "0x1", "1\n"],
)
def test_number_refuses_what_int_would_take(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        number(text, 99)


@pytest.mark.parametrize("text", ["256", "9" * 10, "9" * 11, "9" * 5000])
def test_number_refuses_more_than_the_most(text: str) -> None:
    with pytest.raises(ValueError, match="too large"):
        number(text, 255)


def test_words_split_at_blanks_only() -> None:
    assert words(" 1\t INVITE  ") == ["1", "INVITE"]
    assert words("1\u00a0INVITE\x1c") == ["1\u00a0INVITE\x1c"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("a", ["a"]),
        ("a, b ,c", ["a", "b", "c"]),
        ("a,,b,", ["a", "b"]),
        ('"a,b" <sip:x>, <sip:y,z>', ['"a,b" <sip:x>', "<sip:y,z>"]),
        (r'"\",", b', [r'"\","', "b"]),
        ('"', ['"']),
    ],
)
def test_rfc3261_7_3_1_commas_in_quotes_and_brackets_do_not_split(
    text: str, parts: list[str]
) -> None:
    assert split_list(text) == parts


@pytest.mark.parametrize("text", ['"a,b', "<sip:a,b", '"a\\",b'])
def test_open_quote_or_bracket_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unbalanced"):
        split_list(text)


@pytest.mark.parametrize(
    "text", ['",' + '\\"' * 8000, "<," + "<" * 16000, '"",' * 5000, "a," * 8000]
)
def test_splitting_is_linear(text: str) -> None:
    started_at = time.perf_counter()
    with suppress(ValueError):
        split_list(text)
    assert time.perf_counter() - started_at < 0.05
