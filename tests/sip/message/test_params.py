"""Parameters of headers and URIs (RFC 3261 section 7.3.1)."""

from __future__ import annotations

import time

import pytest

from sip.message.params import NO_PARAMS, format_params, parse_params, unquote


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("a=1;b", {"a": "1", "b": ""}),
        ("Tag=AbC", {"tag": "AbC"}),
        ('x="a;b,c";y', {"x": '"a;b,c"', "y": ""}),
        (" tag  =  98asjd8 ", {"tag": "98asjd8"}),
        (
            "newparam = newvalue ; secondparam ; q = 0.33",
            {"newparam": "newvalue", "secondparam": "", "q": "0.33"},
        ),
        (r'x="\"" ;z', {"x": r'"\""', "z": ""}),
        ('+sip.instance="<urn:uuid:1>"', {"+sip.instance": '"<urn:uuid:1>"'}),
        ("received=[2001:db8::1]", {"received": "[2001:db8::1]"}),
        ("a=b=c", {"a": "b=c"}),
        ("a =", {"a": ""}),
    ],
)
def test_parse(text: str, params: dict[str, str]) -> None:
    assert parse_params(text) == params


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "a;",
        "a;;b",
        "=1",
        "a;a",
        "a;A=2",
        "a ;A",
        "a b",
        'x="a',
        "a=1,b",
        "a=<",
        "a=b@c",
        " ",
        "a= b c",
        "a;b ;",
        'x="1"y',
    ],
)
def test_empty_repeated_or_malformed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="parameters"):
        parse_params(text)


def test_format_gives_back_what_was_parsed() -> None:
    assert format_params(parse_params('a=1;b;c="x y"')) == ';a=1;b;c="x y"'
    assert format_params(NO_PARAMS) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('"a b"', "a b"),
        (r'"a\"b\\"', 'a"b\\'),
        (" token ", "token"),
        ('"', '"'),
        ("", ""),
    ],
)
def test_unquote(value: str, text: str) -> None:
    assert unquote(value) == text


@pytest.mark.parametrize(
    "text",
    ['a="' + '\\"' * 8000, "a " * 8000, 'a="";' * 3000, " " * 16000, ";" * 16000],
)
def test_parsing_is_linear(text: str) -> None:
    started_at = time.perf_counter()
    with pytest.raises(ValueError, match="parameters"):
        parse_params(text)
    assert time.perf_counter() - started_at < 0.05
