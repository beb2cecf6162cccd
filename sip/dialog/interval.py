"""How long a session may go unrefreshed, and who refreshes it (RFC 4028)."""

from __future__ import annotations

from typing import NamedTuple

from sip.dialog.settings import CoreSettings
from sip.errors import PeerMistake
from sip.message.message import Request, Response


class Interval(NamedTuple):
    """A session interval both sides agreed on."""

    seconds: int
    is_ours: bool
    """We send the refreshes."""


def agree_as_server(request: Request, settings: CoreSettings) -> Interval | None:
    """Return the interval our 2xx to `request` states, None for no timer (section 9).

    Raises PeerMistake 422 with Min-SE when the request asks for less than our minimum.
    """
    if not settings.session_expires or "timer" not in request.supported:
        return None
    asked = request.session_expires
    if asked is None:
        return Interval(settings.session_expires, is_ours=False)
    if asked.seconds < settings.min_se:
        raise PeerMistake(
            422,
            "Session Interval Too Small",
            headers=(f"Min-SE: {settings.min_se}",),
            request=request,
        )
    return Interval(asked.seconds, is_ours=asked.refresher == "uas")


def agree_as_client(response: Response, settings: CoreSettings) -> Interval | None:
    """Return the interval a 2xx states, None when the peer runs no timer (7.2)."""
    stated = response.session_expires
    if not settings.session_expires or stated is None:
        return None
    seconds = max(stated.seconds, settings.min_se)
    return Interval(seconds, is_ours=stated.refresher != "uas")


def lines_for(interval: Interval | None, *, we_serve: bool) -> str:
    """Render Session-Expires, and Require where the peer is to refresh (section 9)."""
    if interval is None:
        return ""
    refresher = "uas" if interval.is_ours == we_serve else "uac"
    require = "Require: timer\r\n" if we_serve and not interval.is_ours else ""
    return f"{require}Session-Expires: {interval.seconds};refresher={refresher}\r\n"
