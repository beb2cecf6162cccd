"""Where a SIP URI leads: transport, address and port, in order of trial (RFC 3263)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import cast

from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.IN.NAPTR import NAPTR
from dns.rdtypes.IN.SRV import SRV

from sip.flow import Flow
from sip.message.uri import Uri
from sip.transport.dns_cache import DnsCache
from sip.transport.port import is_address

DEFAULT_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}
MAX_TARGETS = 16
_SERVICES = {"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}
_SRV_PREFIXES = {"udp": "_sip._udp.", "tcp": "_sip._tcp.", "tls": "_sips._tcp."}


class Resolver:
    """Resolves names through a cache; addresses come back at once, without the DNS.

    `below(n)` gives a random integer of 0 to n - 1: it shares load among SRV records of
    equal priority. `transports` are those we can use, the preferred one first.
    """

    def __init__(
        self,
        cache: DnsCache,
        *,
        below: Callable[[int], int],
        transports: Sequence[str] = ("udp", "tcp", "tls"),
    ) -> None:
        self._cache = cache
        self._below = below
        self._transports = tuple(transports)
        # Section 4.1: UDP where nothing else is said, if we have it.
        self._default = "udp" if "udp" in transports else self._transports[0]

    async def resolve_uri(self, uri: Uri, *, listener: int = 0) -> list[Flow]:
        """Return where requests for `uri` go; `maddr` is not followed."""
        return await self.resolve(
            uri.host,
            port=uri.port,
            transport=uri.transport,
            secure=uri.scheme == "sips",
            listener=listener,
        )

    async def resolve(
        self,
        host: str,
        *,
        port: int | None = None,
        transport: str = "",
        secure: bool = False,
        listener: int = 0,
    ) -> list[Flow]:
        """Return the flows to try, best first; none when the name leads nowhere.

        `transport` is what the URI demands, "" for nothing; `secure` is a sips URI,
        which is TLS whatever else is said (RFC 3261 section 26.2.2).
        """
        host = host.strip("[]")
        chosen = "tls" if secure else transport.lower()
        if not host or (chosen and chosen not in self._transports):
            return []
        if port is not None or is_address(host):
            targets = [(chosen or self._default, host, port)]
        else:
            targets = await self._locate(host, chosen)
        flows: list[Flow] = []
        for kind, name, number in targets[:MAX_TARGETS]:
            for address in await self._addresses(name):
                flow = Flow(kind, address, number or DEFAULT_PORTS[kind], listener)
                if flow not in flows:
                    flows.append(flow)
        return flows[:MAX_TARGETS]

    async def _locate(
        self, host: str, chosen: str
    ) -> list[tuple[str, str, int | None]]:
        if chosen:
            services = [(chosen, _SRV_PREFIXES[chosen] + host)]
        else:
            services = await self._services(host)
        targets: list[tuple[str, str, int | None]] = []
        for transport, name in services:
            records = await self._cache.ask(name, "SRV")
            for record in self._order(cast("tuple[SRV, ...]", records)):
                target = record.target.to_text(omit_final_dot=True)
                # RFC 2782: "." says that the service is decidedly not offered here.
                if target and target != ".":
                    targets.append((transport, target, record.port))
        # Section 4.2: without SRV records the name itself, at the default port.
        return targets or [(chosen or self._default, host, None)]

    async def _services(self, host: str) -> list[tuple[str, str]]:
        records = cast("tuple[NAPTR, ...]", await self._cache.ask(host, "NAPTR"))
        found = []
        for record in sorted(records, key=lambda r: (r.order, r.preference)):
            transport = _SERVICES.get(record.service.decode("latin-1").upper())
            if transport in self._transports and record.flags.lower() == b"s":
                name = record.replacement.to_text(omit_final_dot=True)
                found.append((transport, name))
        if found:
            return found
        # Section 4.1: no NAPTR, so ask for the SRV records of each transport we have.
        return [(kind, _SRV_PREFIXES[kind] + host) for kind in self._transports]

    async def _addresses(self, name: str) -> Sequence[str]:
        if is_address(name):
            return (name,)
        four = cast("tuple[A, ...]", await self._cache.ask(name, "A"))
        six = cast("tuple[AAAA, ...]", await self._cache.ask(name, "AAAA"))
        found: list[str] = [record.address for record in four]
        return found + [record.address for record in six]

    def _order(self, records: Iterable[SRV]) -> list[SRV]:
        # RFC 2782: ascending priority; within one, drawn by weight, zeros first.
        waiting = sorted(records, key=lambda r: (r.priority, r.weight, r.port))
        ordered: list[SRV] = []
        while waiting:
            priority = waiting[0].priority
            rivals = [record for record in waiting if record.priority == priority]
            sums = list(accumulate(record.weight for record in rivals))
            chosen = rivals[bisect_left(sums, self._below(sums[-1] + 1))]
            ordered.append(chosen)
            waiting.remove(chosen)
        return ordered
