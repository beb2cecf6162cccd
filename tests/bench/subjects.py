"""What is measured: veil on Redis, veil on SQLite, and Kamailio beside it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.load import NUMBERS, Router, number
from tests.peers import (
    Missing,
    find,
    free_port,
    is_bound,
    redis_server,
    stop,
    wait_until,
)
from tests.veil import veil_serve

_HOST = "127.0.0.1"
_KAMAILIO = Path(__file__).parent / "kamailio" / "kamailio.cfg"


@contextmanager
def veil(store: str, gateway: int, directory: Path) -> Iterator[Router]:
    """Run veil with 10,000 AX numbers in `store` (`redis` or `sqlite`)."""
    if store == "redis":
        with (
            redis_server(directory) as redis,
            _veil(redis.url, gateway, directory) as r,
        ):
            yield r._replace(name="veil, Redis")
    else:
        with _veil(f"sqlite:{directory}/veil.db", gateway, directory) as r:
            yield r._replace(name="veil, SQLite")


@contextmanager
def _veil(store: str, gateway: int, directory: Path) -> Iterator[Router]:
    address = f"{_HOST}:{free_port(_HOST)}"
    pairs = [(number("callee", i), number("x", i)) for i in range(NUMBERS)]
    config: dict[str, object] = {
        "sip": {"listen": [f"udp:{address}"]},
        "trunks": [
            {
                "name": "bench",
                "gateways": [f"sip:{_HOST}:{gateway}"],
                "allow": ["127.0.0.0/8"],
                "probe_every": 0,
            }
        ],
        "http": {"listen": f"{_HOST}:{free_port(_HOST, kinds=('tcp',))}"},
        "store": store,
        "archive": f"sqlite:{directory}/archive.db",
        "media": {"engine": "bypass"},
    }
    app: dict[str, object] = {"key": "bench", "secret": "not-so-secret", "mode": "AX"}
    seeds = {
        "numbers": [x for _, x in pairs],
        "bindings": [{"origNum": a, "privateNum": x} for a, x in pairs],
    }
    # Two starts: what reading 10,000 seeds leaves behind is not to be measured.
    with veil_serve({**config, "apps": [app | seeds]}, directory, seconds=120):
        pass
    with veil_serve({**config, "apps": [app]}, directory) as running:
        yield Router("veil", address, running.process.pid)


@contextmanager
def kamailio(gateway: int, directory: Path) -> Iterator[Router]:
    """Run Kamailio with topology hiding and the same numbers in Redis."""
    program = find("kamailio")
    address = f"{_HOST}:{free_port(_HOST)}"
    with redis_server(directory) as redis:
        _fill(redis.port)
        text = _KAMAILIO.read_text()
        for name, value in (
            ("@SIP@", address),
            ("@GATEWAY@", f"{_HOST}:{gateway}"),
            ("@REDIS_PORT@", str(redis.port)),
        ):
            text = text.replace(name, value)
        file = directory / "kamailio.cfg"
        file.write_text(text)
        command = [program, "-f", str(file), "-DD", "-m", "512", "-M", "16"]
        command += ["-P", str(directory / "kamailio.pid"), "-Y", str(directory)]
        with (directory / "kamailio.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            port = int(address.rpartition(":")[2])
            if not wait_until(
                lambda: is_bound(_HOST, port, "udp"), seconds=10, alive=process
            ):
                raise Missing(f"Kamailio did not start, see {directory}/kamailio.log")
            yield Router("Kamailio topoh", address, process.pid)
        finally:
            stop(process)


def _fill(port: int) -> None:
    lines = (
        f"SET bind:{number('x', i)} {number('callee', i)}\r\n" for i in range(NUMBERS)
    )
    subprocess.run(
        ["redis-cli", "-p", str(port), "--pipe"],
        input="".join(lines).encode(),
        check=True,
        stdout=subprocess.DEVNULL,
    )
