"""Gateways of a trunk: where second legs go, in which order, and which are skipped."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sip.flow import Flow
from sip.transport.port import is_address
from sip.transport.resolve import DEFAULT_PORTS


class Gateway:
    """One next hop. `flows` is empty until its host name has been resolved."""

    __slots__ = (
        "_credit",
        "_tail",
        "chosen_transport",
        "flows",
        "heard_at",
        "host",
        "is_numeric",
        "is_secure",
        "is_up",
        "name",
        "port",
        "priority",
        "weight",
    )

    def __init__(self, uri: str, *, priority: int, weight: int) -> None:
        """Read a `sip:` or `sips:` URI without a user part, as settings allow it."""
        scheme, _, rest = uri.partition(":")
        authority, *params = rest.split(";")
        self.is_secure = scheme == "sips"
        self.chosen_transport = ""
        """What the URI demands; "" leaves it to DNS, and to the size of a request."""
        for param in params:
            name, _, value = param.lower().partition("=")
            if name == "transport":
                self.chosen_transport = value
        host, port = _split_authority(authority)
        self.host = host
        self.port = port
        """The port of the URI; None when DNS may choose (RFC 3263)."""
        self.name = rest
        """How records and logs call the gateway: its URI without the scheme."""
        self.priority = priority
        self.weight = weight
        self.is_up = True
        """It answers, or has not been asked yet."""
        self.heard_at = -math.inf
        """Monotonic second of its last response to a call."""
        self.flows: tuple[Flow, ...] = ()
        self.is_numeric = is_address(host)
        if self.is_numeric:
            transport = "tls" if self.is_secure else self.chosen_transport or "udp"
            number = port or DEFAULT_PORTS[transport]
            self.flows = (Flow(transport, host, number),)
        self._tail = f"@{rest}"
        self._credit = 0

    def uri_for(self, number: str) -> str:
        """Return the Request-URI that calls `number` through the gateway."""
        return f"sip:{number}{self._tail}"

    def to_for(self, number: str) -> str:
        """Return the To value of a call to `number`."""
        return f"<sip:{number}{self._tail.partition(';')[0]}>"

    def heard(self, now: float) -> None:
        """Take note of a response to a call: better than any probe."""
        self.heard_at = now
        self.is_up = True

    @property
    def stream_allowed(self) -> bool:
        """Whether what is too large for UDP may go by TCP (RFC 3261 section 18.1.1)."""
        return not self.chosen_transport

    @property
    def uri(self) -> str:
        """The gateway's own URI, which OPTIONS is sent to."""
        return f"sip:{self._tail[1:]}"

    def __repr__(self) -> str:
        """Return the name and whether it is up."""
        return f"<Gateway {self.name} {'up' if self.is_up else 'down'}>"


class Rota:
    """Chooses the order in which a call tries the gateways of a trunk.

    Lower priorities first; within one, the first is chosen by weight in turn (smooth
    weighted round robin: no randomness, and every gateway has its share at once).
    """

    __slots__ = ("_groups", "_only", "gateways")

    def __init__(self, gateways: Sequence[Gateway]) -> None:
        self.gateways = tuple(gateways)
        by_priority: dict[int, list[Gateway]] = {}
        for gateway in gateways:
            by_priority.setdefault(gateway.priority, []).append(gateway)
        self._groups = tuple(by_priority[key] for key in sorted(by_priority))
        self._only = self.gateways if len(self.gateways) == 1 else None

    def order(self) -> Sequence[Gateway]:
        """Return the gateways to try, best first.

        One that is down is left out, unless all are: then they are tried all the same,
        because a probe can be wrong where a call cannot.
        """
        if self._only is not None:
            return self._only if self._only[0].flows else ()
        chosen: list[Gateway] = []
        for group in self._groups:
            chosen += _in_turn([one for one in group if one.is_up and one.flows])
        return chosen or [one for one in self.gateways if one.flows]

    @property
    def is_up(self) -> bool:
        """Whether any gateway answers."""
        return any(gateway.is_up and gateway.flows for gateway in self.gateways)


def _in_turn(group: list[Gateway]) -> list[Gateway]:
    if len(group) < 2:
        return group
    total = sum(gateway.weight for gateway in group)
    for gateway in group:
        gateway._credit += gateway.weight
    best = max(group, key=_credit_of)
    best._credit -= total
    group.remove(best)
    group.insert(0, best)
    return group


def _credit_of(gateway: Gateway) -> int:
    return gateway._credit


def _split_authority(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port[1:]
    else:
        host, _, port = text.partition(":")
    return host, int(port) if port else None
