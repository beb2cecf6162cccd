"""TLS: RFC 3261 26.2.1, RFC 5922 7.1; FAULTS 1.2 nos. 1 and 6, F65."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from sip.flow import Flow
from sip.transport import streams
from sip.transport.endpoint import Endpoint, ListenAddress, StreamLimits
from sip.transport.tls import client_context, server_context
from tests.sip.transport.kit import MESSAGE, EchoCore, make_certificate, opened

pytestmark = pytest.mark.socket

HOST = "127.0.0.1"
Files = tuple[str, str]


@pytest.fixture(scope="module")
def by_address(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Certificate and key of a peer known by its address."""
    return make_certificate(tmp_path_factory.mktemp("address"), HOST)


@pytest.fixture(scope="module")
def by_name(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Certificate and key of a peer known by its name."""
    return make_certificate(tmp_path_factory.mktemp("name"), "gw.example.com")


def make(
    client_tls: ssl.SSLContext | None = None, limits: StreamLimits | None = None
) -> tuple[EchoCore, Endpoint]:
    """Return a core and an endpoint that connects with `client_tls`."""
    core = EchoCore()
    endpoint = Endpoint(
        core, core.handle, allowed=lambda _: True, client_tls=client_tls, limits=limits
    )
    return core, endpoint


def listen_with(files: Files, *, authorities: str | None = None) -> ListenAddress:
    """Return where a TLS server listens."""
    context = server_context(*files, authorities=authorities)
    return ListenAddress("tls", HOST, 0, context)


async def exchange(
    client: tuple[EchoCore, Endpoint], listen: ListenAddress, *, name: str = ""
) -> bool:
    """Send a message over TLS to an echoing server; say whether it came back."""
    server_core, server = make()
    core, endpoint = client
    core.echo = False
    async with opened(server, listen) as (port,), opened(endpoint):
        if name:
            endpoint.name_peer(HOST, port, name)
        core.outbox.append((MESSAGE, Flow("tls", HOST, port)))
        endpoint.flush()
        await core.until(lambda: bool(core.received or core.lost))
        if core.received:
            assert core.received[0][0] == MESSAGE
            assert server_core.received[0][1].transport == "tls"
        return bool(core.received)


async def test_peer_is_verified_by_its_address(by_address: Files) -> None:
    client = make(client_context(authorities=by_address[0]))
    assert await exchange(client, listen_with(by_address))


async def test_rfc5922_7_1_peer_is_verified_by_its_name(by_name: Files) -> None:
    context = client_context(authorities=by_name[0])
    assert await exchange(make(context), listen_with(by_name), name="gw.example.com")
    assert not await exchange(
        make(context), listen_with(by_name), name="gw.example.org"
    )
    assert not await exchange(make(context), listen_with(by_name))


async def test_unknown_authority_is_refused_unless_verification_is_off(
    by_address: Files,
) -> None:
    assert not await exchange(make(client_context()), listen_with(by_address))
    assert await exchange(make(client_context(verify=False)), listen_with(by_address))


async def test_client_must_show_a_certificate_where_asked(
    by_address: Files, by_name: Files
) -> None:
    listen = listen_with(by_address, authorities=by_name[0])
    with_one = client_context(
        authorities=by_address[0], certificate=by_name[0], key=by_name[1]
    )
    assert await exchange(make(with_one), listen)
    server_core, server = make()
    without = client_context(authorities=by_address[0])
    async with opened(server, listen) as (port,):
        # TLS 1.3 tells the client of its refusal only when it reads, and not always.
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection(HOST, port, ssl=without)
                writer.write(MESSAGE)
                assert await reader.read() == b""
                writer.close()
    assert server_core.received == []


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_tls_1_2_and_1_3_are_spoken(
    by_address: Files, version: ssl.TLSVersion
) -> None:
    context = client_context(authorities=by_address[0])
    context.minimum_version = context.maximum_version = version
    assert await exchange(make(context), listen_with(by_address))


async def test_strangers_get_not_even_a_server_hello(by_address: Files) -> None:
    core = EchoCore()
    endpoint = Endpoint(core, core.handle, allowed=lambda _: False)
    async with opened(endpoint, listen_with(by_address)) as (port,):
        reader, writer = await asyncio.open_connection(HOST, port)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()
    assert endpoint.counters.refused_sources == 1


async def test_plain_text_to_a_tls_port_reaches_nobody(by_address: Files) -> None:
    core, endpoint = make()
    async with opened(endpoint, listen_with(by_address)) as (port,):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(MESSAGE)
        async with asyncio.timeout(5):
            try:
                answer = await reader.read()
            except ConnectionResetError:
                answer = b""
        writer.close()
        assert b"SIP" not in answer
        assert endpoint.connections == 0
    assert core.received == []
    assert endpoint.counters.connections_failed == 1


async def test_changed_access_list_holds_for_unfinished_handshakes(
    by_address: Files,
) -> None:
    core = EchoCore()
    open_to = {HOST}
    endpoint = Endpoint(core, core.handle, allowed=lambda host: host in open_to)
    async with opened(endpoint, listen_with(by_address)) as (port,):
        reader, writer = await asyncio.open_connection(HOST, port)
        async with asyncio.timeout(5):
            while not endpoint.connections:  # noqa: ASYNC110 - a turn of the loop
                await asyncio.sleep(0)
            open_to.clear()
            endpoint.recheck_access()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.start_tls(client_context(verify=False))
                writer.write(MESSAGE)
                assert await reader.read() == b""
            writer.close()
            while endpoint.connections:  # noqa: ASYNC110 - a turn of the loop
                await asyncio.sleep(0)
    assert core.received == []


async def test_f65_handshake_has_a_time_limit(
    by_address: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The sweep leaves it alone: the handshake has a deadline of its own.
    monkeypatch.setattr(streams, "SWEEP_SECONDS", 0.01)
    _, endpoint = make(limits=StreamLimits(header_seconds=0.1))
    async with opened(endpoint, listen_with(by_address)) as (port,):
        reader, writer = await asyncio.open_connection(HOST, port)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()
        assert endpoint.connections == 0


async def test_closing_gives_up_handshakes(by_address: Files) -> None:
    core, endpoint = make(client_context())
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen()
        async with opened(endpoint, listen_with(by_address)) as (port,):
            core.outbox.append((MESSAGE, Flow("tls", *silent.getsockname())))
            endpoint.flush()
            _, writer = await asyncio.open_connection(HOST, port)
            while endpoint.connections < 2:  # noqa: ASYNC110 - a turn of the loop
                await asyncio.sleep(0)
        assert endpoint.connections == 0
        writer.close()


def test_files_that_are_none_raise_oserror(by_address: Files, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.pem")
    with pytest.raises(OSError, match="No such file"):
        server_context(missing, missing)
    with pytest.raises(OSError, match="No such file"):
        client_context(authorities=missing)
    with pytest.raises(ssl.SSLError):
        server_context(by_address[0], by_address[0])
