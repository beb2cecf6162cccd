"""What a message must hold before anybody acts on it (RFC 3261 sections 8.1.1, 8.2).

The parser reads any headers; these functions say whether the mandatory ones are there.
"""

from __future__ import annotations

import re
from typing import Final

from sip.errors import PeerMistake
from sip.message.grammar import QUOTED, TOKEN, is_token, split_list
from sip.message.limits import MAX_VIAS
from sip.message.message import Message, Request, Response
from sip.message.names import METHODS, canonical
from sip.message.readers import (
    call_id_of,
    cseq_of,
    not_valid,
    read_branch,
    read_max_forwards,
    tag_of,
    via_of,
)
from sip.message.uri import Uri, is_plain_address, is_uri
from sip.tokens import MAGIC_COOKIE

_CREDENTIAL = re.compile(rf'{TOKEN}[ \t]*=[ \t]*(?:{QUOTED}|[^\s",]+)')
_MANDATORY: Final = ("from", "to", "call-id", "cseq", "via")


def check(request: Request) -> None:
    """Refuse a request that lacks or repeats a mandatory header or contradicts itself.

    Raise `PeerMistake` carrying the request: 400, or 501 when the method is unknown and
    CSeq names another (RFC 4475 section 3.1.2.18).
    """
    try:
        _check_common(request)
        fields = request.fields
        request.via = via_of(fields["via"][0])
        request.call_id = call_id_of(fields["call-id"][0])
        request.from_tag = tag_of("from", fields["from"][0])
        request.to_tag = tag_of("to", fields["to"][0])
        via = request.via
        # RFC 4475 section 3.2.1: the cookie alone identifies nothing.
        if via.branch == MAGIC_COOKIE:
            raise not_valid("via")
        if request.cseq.method != request.method:
            if request.method not in METHODS:
                raise PeerMistake(501, "Not Implemented")
            raise PeerMistake(400, "CSeq method does not match")
        request.max_forwards = read_max_forwards(request)
    except PeerMistake as mistake:
        mistake.request = request
        raise


def check_response(response: Response) -> None:
    """Refuse a response that cannot be matched; raise `PeerMistake`: it is dropped."""
    _check_common(response)
    # Nothing else is looked at: From and Via are ours, a branch of ours says whose.
    response.branch = read_branch(response)
    response.to_tag = tag_of("to", response.fields["to"][0])


def _check_common(message: Message) -> None:
    """Read what every message needs straight into its slots: this runs for each one."""
    fields = message.fields
    try:
        (_,) = fields["from"]
        (_,) = fields["to"]
        (_,) = fields["call-id"]
        (cseq,) = fields["cseq"]
        vias = fields["via"]
    except (KeyError, ValueError):
        raise _miscounted(message) from None
    message.cseq = cseq_of(cseq)
    if (len(vias) > 1 or "," in vias[0]) and len(message.all("via")) > MAX_VIAS:
        raise PeerMistake(400, "Too many Via headers")


def _miscounted(message: Message) -> PeerMistake:
    for name in _MANDATORY:
        if name not in message.fields:
            return PeerMistake(400, f"Missing {canonical(name)} header")
    return PeerMistake(400, "More than one of a single header")


def check_strictly(request: Request) -> None:
    """Refuse what RFC 4475 calls invalid in a request outside any dialog.

    On top of `check`: Request-URI, From with its tag, To, Contact, Content-Type and
    credentials must keep to the grammar. Raise `PeerMistake` carrying the request.
    """
    try:
        _check_request_uri(request.uri)
        _check_address_uris(request)
        if not request.from_tag:
            raise PeerMistake(400, "Missing tag in From")
        kind, _, subtype = request.content_type.partition("/")
        if kind and not (is_token(kind) and is_token(subtype)):
            raise not_valid("content-type")
        for name in ("authorization", "proxy-authorization"):
            if name in request.fields:
                for text in request.all(name):
                    _check_credentials(name, text)
    except PeerMistake as mistake:
        mistake.request = request
        raise


def _check_request_uri(text: str) -> None:
    # Section 19.1.1: headers are not allowed in a Request-URI.
    if not is_uri(text) or ("?" in text and Uri.parse(text).headers):
        raise PeerMistake(400, "Request-URI is not valid")


def _check_address_uris(request: Request) -> None:
    sender, to = request.first("from") or "", request.first("to") or ""
    if not is_plain_address(sender) and not is_uri(request.from_.uri_text):
        raise not_valid("from")
    if not is_plain_address(to) and not is_uri(request.to.uri_text):
        raise not_valid("to")
    contacts = request.fields.get("contact")
    if contacts is None or (len(contacts) == 1 and is_plain_address(contacts[0])):
        return
    for contact in request.contacts:
        if not is_uri(contact.uri_text):
            raise not_valid("contact")


def _check_credentials(name: str, text: str) -> None:
    scheme, _, parameters = text.partition(" ")
    try:
        pairs = split_list(parameters)
    except ValueError:
        raise not_valid(name) from None
    if not is_token(scheme) or not pairs:
        raise not_valid(name)
    if any(_CREDENTIAL.fullmatch(pair) is None for pair in pairs):
        raise not_valid(name)
