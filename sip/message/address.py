"""name-addr and addr-spec: From, To, Contact and the like (RFC 3261 20.10)."""

from __future__ import annotations

import re

from sip.message.grammar import QUOTED, WHITESPACE
from sip.message.params import NO_PARAMS, Params, format_params, parse_params, unquote
from sip.message.uri import Uri

# An unquoted display name is made of tokens; letters beyond ASCII are let through
# because peers send them, separators are not (RFC 4475 section 3.1.2.15).
_DISPLAY_NAME = re.compile(r"[A-Za-z0-9\-.!%*_+`'~ \t\u0080-\U0010ffff]*")
_QUOTED_NAME = re.compile(rf"[ \t]*({QUOTED})[ \t]*")


class Address:
    """A display name, a URI kept as it was sent, and header parameters."""

    __slots__ = ("_uri", "display", "params", "uri_text")

    def __init__(self, display: str, uri_text: str, params: Params = NO_PARAMS) -> None:
        self.display = display
        self.uri_text = uri_text
        self.params = params
        self._uri: Uri | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read one address, the whole of `text`; raise ValueError otherwise."""
        display = ""
        if text[:1] == "<" and text[-1:] == ">":
            uri_text = text[1:-1]
            if _may_be_uri(uri_text):
                return cls("", uri_text)
        if text.startswith('"'):
            match = _QUOTED_NAME.match(text)
            if match is None:
                raise ValueError("address is not valid")
            display = unquote(match[1])
            text = text[match.end() :]
            if not text.startswith("<"):
                raise ValueError("address is not valid")
        opening = text.find("<")
        semicolon = text.find(";")
        if opening < 0 or 0 <= semicolon < opening:
            return cls._parse_bare(text)
        if opening > 0:
            display = text[:opening].strip(WHITESPACE)
            if _DISPLAY_NAME.fullmatch(display) is None:
                raise ValueError("address is not valid")
        closing = text.find(">", opening)
        uri_text = text[opening + 1 : closing]
        tail = text[closing + 1 :].strip(WHITESPACE)
        if closing < 0 or not _may_be_uri(uri_text) or (tail and tail[0] != ";"):
            raise ValueError("address is not valid")
        return cls(display, uri_text, parse_params(tail[1:]) if tail else NO_PARAMS)

    @classmethod
    def _parse_bare(cls, text: str) -> Address:
        # "even if the display-name is empty, the name-addr form MUST be used if the
        # addr-spec contains a comma, semicolon, or question mark" (section 20.10).
        uri_text, semicolon, tail = text.partition(";")
        uri_text = uri_text.strip(WHITESPACE)
        if not _may_be_uri(uri_text) or "?" in uri_text or "," in uri_text:
            raise ValueError("address is not valid")
        return cls("", uri_text, parse_params(tail) if semicolon else NO_PARAMS)

    @property
    def uri(self) -> Uri:
        """The URI by its parts, read when first asked for. Raise ValueError."""
        if self._uri is None:
            self._uri = Uri.parse(self.uri_text)
        return self._uri

    @property
    def tag(self) -> str:
        """The tag parameter, or ""."""
        return self.params.get("tag", "")

    def __str__(self) -> str:
        """Return the wire form, always with angle brackets."""
        tail = f"<{self.uri_text}>{format_params(self.params)}"
        if not self.display:
            return tail
        escaped = self.display.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" {tail}'

    def __eq__(self, other: object) -> bool:
        """Compare by display name, URI text and parameters as they were sent."""
        if not isinstance(other, Address):
            return NotImplemented
        return (self.display, self.uri_text, self.params) == (
            other.display,
            other.uri_text,
            other.params,
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the wire form between angle brackets, for test failures."""
        return f"Address({str(self)!r})"


def _may_be_uri(text: str) -> bool:
    return ":" in text and not (
        " " in text or "\t" in text or '"' in text or "<" in text or ">" in text
    )
