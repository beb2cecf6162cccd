"""Redis servers that a test stops, kills, restarts, groups and encrypts."""

from __future__ import annotations

import datetime
import ipaddress
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from redis import Redis

from tests.peers import free_port, is_bound, need, stop, wait_until

HOST = "127.0.0.1"


def do(port: int, *words: str | int) -> object:
    """Send one command to the server on `port` and return the reply."""
    with Redis(host=HOST, port=port, decode_responses=True) as client:
        reply: object = client.execute_command(*words)
        return reply


class Server:
    """One redis-server on a port of its own, which may run many times."""

    def __init__(self, directory: Path, *options: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port(kinds=("tcp",))
        self._directory = directory
        self._options = options
        self._tls = "--tls-cert-file" in options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The `store:` setting that leads to it."""
        return f"redis://{HOST}:{self.port}"

    def do(self, *words: str | int) -> object:
        """Send a command of the test's own and return the reply."""
        return do(self.port, *words)

    def info(self, section: str) -> str:
        """Return a section of INFO as text, whatever redis-py makes of it."""
        return self._say(f"INFO {section}")

    def cluster_is_whole(self) -> bool:
        """Tell whether this node knows an owner of every slot."""
        return "cluster_state:ok" in self._say("CLUSTER INFO")

    def _say(self, command: str) -> str:
        with socket.create_connection((HOST, self.port), timeout=5) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(65_536).decode()

    def start(self) -> None:
        """Run it and return when it listens."""
        port = ["--port", "0", "--tls-port"] if self._tls else ["--port"]
        command = [need("redis-server"), *self._options, "--bind", HOST, *port]
        command += [str(self.port), "--save", "", "--dir", str(self._directory)]
        with (self._directory / "log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self._process = process
        listens = wait_until(
            lambda: is_bound(HOST, self.port, "tcp"), seconds=10, alive=process
        )
        assert listens, (self._directory / "log").read_text()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def end(self) -> None:
        """Stop it, frozen or not."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            stop(self._process)
            self._process = None


@contextmanager
def running(directory: Path, *options: str) -> Iterator[Server]:
    """Run a `Server` for the length of the block."""
    server = Server(directory, *options)
    server.start()
    try:
        yield server
    finally:
        server.end()


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate for 127.0.0.1 and its key; return the paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis of a test")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    address = x509.IPAddress(ipaddress.ip_address(HOST))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = directory / "redis.crt", directory / "redis.key"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_path, key_path
