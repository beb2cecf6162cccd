"""Requests and responses: header fields as text, typed when asked (RFC 3261 section 7).

A typed value is read at its first use and then kept in its slot: reading an attribute
whose slot is empty is what calls `__getattr__`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sip.message.address import Address
from sip.message.grammar import split_list
from sip.message.names import LISTS, canonical
from sip.message.readers import READERS, not_valid
from sip.message.values import CSeq, RAck, SessionExpires, Via

Fields = dict[str, list[str]]


class Message:
    """What requests and responses share.

    Reading a typed attribute raises `PeerMistake` (400) when the header is malformed,
    or absent though RFC 3261 section 8.1.1 makes it mandatory.
    """

    __slots__ = ("body", "fields", *READERS)

    fields: Fields
    """Lower-case long name to values, unfolded and trimmed, in order of arrival."""
    body: bytes
    via: Via
    """The topmost Via."""
    branch: str
    """Its branch; of a response this is all that is read of it."""
    cseq: CSeq
    call_id: str
    from_: Address
    to: Address
    from_tag: str
    """Tag of From in its own case, "" when there is none."""
    to_tag: str
    """Tag of To in its own case, "" when there is none."""
    contacts: list[Address]
    contact: Address | None
    """The first Contact."""
    routes: list[str]
    record_routes: list[str]
    """Values in order of arrival, as they were sent."""
    max_forwards: int | None
    content_type: str
    """Lower case, without parameters; "" when absent."""
    expires: int | None
    supported: frozenset[str]
    require: frozenset[str]
    """Option tags in lower case."""
    allow: frozenset[str]
    rseq: int | None
    rack: RAck | None
    session_expires: SessionExpires | None
    min_se: int | None
    """Seconds."""
    retry_after: int | None
    """Seconds."""
    q850: int | None
    """The Q.850 cause of a Reason header."""

    if not TYPE_CHECKING:  # pragma: no branch

        def __getattr__(self, name: str) -> object:
            """Read the value of an empty slot and keep it there."""
            reader = READERS.get(name)
            if reader is None:
                raise AttributeError(name)
            value = reader(self)
            setattr(self, name, value)
            return value

    def first(self, name: str) -> str | None:
        """Return the first value of `name`, a lower-case long name."""
        values = self.fields.get(name)
        return values[0] if values is not None else None

    def all(self, name: str) -> list[str]:
        """Return the values of `name`, comma lists split; raise `PeerMistake`."""
        values = self.fields.get(name)
        if values is None:
            return []
        if name not in LISTS:
            return values
        try:
            return [part for value in values for part in split_list(value)]
        except ValueError:
            raise not_valid(name) from None

    def _render(self, start: str) -> bytes:
        lines = [start]
        for name, values in self.fields.items():
            if name != "content-length":
                spelling = canonical(name)
                lines += [f"{spelling}: {value}" for value in values]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        head = "\r\n".join(lines)
        return head.encode("utf-8", "surrogateescape") + self.body


class Request(Message):
    """A request. `uri` is the Request-URI exactly as it was sent."""

    __slots__ = ("echo", "method", "takes_tag", "uri")

    def __init__(self, method: str, uri: str, fields: Fields, body: bytes) -> None:
        self.method = method
        self.uri = uri
        self.fields = fields
        self.body = body
        # What every response copies, and whether To takes a tag: both are set by
        # `sip.message.render` when the first response is made.
        self.echo = ""
        self.takes_tag = False

    def render(self) -> bytes:
        """Return the wire form, Content-Length counted anew."""
        return self._render(f"{self.method} {self.uri} SIP/2.0")

    def replace_via(self, text: str) -> None:
        """Put `text` in the place of the topmost Via (RFC 3261 section 18.2.1)."""
        values = self.fields["via"]
        rest = split_list(values[0])[1:] if "," in values[0] else []
        values[0] = ", ".join([text, *rest])
        self.echo = ""
        with suppress(AttributeError):
            del self.via

    def __repr__(self) -> str:
        """Return the start line: a whole message may hold credentials."""
        return f"<{self.method} {self.uri}>"


class Response(Message):
    """A response. `reason` is the phrase as it was sent."""

    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str, fields: Fields, body: bytes) -> None:
        self.status = status
        self.reason = reason
        self.fields = fields
        self.body = body

    def render(self) -> bytes:
        """Return the wire form, Content-Length counted anew."""
        return self._render(f"SIP/2.0 {self.status} {self.reason}")

    def __repr__(self) -> str:
        """Return the start line."""
        return f"<{self.status} {self.reason}>"
