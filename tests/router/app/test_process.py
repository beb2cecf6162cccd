"""`veil serve` as a process: its signals, its exit codes, what it says at the start."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.socket


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write(folder: Path, **more: object) -> Path:
    """A file of settings on free ports."""
    values: dict[str, object] = {
        "sip": {"listen": ["udp:127.0.0.1:0"]},
        "trunks": [
            {
                "name": "carrier",
                "gateways": ["sip:127.0.0.1:5099"],
                "allow": ["127.0.0.0/8"],
            }
        ],
        "http": {"listen": f"127.0.0.1:{free_port()}"},
        "store": f"sqlite:{folder}/veil.db",
        "archive": f"sqlite:{folder}/archive.db",
        "media": {"engine": "bypass"},
        "apps": [
            {
                "key": "k",
                "secret": "s",
                "mode": "AX",
                "numbers": ["+8617000000001"],
                "bindings": [
                    {
                        "origNum": "+8613800000001",
                        "privateNum": "+8617000000001",
                        "calleeNum": "+8613900000002",
                    }
                ],
            }
        ],
    }
    file = folder / "veil.yaml"
    file.write_text(yaml.safe_dump(values | more))
    return file


@contextmanager
def serving(file: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A `veil serve`, killed at the end if a test has left it alive."""
    command = "from router.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "serve", "--config", str(file), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def until(process: subprocess.Popen[str], word: str, *, error: bool = False) -> str:
    """Read lines until one holds `word`."""
    stream = process.stderr if error else process.stdout
    assert stream is not None
    for line in stream:
        if word in line:
            return line
    raise AssertionError(f"it never said {word!r}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_how_to_call_and_stops_at_a_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    with serving(write(tmp_path)) as process:
        assert "udp:127.0.0.1:" in until(process, "veil listens on")
        line = until(process, "veil call +")
        assert "+8617000000001 --from +8613800000001 --via 127.0.0.1:" in line
        process.send_signal(number)
        assert process.wait(10) == 0


def test_sighup_reads_the_settings_again_and_bad_ones_change_nothing(
    tmp_path: Path,
) -> None:
    file = write(tmp_path)
    with serving(file) as process:
        until(process, "veil call +")
        process.send_signal(signal.SIGHUP)
        until(process, "settings were read again", error=True)
        file.write_text(file.read_text() + "\nno_such_key: 1\n")
        process.send_signal(signal.SIGHUP)
        until(process, "no_such_key", error=True)
        until(process, "stay as they are", error=True)
        assert process.poll() is None


def test_a_port_in_use_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        file = write(tmp_path, sip={"listen": [f"udp:127.0.0.1:{port}"]})
        with serving(file) as process:
            _, error = process.communicate(timeout=20)
            assert process.returncode == 1
    assert error.startswith(f"veil: cannot start: udp:127.0.0.1:{port}: ")
    assert error.count("\n") == 1


def test_a_role_that_is_not_served_yet_is_exit_code_1(tmp_path: Path) -> None:
    with serving(write(tmp_path), "--role", "deliver") as process:
        _, error = process.communicate(timeout=20)
        assert process.returncode == 1
    assert "role deliver" in error
