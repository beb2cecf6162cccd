"""The load: SIPp calling through the router under test, SIPp answering behind it."""

from __future__ import annotations

import csv
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.bench.account import cpu_seconds, family, rss_kilobytes
from tests.peers import Missing, find, free_port, is_bound, wait_until

NUMBERS = 10_000
"""X numbers, callers and callees: a number is called again after so many calls."""

DIGITS = 8
"""How many last digits a caller, its X and its callee have in common."""

RING_MS = 50
TALK_MS = 100

_SCENARIOS = Path(__file__).parent / "sipp"
_HOST = "127.0.0.1"
_COMMON = ["-i", _HOST, "-mi", _HOST, "-nostdin", "-skip_rlimit", "-timer_resol", "1"]
_COMMON += ["-buff_size", "4194304", "-max_recv_loops", "1000"]
_COMMON += ["-max_sched_loops", "1000", "-watchdog_interval", "0"]


def number(kind: str, index: int) -> str:
    """Return the `kind` (`caller`, `x`, `callee`) number of the pair `index`."""
    prefix = {"caller": "+86138", "x": "+86170", "callee": "+86139"}[kind]
    return f"{prefix}{index:0{DIGITS}d}"


class Router(NamedTuple):
    """What is measured: where it listens, and its processes."""

    name: str
    address: str
    pid: int

    @property
    def port(self) -> int:
        """The port callers send to."""
        return int(self.address.rpartition(":")[2])


class Outcome(NamedTuple):
    """One run of the load."""

    calls: int
    failed: int
    retransmissions: int
    """Of both sides' requests and answers."""
    cpu_ms: float
    """CPU of the router's processes, milliseconds for each call that succeeded."""
    kilobytes: float
    """Resident memory a held call took, 0 when none were held."""


def write_numbers(directory: Path) -> Path:
    """Write the file SIPp takes callers and X numbers from."""
    rows = (
        f"{number('caller', i)};{number('x', i)};{number('callee', i)};"
        for i in range(NUMBERS)
    )
    file = directory / "numbers.csv"
    file.write_text("\n".join(["SEQUENTIAL", *rows, ""]))
    return file


@contextmanager
def answering(port: int, directory: Path) -> Iterator[Path]:
    """Run the callee; yields the file of its counters."""
    stats = directory / "uas.csv"
    command = [find("sipp"), "-sf", str(_SCENARIOS / "uas.xml"), "-p", str(port)]
    command += [*_COMMON, "-d", str(RING_MS), "-trace_stat", "-fd", "1"]
    process = _start([*command, "-stf", str(stats)], directory, "uas.log")
    try:
        if not wait_until(lambda: is_bound(_HOST, port, "udp"), seconds=5):
            raise Missing(f"the callee did not start, see {directory}/uas.log")
        yield stats
    finally:
        process.send_signal(signal.SIGUSR1)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def place_calls(
    router: Router,
    numbers: Path,
    directory: Path,
    *,
    rate: int,
    calls: int,
    talk_ms: int = TALK_MS,
    name: str = "uac",
) -> Outcome:
    """Place `calls` calls, `rate` a second, and account for the router meanwhile."""
    stats = directory / f"{name}.csv"
    port = free_port(_HOST)
    limit = calls / rate + talk_ms / 1000 + 45
    command = [find("sipp"), "-sf", str(_SCENARIOS / "uac.xml"), "-p", str(port)]
    command += [*_COMMON, router.address, "-inf", str(numbers), "-d", str(talk_ms)]
    command += ["-r", str(rate), "-m", str(calls), "-l", "200000", "-trace_stat"]
    command += ["-fd", "1", "-stf", str(stats), "-recv_timeout", "20000"]
    command += ["-timeout", f"{limit:.0f}s", "-trace_err"]
    command += ["-error_file", str(directory / f"{name}.err")]
    pids = family(router.pid)
    cpu = cpu_seconds(pids)
    process = _start(command, directory, f"{name}.log")
    kilobytes = _held(pids, rate, calls, talk_ms / 1000) if talk_ms > TALK_MS else 0.0
    process.wait(limit + 20)
    time.sleep(1.0)
    spent = cpu_seconds(family(router.pid)) - cpu
    row = _last_row(stats)
    good, failed = int(row["SuccessfulCall(C)"]), calls - int(row["SuccessfulCall(C)"])
    repeats = int(row["Retransmissions(C)"])
    per_call = 1000 * spent / max(1, good)
    return Outcome(calls, failed, repeats, per_call, kilobytes)


def _held(pids: list[int], rate: int, calls: int, talk: float) -> float:
    """Return the memory one call more takes, from two instants while calls are held.

    The first part of the calls is left out: it fills what starting up left free.
    """
    first = calls // 4
    time.sleep(first / rate)
    before = rss_kilobytes(pids)
    # All are up when the last has rung, and until the first has talked enough.
    time.sleep((calls - first) / rate + (talk - calls / rate) / 2)
    return (rss_kilobytes(pids) - before) / (calls - first)


def retransmissions(stats: Path) -> int:
    """Return how often SIPp repeated a message so far."""
    return int(_last_row(stats)["Retransmissions(C)"])


def _start(command: list[str], directory: Path, log: str) -> subprocess.Popen[bytes]:
    with (directory / log).open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


def _last_row(file: Path) -> dict[str, str]:
    with file.open(newline="") as rows:
        table = [row for row in csv.reader(rows, delimiter=";") if row]
    return dict(zip(table[0], table[-1], strict=False))
