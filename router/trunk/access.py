"""Who may talk to us, and which trunk a source belongs to."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from router.trunk.trunk import Trunk

REMEMBERED_HOSTS = 4096


class AccessList:
    """Finds the trunk of a source address, and remembers it for each host."""

    __slots__ = ("_trunks", "_verdicts")

    def __init__(self, trunks: Sequence[Trunk]) -> None:
        self._trunks = tuple(trunks)
        self._verdicts: dict[str, Trunk | None] = {}

    def trunk_for(self, host: str) -> Trunk | None:
        """Return the first trunk whose networks hold the IP address `host`, or None."""
        try:
            return self._verdicts[host]
        except KeyError:
            # A flood of forged sources only makes verdicts be worked out again.
            if len(self._verdicts) >= REMEMBERED_HOSTS:
                self._verdicts.clear()
            trunk = self._verdicts[host] = self._find(host)
            return trunk

    def allows(self, host: str) -> bool:
        """Say whether `host` gets an answer at all: a trunk's source, or a gateway.

        A gateway outside its trunk's networks may answer our requests and end calls we
        placed; it may not bring new ones.
        """
        if self.trunk_for(host) is not None:
            return True
        return any(
            flow.host == host
            for trunk in self._trunks
            for gateway in trunk.gateways
            for flow in gateway.flows
        )

    def _find(self, host: str) -> Trunk | None:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return None
        mapped = getattr(address, "ipv4_mapped", None)
        if mapped is not None:
            # A dual-stack socket reports IPv4 sources so.
            address = mapped
        for trunk in self._trunks:
            if any(address in network for network in trunk.networks):
                return trunk
        return None
