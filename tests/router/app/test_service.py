"""A service on real sockets: it opens all or nothing, takes calls, drains, reloads.

BEHAVIOUR section 7, FAULTS F20; DESIGN section 4.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from router.app.service import Service
from router.records.archive import Archive
from router.records.record import CallRecord
from router.settings.model import Settings
from sip.core import Core
from sip.dialog.outbound import OutboundSession
from sip.dialog.settings import CoreSettings
from sip.events import Answered, Ended, Event, Failed, Invited
from sip.flow import Flow, Listener
from sip.tokens import Tokens
from sip.transport.endpoint import Endpoint
from sip.transport.port import ListenAddress
from tests.router.engine.switch import ANSWER, AXB_NUMBER, OFFER, A, B

pytestmark = pytest.mark.socket


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(folder: Path, gateway: int, **more: object) -> Settings:
    values: dict[str, object] = {
        "sip": {"listen": ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"]},
        "trunks": [
            {
                "name": "carrier",
                "gateways": [f"sip:127.0.0.1:{gateway};transport=udp"],
                "allow": ["127.0.0.0/8"],
            }
        ],
        "http": {"listen": f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"},
        "store": f"sqlite:{folder}/veil.db",
        "archive": f"sqlite:{folder}/archive.db",
        "media": {"engine": "bypass"},
        "apps": [
            {
                "key": "demo",
                "secret": "secret",
                "mode": "AXB",
                "numbers": [AXB_NUMBER],
                "bindings": [
                    {"callerNum": A, "relationNum": AXB_NUMBER, "calleeNum": B}
                ],
            }
        ],
    }
    return Settings.model_validate(values | more)


class Peer:
    """A phone on a real socket: answers every call, and places one when told."""

    def __init__(self) -> None:
        self.port = free_port()
        listener = Listener("udp", "127.0.0.1", self.port)
        self.core = Core(CoreSettings((listener,)), Tokens(os.urandom))
        self.endpoint = Endpoint(self.core, self.handle, allowed=lambda host: True)
        self.events: asyncio.Queue[Event] = asyncio.Queue()

    async def open(self) -> None:
        await self.endpoint.open([ListenAddress("udp", "127.0.0.1", self.port)])

    def handle(self) -> None:
        now = asyncio.get_running_loop().time()
        while (event := self.core.next_event()) is not None:
            self.events.put_nowait(event)
            if isinstance(event, Invited):
                event.session.accept(now, body=ANSWER)
            elif isinstance(event, Answered):
                event.session.acknowledge(now)

    def call(self, port: int) -> OutboundSession:
        session = self.core.invite(
            Flow("udp", "127.0.0.1", port),
            uri=f"sip:{AXB_NUMBER}@127.0.0.1:{port}",
            from_=f"<sip:{A}@127.0.0.1>",
            to=f"<sip:{AXB_NUMBER}@127.0.0.1>",
            body=OFFER,
            now=asyncio.get_running_loop().time(),
        )
        self.endpoint.flush()
        return session

    async def until(self, kind: type[Event]) -> Event:
        while not isinstance(event := await self.events.get(), kind):
            continue
        return event


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    phone = Peer()
    await phone.open()
    yield phone
    await phone.endpoint.close()


async def readiness(of: Settings) -> tuple[int, str]:
    """Ask /readyz."""
    url = f"http://{of.http.listen.authority}/readyz"
    async with ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_a_call_through_real_sockets_is_recorded(
    tmp_path: Path, peer: Peer
) -> None:
    wanted = settings(tmp_path, peer.port)
    async with Service(wanted) as service:
        assert await readiness(wanted) == (200, "ready\n")
        session = peer.call(service.endpoint.bound[0].port)
        await peer.until(Answered)
        assert len(service.board.calls) == 1
        session.bye(asyncio.get_running_loop().time())
        peer.endpoint.flush()
        await peer.until(Ended)
        (record,) = await newest(service.archive)
    assert (record.reason, record.caller, record.callee) == ("normal", A, B)


async def newest(archive: Archive) -> list[CallRecord]:
    """Every record, once all are written."""
    while not archive.written:
        await archive.flush()
    return await archive.newest(10)


async def test_f20_draining_waits_for_the_calls_and_refuses_new_ones(
    tmp_path: Path, peer: Peer
) -> None:
    wanted = settings(tmp_path, peer.port)
    async with Service(wanted) as service:
        port = service.endpoint.bound[0].port
        session = peer.call(port)
        await peer.until(Answered)
        draining = asyncio.create_task(service.drain(30.0))
        await asyncio.wait({draining}, timeout=0.01)
        status, text = await readiness(wanted)
        assert (status, text) == (503, "draining\n")
        peer.call(port)
        failed = await peer.until(Failed)
        assert isinstance(failed, Failed)
        assert failed.status == 503
        assert not draining.done()
        session.bye(asyncio.get_running_loop().time())
        peer.endpoint.flush()
        await draining


async def test_calls_that_outlast_the_drain_are_hung_up_on_both_sides(
    tmp_path: Path, peer: Peer
) -> None:
    async with Service(settings(tmp_path, peer.port)) as service:
        peer.call(service.endpoint.bound[0].port)
        await peer.until(Answered)
        await service.drain(0.0)
        await peer.until(Ended)
        await peer.until(Ended)
        (record,) = await newest(service.archive)
    assert record.reason == "stopped"


async def test_a_second_signal_ends_the_drain_at_once(
    tmp_path: Path, peer: Peer
) -> None:
    async with Service(settings(tmp_path, peer.port)) as service:
        peer.call(service.endpoint.bound[0].port)
        await peer.until(Answered)
        draining = asyncio.create_task(service.drain(300.0))
        await asyncio.wait({draining}, timeout=0.01)
        service.hurry.set()
        await draining
        assert not service.board.calls


async def test_leaving_ends_calls_and_keeps_their_records(
    tmp_path: Path, peer: Peer
) -> None:
    wanted = settings(tmp_path, peer.port)
    async with Service(wanted) as service:
        peer.call(service.endpoint.bound[0].port)
        await peer.until(Answered)
    archive = Archive(wanted.archive)
    await archive.open()
    assert [record.reason for record in await archive.newest(5)] == ["stopped"]
    await archive.close()


async def test_a_taken_port_is_named_and_nothing_stays_open(
    tmp_path: Path, peer: Peer
) -> None:
    sip = {"listen": [f"udp:127.0.0.1:{peer.port}"]}
    wanted = settings(tmp_path, peer.port, sip=sip)
    with pytest.raises(OSError, match=f"udp:127.0.0.1:{peer.port}: "):
        async with Service(wanted):
            pytest.fail("it must not start")
    async with Service(settings(tmp_path, peer.port)):
        pass


async def test_a_taken_http_port_is_named(tmp_path: Path, peer: Peer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        wanted = settings(tmp_path, peer.port, http={"listen": f"127.0.0.1:{port}"})
        with pytest.raises(OSError, match=f"http:127.0.0.1:{port}: "):
            async with Service(wanted):
                pytest.fail("it must not start")


async def test_a_reload_takes_over_trunks_and_numbers(
    tmp_path: Path, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    first = settings(tmp_path, peer.port, apps=[])
    async with Service(first) as service:
        port = service.endpoint.bound[0].port
        peer.call(port)
        failed = await peer.until(Failed)
        assert isinstance(failed, Failed)
        assert failed.status == 404
        await service.reload(settings(tmp_path, peer.port))
        assert "http has changed" in caplog.text
        peer.call(port)
        await peer.until(Answered)


async def test_metrics_name_no_number(tmp_path: Path, peer: Peer) -> None:
    wanted = settings(tmp_path, peer.port)
    async with Service(wanted) as service:
        peer.call(service.endpoint.bound[0].port)
        await peer.until(Answered)
        url = f"http://{wanted.http.listen.authority}/metrics"
        async with ClientSession() as session, session.get(url) as answer:
            text = await answer.text()
    assert "veil_calls 1.0" in text
    assert "veil_ready 1.0" in text
    for number in (A, B, AXB_NUMBER):
        assert number[3:] not in text
