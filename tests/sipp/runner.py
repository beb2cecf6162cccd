"""Runs one scenario: SIPp as the callee, SIPp as the caller, and what each was sent."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from tests.leak import found_in
from tests.peers import Missing, find, free_port, is_bound, wait_until
from tests.sipp.script import Side, expand

SCENARIOS = Path(__file__).parent / "scenarios"
_TRACE_MARK = re.compile(
    rb"-{20,} [0-9-]+[ \tT][0-9:.]+\n"
    rb"(?:UDP|TCP) message (sent|received) [\[(](\d+)\]? bytes\)? ?:\n\n"
)
_TRANSPORTS = {"udp": "u1", "tcp": "t1"}
_MEDIA_HOSTS = {"caller": "127.0.2.2", "callee": "127.0.2.3"}


class Message(NamedTuple):
    """One message of a SIPp trace."""

    received: bool
    data: bytes

    @property
    def word(self) -> str:
        """The method of a request, the status of a response."""
        first, second = self.data.split(b" ", 2)[:2]
        return (second if first == b"SIP/2.0" else first).decode()

    @property
    def header(self) -> str:
        """The text above the body, one header field a line."""
        return self.data.partition(b"\r\n\r\n")[0].decode().replace("\r\n", "\n")

    @property
    def body(self) -> str:
        """The text below the header."""
        return self.data.partition(b"\r\n\r\n")[2].decode().replace("\r\n", "\n")


@dataclass(frozen=True, slots=True)
class Leg:
    """What one SIPp did and saw."""

    side: Side
    exit_code: int
    messages: tuple[Message, ...]
    directory: Path

    @property
    def received(self) -> list[Message]:
        """What it was sent, repeats (the same bytes again) left out."""
        once = dict.fromkeys(m for m in self.messages if m.received)
        return list(once)

    @property
    def saw(self) -> str:
        """Methods and statuses it was sent, in order, `INVITE ACK BYE`."""
        return " ".join(m.word for m in self.received)

    def leaks(self, other: Side) -> list[str]:
        """Name everything of the other side in any byte this one was sent."""
        hits = found_in(b"".join(m.data for m in self.received), other.party)
        return [f"{self.side.role} was sent {hit} of the {other.role}" for hit in hits]

    def story(self) -> str:
        """Describe the leg for a failed assertion."""
        errors = sorted(self.directory.glob(f"{self.side.role}*.err"))
        lines = [f"{self.side.role}: exit {self.exit_code}, files in {self.directory}"]
        lines += [f"  {'<' if m.received else '>'} {m.word}" for m in self.messages]
        lines += [error.read_text("utf-8", "replace") for error in errors]
        return "\n".join(lines)


def read_trace(text: bytes) -> tuple[Message, ...]:
    """Take apart what SIPp's `-trace_msg` wrote."""
    messages = []
    marks = list(_TRACE_MARK.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)][: len(marks)]
    for mark, end in zip(marks, ends, strict=True):
        data = text[mark.end() : end][: int(mark[2])]
        if data.strip():
            messages.append(Message(mark[1] == b"received", data))
    return tuple(messages)


class Sipp(NamedTuple):
    """A SIPp that runs one column of a scenario."""

    side: Side
    process: subprocess.Popen[bytes]
    directory: Path

    def finish(self, seconds: float) -> Leg:
        """Wait for its end; after `seconds` it is killed: exit code -9."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
        code = self.process.wait()
        trace = self.directory / f"{self.side.role}.msg"
        text = trace.read_bytes() if trace.exists() else b""
        return Leg(self.side, code, read_trace(text), self.directory)


class Place(NamedTuple):
    """Where a SIPp binds and speaks to."""

    transport: str
    host: str
    port: int
    remote: str = ""
    """`host:port`, for a caller."""


@contextmanager
def sipp(
    column: ElementTree.Element, side: Side, place: Place, directory: Path
) -> Iterator[Sipp]:
    """Start SIPp on one column of a scenario; it is killed at the end of the block."""
    role, mark = side.role, side.party.mark
    scenario = directory / f"{role}.xml"
    scenario.write_text(expand(column, side))
    command = [
        find("sipp"),
        "-sf",
        str(scenario),
        "-m",
        "1",
        "-nostdin",
        "-skip_rlimit",
    ]
    command += ["-i", place.host, "-p", str(place.port), "-mi", _MEDIA_HOSTS[role]]
    command += [
        "-t",
        _TRANSPORTS[place.transport],
        "-timeout_error",
        "-timeout",
        "100s",
    ]
    command += ["-cid_str", f"{mark}-%u-%p@%s", "-key", "mark", mark]
    command += ["-trace_msg", "-message_file", str(directory / f"{role}.msg")]
    command += ["-trace_err", "-error_file", str(directory / f"{role}.err")]
    command += [place.remote] if place.remote else []
    with (directory / f"{role}.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        kind = "tcp" if place.transport == "tcp" and role == "callee" else "udp"
        if place.transport == "udp" or role == "callee":
            ready = wait_until(
                lambda: is_bound(place.host, place.port, kind),
                seconds=10,
                alive=process,
            )
            if not ready and process.poll() is None:
                raise Missing(f"{role} does not listen on {place.host}:{place.port}")
        yield Sipp(side, process, directory)
    finally:
        process.kill()
        process.wait()


def run_call(
    call: ElementTree.Element,
    caller: tuple[Side, Place],
    callee: tuple[Side, Place],
    directory: Path,
    *,
    seconds: float,
) -> tuple[Leg, Leg | None]:
    """Play both columns of `call` against each other; the callee is there first.

    A scenario without a callee column has no second leg.
    """
    columns = {column.tag: column for column in call}
    if "callee" not in columns:
        with sipp(columns["caller"], *caller, directory) as far:
            return far.finish(seconds), None
    with (
        sipp(columns["callee"], *callee, directory) as near,
        sipp(columns["caller"], *caller, directory) as far,
    ):
        first = far.finish(seconds)
        return first, near.finish(10.0 if first.exit_code == 0 else 1.0)


def caller_place(transport: str, host: str, remote: str) -> Place:
    """Return a free place on `host` for a caller that speaks to `remote`."""
    return Place(transport, host, free_port(host), remote)
