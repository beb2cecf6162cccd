"""What an application decides about its SIP stack, once."""

from __future__ import annotations

from dataclasses import dataclass, field

from sip.flow import Listener
from sip.transaction.timers import Timers

METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "PRACK", "UPDATE", "INFO")
OPTION_TAGS = frozenset({"100rel", "timer"})


@dataclass(frozen=True, slots=True)
class CoreSettings:
    """Values every dialog of a core is built with."""

    listeners: tuple[Listener, ...]
    """Our addresses as peers see them; a flow's `listener` is an index into them."""
    user_agent: str = "veil"
    """The value of User-Agent and Server; empty sends neither."""
    timers: Timers = field(default_factory=Timers)
    """The transaction timers of RFC 3261 table 4."""
    session_expires: int = 1800
    """Seconds a session lives without a refresh (RFC 4028); 0 offers no timer."""
    min_se: int = 90
    """The shortest session interval in seconds we put up with (RFC 4028 section 5)."""
    latch: bool = False
    """Send in-dialog requests to where the peer's messages come from, not to a Contact
    on another host: for trunks behind NAT."""
    max_forks: int = 16
    """Early dialogs one INVITE may open; further ones are ignored."""
