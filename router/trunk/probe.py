"""Asking gateways whether they live, with OPTIONS (RFC 3261 section 11)."""

from __future__ import annotations

from collections.abc import Sequence

from router.trunk.gateway import Gateway
from router.trunk.trunk import Trunk

_TIMEOUT = 408
_UNAVAILABLE = 503
PATIENCE_SECONDS = 4.0
"""A gateway that has not answered for so long is down, until it does."""


class Prober:
    """Says which gateways are to be asked now, and learns from what they answer.

    Holds no clock and sends nothing: whoever drives it does. A gateway that answers
    calls is not asked, for calls say more; and none is asked at once at the start.
    """

    __slots__ = ("_asked_at", "_due")

    def __init__(self, trunks: Sequence[Trunk], now: float) -> None:
        self._due: dict[Gateway, tuple[float, float]] = {}
        for trunk in trunks:
            every = trunk.probe_every
            if every > 0:
                # Spread over the interval, so that they are not asked all together.
                step = every / len(trunk.gateways)
                for place, gateway in enumerate(trunk.gateways, 1):
                    self._due[gateway] = (now + place * step, every)
        self._asked_at: dict[Gateway, float] = {}

    def due(self, now: float) -> list[Gateway]:
        """Return the gateways to ask now, but for those that still owe an answer."""
        asked: list[Gateway] = []
        for gateway, (at, every) in self._due.items():
            if at > now or not gateway.flows or gateway in self._asked_at:
                continue
            self._due[gateway] = (now + every, every)
            if gateway.is_up and now - gateway.heard_at < every:
                continue
            self._asked_at[gateway] = now
            asked.append(gateway)
        return asked

    def silent(self, now: float) -> list[Gateway]:
        """Return the gateways that are down from now on: they do not answer."""
        found = [
            gateway
            for gateway, asked_at in self._asked_at.items()
            if gateway.is_up
            and now - asked_at >= PATIENCE_SECONDS
            and gateway.heard_at < asked_at
        ]
        for gateway in found:
            gateway.is_up = False
        return found

    def replied(self, gateway: Gateway, status: int, *, by_peer: bool) -> bool:
        """Take the outcome of a probe; True when the gateway's state has changed.

        Whatever a gateway answers, it lives: 404 and 405 come from many that carry
        calls. 503 is how one says that it is being taken out of service, and 408 how
        a softswitch speaks of what is dead behind it; made by us they mean silence,
        which a call answered meanwhile disproves.
        """
        asked_at = self._asked_at.pop(gateway, 0.0)
        is_up = by_peer and status not in (_TIMEOUT, _UNAVAILABLE)
        if not by_peer and gateway.heard_at >= asked_at:
            is_up = True
        changed = gateway.is_up is not is_up
        gateway.is_up = is_up
        return changed
