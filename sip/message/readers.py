"""How each typed value of a message is read from its header fields.

A reader is called once per message and value; what it returns is kept by the message.
It raises `PeerMistake` when the text is bad, or absent and mandatory.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from sip.errors import PeerMistake
from sip.message.address import Address
from sip.message.grammar import WHITESPACE, number, split_list
from sip.message.limits import MAX_FORWARDS, MAX_RSEQ
from sip.message.names import canonical
from sip.message.params import parse_params
from sip.message.values import CSeq, RAck, SessionExpires, Via, parse_seconds

if TYPE_CHECKING:
    from sip.message.message import Message

T = TypeVar("T")
_NOTHING: Final[frozenset[str]] = frozenset()


def not_valid(name: str) -> PeerMistake:
    """Return the mistake of a header `name` (lower case) that cannot be read."""
    return PeerMistake(400, f"{canonical(name)} is not valid")


def _mandatory(message: Message, name: str) -> str:
    values = message.fields.get(name)
    if values is None:
        raise PeerMistake(400, f"Missing {canonical(name)} header")
    return values[0]


def _optional(message: Message, name: str, parse: Callable[[str], T], default: T) -> T:
    values = message.fields.get(name)
    if values is None:
        return default
    try:
        return parse(values[0])
    except ValueError:
        raise not_valid(name) from None


def via_of(text: str) -> Via:
    """Read the first value of a Via line; raise `PeerMistake`."""
    try:
        if "," in text:
            text = (split_list(text) or [""])[0]
        return Via.parse(text)
    except ValueError:
        raise not_valid("via") from None


@lru_cache(maxsize=512)
def cseq_of(text: str) -> CSeq:
    """Read a CSeq value; raise `PeerMistake`.

    Remembered, like other values that nearly all messages share: a value is frozen, and
    depends on nothing but its text.
    """
    try:
        return CSeq.parse(text)
    except ValueError:
        raise not_valid("cseq") from None


def call_id_of(text: str) -> str:
    """Accept a Call-ID: one word, compared byte by byte (RFC 3261 section 20.8)."""
    if not text or " " in text or "\t" in text:
        raise not_valid("call-id")
    return text


def tag_of(name: str, text: str) -> str:
    """Find the tag in a From or To value without reading the rest, "" if none.

    Whatever is unusual is read in full, so that both ways agree; raise `PeerMistake`.
    """
    tail = text[text.rfind(">") + 1 :]
    if not tail:
        return ""
    start = tail.find(";tag=") + 5
    if (
        start >= 5
        and tail.find("tag", start) < 0
        and not (" " in tail or '"' in tail or "," in tail or "<" in tail)
        and not ("\t" in tail or "@" in tail)
    ):
        end = tail.find(";", start)
        return tail[start:] if end < 0 else tail[start:end]
    try:
        return Address.parse(text).tag
    except ValueError:
        raise not_valid(name) from None


def read_via(message: Message) -> Via:
    """Read the topmost Via."""
    return via_of(_mandatory(message, "via"))


def read_branch(message: Message) -> str:
    """Read the branch of the topmost Via, without the rest where that is usual."""
    text = _mandatory(message, "via")
    start = text.find(";branch=") + 8
    if start >= 8 and not ('"' in text or "," in text or " " in text[start:]):
        end = text.find(";", start)
        return text[start:] if end < 0 else text[start:end]
    return message.via.branch


def read_cseq(message: Message) -> CSeq:
    """Read CSeq."""
    return cseq_of(_mandatory(message, "cseq"))


def read_call_id(message: Message) -> str:
    """Read Call-ID."""
    return call_id_of(_mandatory(message, "call-id"))


def read_from_tag(message: Message) -> str:
    """Read the tag of From, "" when there is none."""
    return tag_of("from", _mandatory(message, "from"))


def read_to_tag(message: Message) -> str:
    """Read the tag of To, "" when there is none."""
    return tag_of("to", _mandatory(message, "to"))


def read_from(message: Message) -> Address:
    """Read From."""
    return _read_address(message, "from")


def read_to(message: Message) -> Address:
    """Read To."""
    return _read_address(message, "to")


def _read_address(message: Message, name: str) -> Address:
    try:
        return Address.parse(_mandatory(message, name))
    except ValueError:
        raise not_valid(name) from None


def read_contacts(message: Message) -> list[Address]:
    """Read every Contact; the asterisk of REGISTER is no address and left out."""
    try:
        return [Address.parse(text) for text in message.all("contact") if text != "*"]
    except ValueError:
        raise not_valid("contact") from None


def read_contact(message: Message) -> Address | None:
    """Read the first Contact."""
    values = message.fields.get("contact")
    if values is None:
        return None
    text = values[0]
    if len(values) == 1 and "," not in text and text != "*":
        try:
            return Address.parse(text)
        except ValueError:
            raise not_valid("contact") from None
    contacts = message.contacts
    return contacts[0] if contacts else None


def read_routes(message: Message) -> list[str]:
    """Read the Route values, in order, as they were sent."""
    return message.all("route")


def read_record_routes(message: Message) -> list[str]:
    """Read the Record-Route values, in order, as they were sent."""
    return message.all("record-route")


def read_max_forwards(message: Message) -> int | None:
    """Read Max-Forwards; a number beyond 255 counts as 255 (RFC 3261 20.22)."""
    values = message.fields.get("max-forwards")
    if values is None:
        return None
    text = values[0]
    if len(text) < 3 and text.isdecimal() and text.isascii():
        return int(text)
    try:
        return min(number(text, 2**32), MAX_FORWARDS)
    except ValueError:
        raise not_valid("max-forwards") from None


def read_content_type(message: Message) -> str:
    """Read the media type in lower case, without parameters; "" when absent."""
    return _optional(message, "content-type", _parse_media_type, "")


@lru_cache(maxsize=512)
def _parse_media_type(text: str) -> str:
    media_type = text.partition(";")[0].strip(WHITESPACE).lower()
    kind, slash, subtype = media_type.partition("/")
    if not kind.strip(WHITESPACE) or not slash or not subtype.strip(WHITESPACE):
        raise ValueError("Content-Type is not valid")
    return f"{kind.rstrip(WHITESPACE)}/{subtype.lstrip(WHITESPACE)}"


def read_expires(message: Message) -> int | None:
    """Read Expires; a malformed value counts as absent (RFC 3261 section 20.19)."""
    try:
        return _optional(message, "expires", parse_seconds, None)
    except PeerMistake:
        return None


def read_supported(message: Message) -> frozenset[str]:
    """Read the option tags of Supported, in lower case."""
    return _read_set(message, "supported", _split_tags)


def read_require(message: Message) -> frozenset[str]:
    """Read the option tags of Require, in lower case."""
    return _read_set(message, "require", _split_tags)


def read_allow(message: Message) -> frozenset[str]:
    """Read the methods of Allow, as they are: methods are case-sensitive."""
    return _read_set(message, "allow", _split_methods)


def _read_set(
    message: Message, name: str, split: Callable[[str], frozenset[str]]
) -> frozenset[str]:
    values = message.fields.get(name)
    if values is None:
        return _NOTHING
    try:
        return split(values[0] if len(values) == 1 else ",".join(values))
    except ValueError:
        raise not_valid(name) from None


@lru_cache(maxsize=512)
def _split_methods(text: str) -> frozenset[str]:
    return frozenset(split_list(text))


@lru_cache(maxsize=512)
def _split_tags(text: str) -> frozenset[str]:
    return frozenset(split_list(text.lower()))


def read_rseq(message: Message) -> int | None:
    """Read RSeq (RFC 3262 section 7.1)."""
    return _optional(message, "rseq", _parse_rseq, None)


def _parse_rseq(text: str) -> int:
    return number(text, MAX_RSEQ)


def read_rack(message: Message) -> RAck | None:
    """Read RAck (RFC 3262 section 7.2)."""
    return _optional(message, "rack", RAck.parse, None)


def read_session_expires(message: Message) -> SessionExpires | None:
    """Read Session-Expires (RFC 4028 section 4)."""
    return _optional(message, "session-expires", SessionExpires.parse, None)


def read_min_se(message: Message) -> int | None:
    """Read Min-SE in seconds (RFC 4028 section 5)."""
    return _optional(message, "min-se", parse_seconds, None)


def read_retry_after(message: Message) -> int | None:
    """Read Retry-After in seconds; a malformed value counts as absent."""
    try:
        return _optional(message, "retry-after", parse_seconds, None)
    except PeerMistake:
        return None


def read_q850(message: Message) -> int | None:
    """Read the Q.850 cause of Reason; None when there is none (RFC 3326)."""
    if "reason" not in message.fields:
        return None
    for text in message.all("reason"):
        protocol, _, tail = text.partition(";")
        if protocol.strip(WHITESPACE).upper() == "Q.850":
            try:
                return number(parse_params(tail).get("cause", ""), 127)
            except ValueError:
                continue
    return None


READERS: Final[dict[str, Callable[[Message], object]]] = {
    "via": read_via,
    "branch": read_branch,
    "cseq": read_cseq,
    "call_id": read_call_id,
    "from_": read_from,
    "to": read_to,
    "from_tag": read_from_tag,
    "to_tag": read_to_tag,
    "contacts": read_contacts,
    "contact": read_contact,
    "routes": read_routes,
    "record_routes": read_record_routes,
    "max_forwards": read_max_forwards,
    "content_type": read_content_type,
    "expires": read_expires,
    "supported": read_supported,
    "require": read_require,
    "allow": read_allow,
    "rseq": read_rseq,
    "rack": read_rack,
    "session_expires": read_session_expires,
    "min_se": read_min_se,
    "retry_after": read_retry_after,
    "q850": read_q850,
}
"""Attribute of a message to the reader that fills it."""
