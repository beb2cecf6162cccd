"""An echoing core, certificates and peers for the tests of the transports."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sip.flow import Flow
from sip.transport.endpoint import Endpoint, ListenAddress

UDP = ListenAddress("udp", "127.0.0.1", 0)
TCP = ListenAddress("tcp", "127.0.0.1", 0)
BODY = b"hello"
MESSAGE = (
    b"OPTIONS sip:veil@127.0.0.1 SIP/2.0\r\n"
    b"Via: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
    b"From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:veil@127.0.0.1>\r\n"
    b"Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
    b"Content-Length: 5\r\n\r\n" + BODY
)


class EchoCore:
    """Sends back what it gets, keeps what it saw, and wakes those who wait for it."""

    def __init__(self) -> None:
        self.echo = True
        self.broken = False
        self.received: list[tuple[bytes, Flow, float]] = []
        self.lost: list[Flow] = []
        self.timers: list[float] = []
        self.outbox: list[tuple[bytes, Flow]] = []
        self.wanted: list[float] = []
        self.handled = 0
        self._changed = asyncio.Event()

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> None:
        self.received.append((data, flow, now))
        if self.broken:
            raise RuntimeError("a bug")
        if self.echo:
            self.outbox.append((data, flow))

    def datagrams_to_send(self) -> list[tuple[bytes, Flow]]:
        out, self.outbox = self.outbox, []
        return out

    def get_timer(self) -> float | None:
        return min(self.wanted, default=None)

    def handle_timer(self, now: float) -> None:
        self.timers.append(now)
        self.wanted = [at for at in self.wanted if at > now]
        if self.broken:
            raise RuntimeError("a bug")

    def unreachable(self, flow: Flow, now: float) -> None:
        self.lost.append(flow)
        if self.broken:
            raise RuntimeError("a bug")

    def handle(self) -> None:
        """Be the application: note that it was asked."""
        self.handled += 1
        self._changed.set()
        if self.broken:
            raise RuntimeError("a bug of the application")

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until input or a timer has made `reached` true."""
        async with asyncio.timeout(5):
            while not reached():
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def opened(
    endpoint: Endpoint, *listen: ListenAddress
) -> AsyncIterator[list[int]]:
    """Open the endpoint for the block; give the ports bound."""
    await endpoint.open(listen or (UDP, TCP))
    try:
        yield [address.port for address in endpoint.bound]
    finally:
        await endpoint.close()


def udp_peer(host: str = "127.0.0.1") -> socket.socket:
    """Return a bound UDP socket to be the far end."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind((host, 0))
    return sock


async def receive(sock: socket.socket) -> bytes:
    """Wait for one datagram."""
    async with asyncio.timeout(5):
        return await asyncio.get_running_loop().sock_recv(sock, 65_535)


def make_certificate(folder: Path, *names: str) -> tuple[str, str]:
    """Write a self-signed certificate for names and addresses; return both files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "veil test")])
    now = datetime.datetime.now(datetime.UTC)
    alternatives: list[x509.GeneralName] = []
    for name in names:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            alternatives.append(x509.DNSName(name))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(paths[0]), str(paths[1])
