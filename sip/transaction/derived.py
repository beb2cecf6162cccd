"""The two requests made from a sent INVITE: its ACK and its CANCEL.

They are made from the very bytes that were sent, for they must repeat them: RFC 3261
sections 17.1.1.3 (the ACK of a refusal) and 9.1 (CANCEL).
"""

from __future__ import annotations

from sip.errors import OurMistake
from sip.message.message import Request, Response
from sip.message.parser import parse
from sip.message.render import render_request


def ack_for(invite: bytes, response: Response) -> bytes:
    """Render the ACK of `response`, a refusal of the INVITE sent as `invite`.

    "The To header field in the ACK MUST equal the To header field in the response being
    acknowledged". Raises `OurMistake` when `invite` is no request.
    """
    return _derive(invite, "ACK", response.fields["to"][0])


def cancel_for(invite: bytes) -> bytes:
    """Render the CANCEL of the INVITE sent as `invite`.

    Raises `OurMistake` when `invite` is no request.
    """
    return _derive(invite, "CANCEL", "")


def _derive(sent: bytes, method: str, to: str) -> bytes:
    invite = parse(sent)
    if not isinstance(invite, Request):
        raise OurMistake("a response cannot be acknowledged or cancelled")
    # "The ACK MUST contain a single Via header field, and this MUST be equal to the top
    # Via header field of the original request."
    lines = [
        f"Via: {invite.all('via')[0]}",
        "Max-Forwards: 70",
        f"From: {invite.fields['from'][0]}",
        f"To: {to or invite.fields['to'][0]}",
        f"Call-ID: {invite.call_id}",
        f"CSeq: {invite.cseq.number} {method}",
    ]
    lines += [f"Route: {route}" for route in invite.routes]
    return render_request(method, invite.uri, "\r\n".join(lines) + "\r\n")
