"""What every session of one core stands on: tables, clockwork, outbox, addresses."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sip.dialog.settings import METHODS, OPTION_TAGS, CoreSettings
from sip.flow import Flow
from sip.tokens import Tokens
from sip.transaction.layer import TransactionLayer
from sip.wheel import Wheel

if TYPE_CHECKING:
    from sip.dialog.session import Session
    from sip.events import Event

ALLOW = f"Allow: {', '.join(METHODS)}\r\n"
SUPPORTED = f"Supported: {', '.join(sorted(OPTION_TAGS))}\r\n"
# Over this a request goes by TCP where the peer takes it (section 18.1.1).
LARGEST_DATAGRAM_REQUEST = 1300


class Ground:
    """The shared part of a core; sessions reach each other and the wire through it."""

    __slots__ = (
        "contacts",
        "events",
        "outbox",
        "server",
        "sessions",
        "settings",
        "tokens",
        "transactions",
        "user_agent",
        "vias",
        "wheel",
    )

    def __init__(self, settings: CoreSettings, tokens: Tokens) -> None:
        self.settings = settings
        self.tokens = tokens
        self.wheel = Wheel()
        self.outbox: list[tuple[bytes, Flow]] = []
        self.events: deque[Event] = deque()
        self.transactions = TransactionLayer(
            timers=settings.timers, wheel=self.wheel, outbox=self.outbox
        )
        # By our own tag, 128 random bits: unique on its own.
        self.sessions: dict[str, Session] = {}
        agent = settings.user_agent
        self.user_agent = f"User-Agent: {agent}\r\n" if agent else ""
        self.server = f"Server: {agent}\r\n" if agent else ""
        # Ready-made lines of each listener; rendering a request only joins text.
        self.vias: list[str] = []
        self.contacts: list[str] = []
        for transport, host, port in settings.listeners:
            self.vias.append(f"Via: SIP/2.0/{transport.upper()} {host}:{port};branch=")
            parameter = "" if transport == "udp" else f";transport={transport}"
            self.contacts.append(f"Contact: <sip:{host}:{port}{parameter}>\r\n")

    def listener_for(self, flow: Flow) -> Flow:
        """Return `flow` with a listener of its own transport and address family."""
        listeners = self.settings.listeners
        ipv6 = ":" in flow.host
        best = -1
        if 0 <= flow.listener < len(listeners):
            current = listeners[flow.listener]
            if current.transport == flow.transport:
                if current.host.startswith("[") == ipv6:
                    return flow
                best = flow.listener
        for index, listener in enumerate(listeners):
            if listener.transport != flow.transport:
                continue
            if listener.host.startswith("[") == ipv6:
                return flow._replace(listener=index)
            best = index if best < 0 else best
        return flow if best < 0 else flow._replace(listener=best)

    def has_transport(self, transport: str) -> bool:
        """Tell whether we listen on `transport`."""
        return any(one.transport == transport for one in self.settings.listeners)

    def forget(self, tag: str) -> None:
        """Drop the session with our tag `tag`, if it is still known."""
        self.sessions.pop(tag, None)
