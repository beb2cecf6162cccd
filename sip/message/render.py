"""From values to bytes: responses that copy what a request said, requests from parts.

RFC 3261 section 8.2.6.2: From, Call-ID, CSeq and Via are copied and To gets a tag.
"""

from __future__ import annotations

from sip.errors import PeerMistake
from sip.message.message import Request
from sip.message.names import reason_of

_COPIED = (
    ("from", "From"),
    ("call-id", "Call-ID"),
    ("cseq", "CSeq"),
    ("to", "To"),
)


def render_response(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str = "",
    headers: str = "",
    body: bytes = b"",
) -> bytes:
    """Return the response to `request` as bytes for the wire.

    `headers` are complete lines, each with its CRLF, a Content-Type among them when
    there is a body. Record-Route is copied into 101-299 (section 12.1.1), Timestamp
    into 100. Of a request that lacks mandatory headers, what is there is copied.
    """
    if reason is None:
        reason = reason_of(status)
    echo = request.echo or _make_echo(request)
    tag = f";tag={to_tag}" if to_tag and request.takes_tag else ""
    extra = ""
    if status < 300:
        fields = request.fields
        if status == 100:
            if "timestamp" in fields:
                extra = f"Timestamp: {fields['timestamp'][0]}\r\n"
        elif "record-route" in fields:
            extra = "".join(
                f"Record-Route: {value}\r\n" for value in fields["record-route"]
            )
    head = (
        f"SIP/2.0 {status} {reason}{echo}{tag}\r\n"
        f"{extra}{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("utf-8", "surrogateescape") + body


def render_request(method: str, uri: str, headers: str, body: bytes = b"") -> bytes:
    """Return a request; `headers` are complete lines, Content-Length is added."""
    head = f"{method} {uri} SIP/2.0\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return head.encode("utf-8", "surrogateescape") + body


def _make_echo(request: Request) -> str:
    """Gather the copied lines, To last, so that a tag can follow what is returned."""
    fields = request.fields
    parts = [f"\r\nVia: {value}" for value in fields.get("via", ())]
    parts += [
        f"\r\n{spelling}: {fields[name][0]}"
        for name, spelling in _COPIED
        if name in fields
    ]
    request.echo = "".join(parts)
    request.takes_tag = "to" in fields and not _has_tag(request)
    return request.echo


def _has_tag(request: Request) -> bool:
    try:
        return request.to_tag != ""
    except PeerMistake:
        # Answering a To that cannot be read: at least no second tag is put there.
        return "tag" in request.fields["to"][0].lower()
