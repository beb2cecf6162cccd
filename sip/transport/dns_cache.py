"""DNS answers, kept for their time to live, and longer when the DNS is down.

One question in flight per name and type; nothing here blocks the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver
from dns.rdata import Rdata

MIN_TTL_SECONDS = 5.0
MAX_TTL_SECONDS = 3600.0
NEGATIVE_SECONDS = 30.0
"""How long "there is none" holds."""
STALE_SECONDS = 86_400.0
"""How long an answer serves on when its renewal fails (RFC 8767)."""
RETRY_SECONDS = 5.0
"""How long a failed question is not asked again."""
MAX_ANSWERS = 4096

Question = tuple[str, str]
"""Name and record type."""


class Answer(NamedTuple):
    """Records of one name and type; none when there are none."""

    records: tuple[Rdata, ...]
    fresh_until: float
    usable_until: float


class DnsCache:
    """Asks `nameservers`, or the system's; `now` is a monotonic clock in seconds."""

    def __init__(
        self,
        *,
        now: Callable[[], float],
        nameservers: Sequence[str] = (),
        port: int = 53,
        lifetime_seconds: float = 2.0,
    ) -> None:
        if nameservers:
            self._resolver = dns.asyncresolver.Resolver(configure=False)
            self._resolver.nameservers = list(nameservers)
            self._resolver.port = port
        else:
            self._resolver = dns.asyncresolver.Resolver()
        # Every name is looked up as it stands: no search list.
        self._resolver.search = []
        self._resolver.lifetime = lifetime_seconds
        self._now = now
        self._answers: dict[Question, Answer] = {}
        self._asking: dict[Question, asyncio.Future[tuple[Rdata, ...]]] = {}

    async def ask(self, name: str, kind: str) -> tuple[Rdata, ...]:
        """Return the records, () when there are none or the DNS does not answer."""
        question = (name.lower().rstrip("."), kind)
        known = self._answers.get(question)
        if known is not None and known.fresh_until > self._now():
            return known.records
        asking = self._asking.get(question)
        if asking is None:
            asking = asyncio.ensure_future(self._renew(question))
            self._asking[question] = asking
            asking.add_done_callback(lambda _: self._asking.pop(question, None))
        # Whoever gives up waiting does not take the answer from the others.
        return await asyncio.shield(asking)

    async def close(self) -> None:
        """Give up every question still in flight."""
        asking = list(self._asking.values())
        for question in asking:
            question.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _renew(self, question: Question) -> tuple[Rdata, ...]:
        name, kind = question
        try:
            reply = await self._resolver.resolve(
                name + ".", dns.rdatatype.from_text(kind), raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return self._keep(question, (), NEGATIVE_SECONDS)
        except (dns.exception.DNSException, OSError):
            return self._go_on(question)
        if reply.rrset is None:
            return self._keep(question, (), NEGATIVE_SECONDS)
        ttl = min(max(float(reply.rrset.ttl), MIN_TTL_SECONDS), MAX_TTL_SECONDS)
        return self._keep(question, cast("tuple[Rdata, ...]", tuple(reply.rrset)), ttl)

    def _go_on(self, question: Question) -> tuple[Rdata, ...]:
        now = self._now()
        known = self._answers.get(question)
        if known is not None and known.usable_until > now:
            self._answers[question] = known._replace(fresh_until=now + RETRY_SECONDS)
            return known.records
        return self._keep(question, (), RETRY_SECONDS)

    def _keep(
        self, question: Question, records: tuple[Rdata, ...], seconds: float
    ) -> tuple[Rdata, ...]:
        now = self._now()
        if len(self._answers) >= MAX_ANSWERS:
            self._answers.clear()
        stale = STALE_SECONDS if records else 0.0
        self._answers[question] = Answer(records, now + seconds, now + seconds + stale)
        return records
