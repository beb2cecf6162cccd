"""Programs the tests drive: what is missing, free ports, a Redis server of our own.

Run as `python -m tests.peers` it installs what is missing where that is possible (root
on Debian or Ubuntu) and otherwise names the package of each test that will be skipped.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
"""The project's directory: what child processes import from."""

PACKAGES = {"redis-server": "redis-server", "sipp": "sip-tester"}
"""Program: the Debian package it comes in."""

_SOCKET_TYPES = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}


class Missing(Exception):
    """A program the caller cannot do without is not installed."""


def missing() -> list[str]:
    """Return the programs that are not installed, as `PACKAGES` names them."""
    return [program for program in PACKAGES if shutil.which(program) is None]


def find(program: str) -> str:
    """Return the path of `program`, raise Missing with the package to install."""
    path = shutil.which(program)
    if path is None:
        raise Missing(f"no {program}: apt-get install {PACKAGES.get(program, program)}")
    return path


def need(program: str) -> str:
    """Return the path of `program`; without it skip the test, or fail it in CI."""
    try:
        return find(program)
    except Missing as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


def free_port(
    host: str = "127.0.0.1", *, kinds: tuple[str, ...] = ("udp", "tcp")
) -> int:
    """Return a port nobody is bound to on `host`, in each of `kinds`.

    The system hands out ports above 32,767 and so do we, from a different end, so that
    two test processes rarely ask for the same one between finding and binding it.
    """
    for _ in range(200):
        port = 12_000 + int.from_bytes(os.urandom(2)) % 18_000
        if all(_is_free(host, port, kind) for kind in kinds):
            return port
    raise OSError(f"no free port on {host}")


def _is_free(host: str, port: int, kind: str) -> bool:
    with socket.socket(socket.AF_INET, _SOCKET_TYPES[kind]) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def is_bound(host: str, port: int, kind: str) -> bool:
    """Tell whether somebody is bound to (UDP) or listens on (TCP) the address."""
    hexadecimal = socket.inet_aton(host)[::-1].hex().upper()
    address = f"{hexadecimal}:{port:04X}"
    for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == address and (kind == "udp" or fields[3] == "0A"):
            return True
    return False


def wait_until(
    true: Callable[[], bool],
    *,
    seconds: float,
    alive: subprocess.Popen[bytes] | None = None,
) -> bool:
    """Ask `true` until it says so, for `seconds` at most and while `alive` runs."""
    deadline = time.monotonic() + seconds
    while not true():
        ended = alive is not None and alive.poll() is not None
        if ended or time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def stop(process: subprocess.Popen[bytes], *, seconds: float = 10.0) -> int:
    """End `process` with SIGTERM, and with SIGKILL if that is not enough."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


class RedisServer(NamedTuple):
    """A redis-server of ours: empty at start, nothing kept on disk."""

    host: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """The `store:` setting that leads to it."""
        return f"redis://{self.host}:{self.port}/0"


@contextmanager
def redis_server(directory: Path, *options: str) -> Iterator[RedisServer]:
    """Run a redis-server on a free port, its files in `directory`.

    Raise Missing without one: a test asks `need("redis-server")` first.
    """
    host, port = "127.0.0.1", free_port(kinds=("tcp",))
    command = [find("redis-server"), "--bind", host, "--port", str(port)]
    command += ["--save", "", "--appendonly", "no", "--dir", str(directory), *options]
    with (directory / "redis.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        if not wait_until(
            lambda: is_bound(host, port, "tcp"), seconds=10, alive=process
        ):
            raise Missing(f"redis-server did not start, see {directory}/redis.log")
        yield RedisServer(host, port, process)
    finally:
        process.send_signal(signal.SIGCONT)  # a test may have stopped it
        stop(process)


def _install(programs: list[str]) -> None:
    """Install Debian packages without letting any of them start a service."""
    environment = {**os.environ, "RUNLEVEL": "1", "DEBIAN_FRONTEND": "noninteractive"}
    packages = sorted({PACKAGES[program] for program in programs})
    for arguments in (["update", "-q"], ["install", "-y", "-q", *packages]):
        command = ["apt-get", *arguments]
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL)
        if done.returncode:
            sys.stderr.write(f"{' '.join(command)} failed\n")


def main() -> int:
    """Install or name what is missing; 1 when CI must not go on without it."""
    programs = missing()
    if programs and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(programs)
        programs = missing()
    for program in programs:
        sys.stderr.write(
            f"tests that need {program} will be skipped: "
            f"apt-get install {PACKAGES[program]}\n"
        )
    return 1 if programs and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
