"""Parameters: the `;name=value` tail of headers and URIs (RFC 3261 section 7.3.1).

They are held as a mapping of lower-case name to value as sent, quotes included;
"" stands for a parameter without a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sip.message.grammar import QUOTED, TOKEN, WHITESPACE

Params = Mapping[str, str]

NO_PARAMS: Final[Params] = MappingProxyType({})

_PARAM = re.compile(
    rf"[ \t]*({TOKEN})[ \t]*(?:=[ \t]*({QUOTED}|[^\s\";,<>@]*)[ \t]*)?(;|\Z)"
)


def parse_params(text: str) -> Params:
    """Read `a=1;b;c="x;y"`, the text after the first semicolon.

    Raise ValueError on an empty or repeated parameter: "any given parameter-name MUST
    NOT appear more than once" (RFC 3261 section 7.3.1).
    """
    if (
        " " in text
        or '"' in text
        or "," in text
        or "\t" in text
        or "<" in text
        or ">" in text
        or "@" in text
    ):
        return _parse_slowly(text)
    params: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        name = name.lower()
        if not name or name in params:
            raise ValueError("parameters are not valid")
        params[name] = value
    return params


def _parse_slowly(text: str) -> Params:
    params: dict[str, str] = {}
    at = 0
    while True:
        match = _PARAM.match(text, at)
        if match is None:
            raise ValueError("parameters are not valid")
        name = match[1].lower()
        if name in params:
            raise ValueError("parameters are not valid")
        params[name] = match[2] or ""
        if not match[3]:
            return params
        at = match.end()


def format_params(params: Params) -> str:
    """Return the wire form, each parameter with its leading semicolon."""
    if not params:
        return ""
    return "".join(
        f";{name}={value}" if value else f";{name}" for name, value in params.items()
    )


def unquote(value: str) -> str:
    """Return `value` without quotes and backslashes when it is a quoted string."""
    if len(value) >= 2 and value[0] == '"' == value[-1]:
        return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
    return value.strip(WHITESPACE)
