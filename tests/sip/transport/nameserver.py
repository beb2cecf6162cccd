"""A small name server on a real socket, answering from text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL = 60


class NameServer(asyncio.DatagramProtocol):
    """Answers `(name, type)` from `zone`; other names do not exist.

    `asked` lists the questions. While `silent` nothing is answered; while `failing`
    everything is SERVFAIL.
    """

    def __init__(self, zone: dict[tuple[str, str], list[str]]) -> None:
        self.zone = zone
        self.asked: list[tuple[str, str]] = []
        self.silent = False
        self.failing = False
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if self.silent or self._transport is None:
            return
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        records = self.zone.get((name, kind))
        if self.failing:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif records:
            reply.answer.append(
                dns.rrset.from_text(question.name, TTL, "IN", kind, *records)
            )
        elif not any(known == name for known, _ in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(reply.to_wire(), addr)


@asynccontextmanager
async def serving(
    zone: dict[tuple[str, str], list[str]],
) -> AsyncIterator[NameServer]:
    """Serve `zone` for the block."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: NameServer(zone), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()
