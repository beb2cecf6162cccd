"""The small phone, as a person runs it: `veil call` against another phone.

Covered: answered, refused, cancelled, digits, IPv6, TCP, usage mistakes, the ladder.
"""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from router.phone.ladder import Ladder
from router.phone.phone import Answering, Phone, PhoneCall
from tests.peers import ROOT
from tests.veil import COMMAND

pytestmark = pytest.mark.socket

CALLER, CALLEE = "+8613800000001", "+8613900000002"
SOON = 5.0


def veil_call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "call", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )


async def run_call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(veil_call, *arguments)


async def called(phone: Phone) -> PhoneCall:
    return await asyncio.wait_for(phone.incoming.get(), SOON)


async def test_an_answered_call_prints_its_ladder_and_exits_0() -> None:
    async with Phone(answering=Answering(ring_seconds=0.0)) as callee:
        via = f"{callee.host}:{callee.port}"
        done = await run_call(
            CALLEE, "--via", via, "--from", CALLER, "--seconds", "0.1"
        )
        call = await called(callee)
        assert await asyncio.wait_for(call.ended, SOON) == "hung up there (bye)"
    assert done.returncode == 0, done.stderr
    for step in ("INVITE sip:+8613900000002@", "180 Ringing", "200 OK (SDP)", "ACK"):
        assert step in done.stdout
    assert done.stdout.rstrip().endswith("answered; hung up here")


async def test_digits_arrive_in_order() -> None:
    async with Phone(answering=Answering(ring_seconds=0.0)) as callee:
        via = f"{callee.host}:{callee.port}"
        arguments = ("--via", via, "--digits", "12#*0", "--seconds", "0.2")
        done = await run_call(CALLEE, *arguments)
        call = await called(callee)
        await asyncio.wait_for(call.ended, SOON)
    assert done.returncode == 0
    assert call.digits == "12#*0"


async def test_a_refused_call_exits_1_and_says_with_what() -> None:
    async with Phone(answering=Answering(status=486)) as callee:
        done = await run_call(CALLEE, "--via", f"{callee.host}:{callee.port}")
    assert done.returncode == 1
    assert "486 Busy Here" in done.stdout
    assert "not answered: failed with 486" in done.stdout


@pytest.mark.parametrize(("host", "transport"), [("127.0.0.1", "tcp"), ("::1", "udp")])
async def test_two_phones_talk_over(host: str, transport: str) -> None:
    answering = Answering(ring_seconds=0.0)
    async with (
        Phone(host=host, transport=transport, answering=answering) as callee,
        Phone(host=host, transport=transport) as caller,
    ):
        call = caller.call(host, callee.port, number=CALLEE, caller=CALLER)
        assert await asyncio.wait_for(call.answered, SOON) == 200
        callee_call = await called(callee)
        callee.hang_up(callee_call)
        assert await asyncio.wait_for(call.ended, SOON) == "hung up there (bye)"
        callee.hang_up(callee_call)  # over already: nothing happens


async def test_hanging_up_while_it_rings_cancels() -> None:
    async with (
        Phone(answering=Answering(ring_seconds=SOON)) as callee,
        Phone() as caller,
    ):
        call = caller.call(callee.host, callee.port, number=CALLEE, caller=CALLER)
        there = await called(callee)
        while 180 not in call.statuses:  # noqa: ASYNC110
            await asyncio.sleep(0)
        caller.hang_up(call)
        assert await asyncio.wait_for(call.answered, SOON) == 487
        assert await asyncio.wait_for(there.ended, SOON) == "cancelled by the caller"


async def test_the_callee_may_refuse_while_it_rings() -> None:
    async with (
        Phone(answering=Answering(ring_seconds=SOON)) as callee,
        Phone() as caller,
    ):
        call = caller.call(callee.host, callee.port, number=CALLEE, caller=CALLER)
        callee.hang_up(await called(callee))
        assert await asyncio.wait_for(call.answered, SOON) == 480


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "give a NUMBER to call, or --answer, or --refuse STATUS"),
        ((CALLEE, "--answer"), "give a NUMBER to call"),
        ((CALLEE, "--via", "nowhere"), "with an IP address"),
        ((CALLEE, "--via", "127.0.0.1:99999"), "--via"),
        ((CALLEE, "--bind", "192.0.2.1"), "cannot listen on 192.0.2.1"),
        (("--refuse", "200"), "--refuse"),
    ],
)
def test_a_mistake_on_the_command_line_is_named(
    arguments: tuple[str, ...], text: str
) -> None:
    done = veil_call(*arguments)
    assert done.returncode != 0
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_the_ladder_shows_who_sent_what_and_why() -> None:
    ladder = Ladder()
    assert ladder.lines("a", "b") == ["(no messages)"]
    ladder.add(
        b"SIP/2.0 480 Gone\r\nReason: Q.850;cause=20\r\n\r\n", 1.0, is_ours=False
    )
    ladder.add(b"BYE sip:b SIP/2.0\r\n\r\n", 1.5, is_ours=True)
    ladder.add(b"\x00\x01", 2.0, is_ours=False)
    _, first, second, third = ladder.lines("a", "b")
    assert "◀" in first
    assert "480 Gone [Q.850;cause=20]" in first
    assert second.startswith("  0.500")
    assert "BYE sip:b ─" in second
    assert "2 bytes that are no SIP" in third
    assert len(ladder.received) == 2
