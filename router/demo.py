"""`veil demo`: a veil, a caller and a callee in one process, one call in each mode.

Real sockets on free ports of this machine, a store and an archive in a directory that
is removed afterwards: what is printed went over the wire.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from router.app.service import Service
from router.phone.ladder import Rung
from router.phone.phone import Answering, Phone
from router.records.record import CallRecord
from router.settings import Settings, load

_HOST = "127.0.0.1"
_ANSWER_SECONDS = 5.0
_TALK_SECONDS = 0.3
_WIDTH = 34


@dataclass(frozen=True, slots=True)
class Scene:
    """One call of the demonstration."""

    title: str
    x: str
    caller: str


SCENES = (
    Scene("AX: anyone calls X and reaches A", "+8617000000001", "+8613700000009"),
    Scene("AXB: A calls X and reaches B", "+8617000000002", "+8613800000001"),
)


def main() -> int:
    """Place the calls and print them; return 0 when every one was answered."""
    with tempfile.TemporaryDirectory(prefix="veil-demo-") as directory:
        good = asyncio.run(_run(Path(directory)))
    click.echo("all calls went through" if good else "a call did not go through")
    return 0 if good else 1


async def _run(directory: Path) -> bool:
    good = True
    async with Phone(answering=Answering()) as callee:
        settings = _settings(directory, callee)
        async with Service(settings) as service:
            for scene in SCENES:
                good = await _play(scene, service, callee) and good
    return good


def _settings(directory: Path, callee: Phone) -> Settings:
    """Return the embedded sample's settings on free ports, the callee as gateway."""
    udp, http = _free_port(socket.SOCK_DGRAM), _free_port(socket.SOCK_STREAM)
    return load(
        environment={
            "VEIL_SIP__LISTEN": f'["udp:{_HOST}:{udp}"]',
            "VEIL_TRUNKS__0__GATEWAYS": f'["sip:{callee.host}:{callee.port}"]',
            "VEIL_HTTP__LISTEN": f"{_HOST}:{http}",
            "VEIL_STORE": f"sqlite:{directory / 'veil.db'}",
            "VEIL_ARCHIVE": f"sqlite:{directory / 'archive.db'}",
        }
    )


async def _play(scene: Scene, service: Service, callee: Phone) -> bool:
    click.echo(f"── {scene.title}\n")
    before = len(callee.ladder.rungs)
    bound = service.endpoint.bound[0]
    async with Phone() as caller:
        call = caller.call(bound.host, bound.port, number=scene.x, caller=scene.caller)
        status = await asyncio.wait_for(call.answered, _ANSWER_SECONDS)
        await asyncio.sleep(_TALK_SECONDS)
        caller.hang_up(call)
        await _quiet(service)
        rungs = _merge(caller.ladder.rungs, callee.ladder.rungs[before:])
    for line in _draw(rungs):
        click.echo(line)
    await service.archive.flush()
    (record,) = await service.archive.newest(1)
    click.echo()
    for name, value in _readable(record):
        click.echo(f"  {name:<18}{value}")
    click.echo()
    return status == 200


async def _quiet(service: Service) -> None:
    """Wait until both legs are over, at most as long as an answer may take."""
    async with asyncio.timeout(_ANSWER_SECONDS):
        while service.core.ground.sessions or service.board.calls:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def _merge(near: list[Rung], far: list[Rung]) -> list[tuple[bool, Rung]]:
    """Put both legs' messages in order of time; True marks the caller's leg."""
    both = [(True, rung) for rung in near] + [(False, rung) for rung in far]
    return sorted(both, key=lambda pair: pair[1].at)


def _draw(rungs: list[tuple[bool, Rung]]) -> list[str]:
    start = rungs[0][1].at
    gap = " " * _WIDTH
    drawn = [f"{'':8}{'caller':<{_WIDTH}} {'veil':<{_WIDTH - 5}} callee"]
    for is_near, (at, is_ours, text) in rungs:
        shaft = f" {_short(text)} ".center(_WIDTH - 2, "─")
        # The caller's own messages go right, the callee's own left.
        arrow = f"{shaft}─▶" if is_ours == is_near else f"◀─{shaft}"
        columns = (arrow, gap) if is_near else (gap, arrow)
        drawn.append(f"{at - start:7.3f}|{columns[0]}|{columns[1]}|")
    return drawn


def _short(text: str) -> str:
    """Leave the host of a URI out, so that a rung has room."""
    method, _, rest = text.partition(" sip:")
    if not rest:
        return text
    uri, blank, note = rest.partition(" ")
    user, at, _ = uri.partition("@")
    return f"{method}{f' {user}' if at else ''}{blank}{note}"


def _readable(record: CallRecord) -> list[tuple[str, str]]:
    lines = []
    for name, value in record._asdict().items():
        if name.endswith("_at") and value is not None:
            value = f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3]
        elif isinstance(value, tuple):
            value = "; ".join(value)
        if value not in ("", None):
            lines.append((name, str(value)))
    return lines


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
