"""What tells one transaction from another (RFC 3261 sections 8.2.2.2, 17.1.3, 17.2.3).

The values are compared as the peer wrote them: a repeat, an ACK and a CANCEL carry the
very Via of their request (sections 9.1, 17.1.1.3).
"""

from __future__ import annotations

from sip.message.message import Request, Response
from sip.tokens import MAGIC_COOKIE

ClientKey = tuple[str, str]
ServerKey = tuple[str | int | None, ...]
MergedKey = tuple[str, str, int, str]


def client_key(response: Response) -> ClientKey:
    """Return branch and CSeq method: CANCEL shares the branch of its INVITE."""
    return response.branch, response.cseq.method


def server_key(request: Request, method: str) -> ServerKey:
    """Return the key of the transaction of `method` that `request` belongs to.

    `method` is the request's own, except that ACK belongs to an INVITE, and that
    CANCEL, looked up as INVITE, finds what it is to cancel (section 9.2).
    """
    via = request.via
    branch = via.branch
    if branch.startswith(MAGIC_COOKIE):
        return branch, via.host, via.port, method
    # RFC 2543 knew no unique branch. The To tag is left out for INVITE: its ACK carries
    # the tag of our response, and one INVITE gets one tag from us.
    to_tag = "" if method == "INVITE" else request.to_tag
    number = request.cseq.number
    sent_by = (via.host, via.port)
    identity = (request.uri, request.from_tag, to_tag, request.call_id, number)
    return (branch, *sent_by, method, *identity)


def merged_key(request: Request) -> MergedKey:
    """Return what a request shares with itself arriving over another path."""
    cseq = request.cseq
    return request.call_id, request.from_tag, cseq.number, cseq.method
