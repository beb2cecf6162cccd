"""Answering a challenge to a request of ours (RFC 3261 section 22, RFC 8760)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.message.message import Response

if TYPE_CHECKING:
    from sip.dialog.session import Session


def authorization(
    session: Session, response: Response, method: str, uri: str, body: bytes
) -> str:
    """Return the line that answers a 401 or 407, "" when there is nothing to say.

    Without credentials of the session there is nothing (CVE-2021-41158: a 407 from
    just any peer must not draw a digest).
    """
    if session.credentials is None:
        return ""
    proxy = response.status == 407
    value = session.credentials.authorize(
        response.fields.get("proxy-authenticate" if proxy else "www-authenticate", []),
        method,
        uri,
        body,
        session.ground.tokens.token(),
    )
    name = "Proxy-Authorization" if proxy else "Authorization"
    return f"{name}: {value}\r\n" if value else ""
