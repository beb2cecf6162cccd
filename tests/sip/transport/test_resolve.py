"""Finding servers: RFC 3263 section 4, RFC 2782; FAULTS F30."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sip.flow import Flow
from sip.message.uri import Uri
from sip.transport import dns_cache
from sip.transport.dns_cache import NEGATIVE_SECONDS, STALE_SECONDS, DnsCache
from sip.transport.resolve import MAX_TARGETS, Resolver
from tests.sip.transport.nameserver import TTL, NameServer, serving

pytestmark = pytest.mark.socket

Zone = dict[tuple[str, str], list[str]]
ZONE: Zone = {
    ("example.com", "NAPTR"): [
        '50 50 "s" "SIPS+D2T" "" _sips._tcp.example.com.',
        '90 50 "s" "SIP+D2T" "" _sip._tcp.example.com.',
        '100 50 "s" "SIP+D2U" "" _sip._udp.example.com.',
        '10 50 "s" "SIP+D2S" "" _sip._sctp.example.com.',
        '20 50 "u" "SIP+D2U" "!^.*$!sip:x@example.com!" .',
    ],
    ("_sips._tcp.example.com", "SRV"): ["0 1 5061 gw1.example.com."],
    ("_sip._tcp.example.com", "SRV"): ["0 1 5070 gw1.example.com."],
    ("_sip._udp.example.com", "SRV"): [
        "20 1 5080 gw2.example.com.",
        "10 1 5060 gw1.example.com.",
    ],
    ("gw1.example.com", "A"): ["192.0.2.1"],
    ("gw2.example.com", "A"): ["192.0.2.2", "192.0.2.3"],
    ("gw2.example.com", "AAAA"): ["2001:db8::2"],
    ("plain.example.com", "A"): ["192.0.2.9"],
    ("_sip._tcp.srv.example.com", "SRV"): ["0 0 5070 gw1.example.com."],
    ("srv.example.com", "A"): ["192.0.2.8"],
    ("_sip._udp.never.example.com", "SRV"): ["0 0 0 ."],
    ("_sip._udp.literal.example.com", "SRV"): ["0 0 5099 192.0.2.77."],
}


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at


class Setting:
    """A resolver with its clock and its name server."""

    def __init__(self, server: NameServer, transports: tuple[str, ...]) -> None:
        self.server = server
        self.clock = Clock()
        self.cache = DnsCache(
            now=self.clock.now,
            nameservers=["127.0.0.1"],
            port=server.port,
            lifetime_seconds=0.2,
        )
        self.resolver = Resolver(
            self.cache, below=random.Random(1).randrange, transports=transports
        )


@asynccontextmanager
async def setting(
    zone: Zone = ZONE, transports: tuple[str, ...] = ("udp", "tcp", "tls")
) -> AsyncIterator[Setting]:
    """Serve a zone, with a resolver that asks it."""
    async with serving(zone) as server:
        made = Setting(server, transports)
        yield made
        await made.cache.close()


async def resolve(one: Setting, text: str) -> list[tuple[str, str, int]]:
    """Resolve a URI to transport, host and port."""
    return [flow[:3] for flow in await one.resolver.resolve_uri(Uri.parse(text))]


@pytest.mark.parametrize(
    ("uri", "flow"),
    [
        ("sip:192.0.2.5", ("udp", "192.0.2.5", 5060)),
        ("sip:192.0.2.5:5070;transport=TCP", ("tcp", "192.0.2.5", 5070)),
        ("sips:192.0.2.5", ("tls", "192.0.2.5", 5061)),
        ("sip:[2001:db8::5]:5070", ("udp", "2001:db8::5", 5070)),
        ("sip:a@192.0.2.5;maddr=192.0.2.66", ("udp", "192.0.2.5", 5060)),
    ],
)
async def test_f30_addresses_need_no_dns(uri: str, flow: tuple[str, str, int]) -> None:
    async with setting() as one:
        assert await resolve(one, uri) == [flow]
        assert one.server.asked == []


async def test_rfc3263_4_1_naptr_order_then_srv_then_addresses() -> None:
    async with setting() as one:
        found = await resolve(one, "sip:example.com")
        assert found[:3] == [
            ("tls", "192.0.2.1", 5061),
            ("tcp", "192.0.2.1", 5070),
            ("udp", "192.0.2.1", 5060),
        ]
        # Addresses of one name come in any order, IPv4 before IPv6.
        assert sorted(found[3:5]) == [
            ("udp", "192.0.2.2", 5080),
            ("udp", "192.0.2.3", 5080),
        ]
        assert found[5:] == [("udp", "2001:db8::2", 5080)]


async def test_naptr_of_transports_we_lack_are_left_out() -> None:
    async with setting(transports=("udp",)) as one:
        found = await resolve(one, "sip:example.com")
        assert {transport for transport, _, _ in found} == {"udp"}


async def test_rfc3263_4_1_transport_of_the_uri_skips_naptr() -> None:
    async with setting() as one:
        assert await resolve(one, "sip:example.com;transport=tcp") == [
            ("tcp", "192.0.2.1", 5070)
        ]
        assert await resolve(one, "sips:example.com") == [("tls", "192.0.2.1", 5061)]
        assert ("example.com", "NAPTR") not in one.server.asked


async def test_rfc3263_4_2_port_of_the_uri_skips_srv() -> None:
    async with setting() as one:
        found = await resolve(one, "sip:plain.example.com:5090")
        assert found == [("udp", "192.0.2.9", 5090)]
        assert {kind for _, kind in one.server.asked} == {"A", "AAAA"}


async def test_rfc3263_4_1_without_naptr_each_transports_srv_is_asked() -> None:
    async with setting() as one:
        assert await resolve(one, "sip:srv.example.com") == [("tcp", "192.0.2.1", 5070)]


async def test_rfc3263_4_2_without_srv_the_name_itself() -> None:
    async with setting() as one:
        assert await resolve(one, "sip:plain.example.com") == [
            ("udp", "192.0.2.9", 5060)
        ]
    async with setting(transports=("tcp", "tls")) as one:
        assert await resolve(one, "sip:plain.example.com") == [
            ("tcp", "192.0.2.9", 5060)
        ]


async def test_rfc2782_a_dot_offers_no_service() -> None:
    async with setting() as one:
        assert await resolve(one, "sip:never.example.com;transport=udp") == []


async def test_address_in_an_srv_record_is_taken_as_it_is() -> None:
    async with setting() as one:
        assert await resolve(one, "sip:literal.example.com;transport=udp") == [
            ("udp", "192.0.2.77", 5099)
        ]


@pytest.mark.parametrize(
    "uri",
    [
        "sip:nowhere.example.com",
        "sip:plain.example.com;transport=ws",
        "tel:+8613800000001",
        f"sip:{'x' * 70}.example.com",
        "sip:a..example.com",
    ],
)
async def test_what_leads_nowhere_gives_no_flow(uri: str) -> None:
    async with setting() as one:
        assert await resolve(one, uri) == []


async def test_flows_carry_the_listener_and_no_doubles() -> None:
    zone = {**ZONE, ("plain.example.com", "A"): ["192.0.2.9"]}
    zone["_sip._udp.plain.example.com", "SRV"] = [
        "1 1 5060 gw1.example.com.",
        "2 1 5060 gw1.example.com.",
    ]
    async with setting(zone) as one:
        flows = await one.resolver.resolve(
            "plain.example.com", transport="UDP", listener=3
        )
        assert flows == [Flow("udp", "192.0.2.1", 5060, 3)]


async def test_targets_are_bounded() -> None:
    zone: Zone = {("many.example.com", "A"): [f"192.0.2.{n}" for n in range(1, 200)]}
    async with setting(zone) as one:
        found = await one.resolver.resolve("many.example.com", port=5060)
        assert len(found) == MAX_TARGETS


async def test_rfc2782_load_is_shared_by_weight() -> None:
    zone: Zone = {
        ("_sip._udp.w.example.com", "SRV"): [
            "1 0 5000 192.0.2.1.",
            "1 10 5010 192.0.2.1.",
            "1 30 5030 192.0.2.1.",
            "2 99 5099 192.0.2.1.",
        ]
    }
    first: Counter[int] = Counter()
    async with setting(zone) as one:
        for _ in range(2000):
            found = await one.resolver.resolve("w.example.com", transport="udp")
            assert [flow.port for flow in found][3] == 5099
            assert len({flow.port for flow in found}) == 4
            first[found[0].port] += 1
    # 1 of 41, 10 of 41, 30 of 41.
    assert 20 <= first[5000] <= 90
    assert 400 <= first[5010] <= 580
    assert 1380 <= first[5030] <= 1560


async def test_answers_are_kept_for_their_time_to_live() -> None:
    async with setting() as one:
        for at, asked in ((0.0, 1), (TTL - 1, 1), (TTL + 1, 2)):
            one.clock.at = at
            assert await one.cache.ask("GW1.example.com.", "A")
            assert len(one.server.asked) == asked


@pytest.mark.parametrize(
    ("name", "kind"), [("nowhere.example.com", "A"), ("gw1.example.com", "AAAA")]
)
async def test_that_there_is_none_is_kept_too(name: str, kind: str) -> None:
    async with setting() as one:
        for at, asked in (
            (0.0, 1),
            (NEGATIVE_SECONDS - 1, 1),
            (NEGATIVE_SECONDS + 1, 2),
        ):
            one.clock.at = at
            assert await one.cache.ask(name, kind) == ()
            assert len(one.server.asked) == asked


@pytest.mark.parametrize("how", ["silent", "failing"])
async def test_f30_dns_down_leaves_old_answers_in_use(how: str) -> None:
    async with setting() as one:
        before = await one.cache.ask("gw1.example.com", "A")
        setattr(one.server, how, True)
        one.clock.at = TTL + 1.0
        assert await one.cache.ask("gw1.example.com", "A") == before
        asked = len(one.server.asked)
        # A question that just failed is not asked again at once.
        assert await one.cache.ask("gw1.example.com", "A") == before
        assert len(one.server.asked) == asked
        one.clock.at = TTL + STALE_SECONDS + 1.0
        assert await one.cache.ask("gw1.example.com", "A") == ()
        assert await one.cache.ask("other.example.com", "A") == ()


async def test_one_question_in_flight_serves_all_who_ask() -> None:
    async with setting() as one:
        answers = await asyncio.gather(
            *(one.cache.ask("gw1.example.com", "A") for _ in range(10))
        )
        assert len(one.server.asked) == 1
        assert all(answers)


async def test_who_gives_up_takes_the_answer_from_nobody() -> None:
    async with setting() as one:
        impatient = asyncio.ensure_future(one.cache.ask("gw1.example.com", "A"))
        patient = asyncio.ensure_future(one.cache.ask("gw1.example.com", "A"))
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient


async def test_closing_gives_up_what_is_in_flight() -> None:
    async with setting() as one:
        one.server.silent = True
        asking = asyncio.ensure_future(one.cache.ask("gw1.example.com", "A"))
        await asyncio.sleep(0)
        await one.cache.close()
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_memory_of_answers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_cache, "MAX_ANSWERS", 2)
    async with setting() as one:
        for name in ("gw1.example.com", "gw2.example.com", "plain.example.com"):
            assert await one.cache.ask(name, "A")
        assert await one.cache.ask("plain.example.com", "A")
        assert len(one.server.asked) == 3
        assert await one.cache.ask("gw1.example.com", "A")
        assert len(one.server.asked) == 4


async def test_the_systems_name_servers_are_the_default() -> None:
    cache = DnsCache(now=lambda: 0.0)
    resolver = Resolver(cache, below=random.Random(1).randrange)
    assert await resolver.resolve("192.0.2.1") == [Flow("udp", "192.0.2.1", 5060)]
    await cache.close()
