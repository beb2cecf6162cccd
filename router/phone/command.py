"""`veil call`: place one call, or wait for calls, and print the ladder."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from router.phone.phone import Answering, Phone, PhoneCall
from sip.transport.port import is_address

_NOT_ANSWERED = 1
_DEFAULT_PORT = 5060
_T = TypeVar("_T")


def main(arguments: list[str]) -> int:
    """Run the phone with command-line `arguments`; return the exit code."""
    result = _call.main(args=arguments, prog_name="veil call", standalone_mode=False)
    return int(result or 0)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("number", required=False)
@click.option(
    "--via",
    default="127.0.0.1:5060",
    show_default=True,
    metavar="HOST[:PORT]",
    help="Where veil listens.",
)
@click.option(
    "--from",
    "caller",
    default="+8613800000001",
    show_default=True,
    metavar="NUMBER",
    help="The number to call from.",
)
@click.option("--digits", default="", help="Digits to send once answered, by INFO.")
@click.option(
    "--seconds",
    default=2.0,
    show_default=True,
    type=click.FloatRange(min=0.0),
    help="How long to talk before hanging up.",
)
@click.option(
    "--transport",
    type=click.Choice(["udp", "tcp"]),
    default="udp",
    show_default=True,
)
@click.option(
    "--bind",
    default="127.0.0.1:0",
    show_default=True,
    metavar="HOST[:PORT]",
    help="Our own address; port 0 takes a free one.",
)
@click.option("--answer", is_flag=True, help="Wait for calls and answer them instead.")
@click.option(
    "--refuse",
    type=click.IntRange(300, 699),
    metavar="STATUS",
    help="Wait for calls and refuse them, with 486 say.",
)
def _call(
    number: str | None,
    via: str,
    caller: str,
    digits: str,
    seconds: float,
    transport: str,
    bind: str,
    answer: bool,  # noqa: FBT001 - click passes options by name
    refuse: int | None,
) -> int:
    """Call NUMBER through veil and print what went over the wire.

    With --answer or --refuse wait for calls instead: the phone at the gateway's place
    (`--bind 127.0.0.1:5090` for the embedded sample). Exit code 0 when the call was
    answered, 1 when it was not.
    """
    waits = answer or refuse is not None
    if waits == (number is not None):
        raise click.UsageError("give a NUMBER to call, or --answer, or --refuse STATUS")
    host, port = _address(bind, "--bind", default_port=0)
    try:
        if waits:
            phone = Phone(
                host=host,
                port=port,
                transport=transport,
                answering=Answering(status=refuse or 200),
            )
            return asyncio.run(_wait(phone))
        phone = Phone(host=host, port=port, transport=transport)
        there = _address(via, "--via", default_port=_DEFAULT_PORT)
        return asyncio.run(_place(phone, there, number or "", caller, digits, seconds))
    except OSError as error:
        raise click.ClickException(f"cannot listen on {bind}: {error}") from error


async def _place(
    phone: Phone,
    there: tuple[str, int],
    number: str,
    caller: str,
    digits: str,
    seconds: float,
) -> int:
    async with phone:
        call = phone.call(*there, number=number, caller=caller)
        with _interrupts(call.ended, "given up"):
            await _first(call.answered, call.ended)
            status = call.answered.result() if call.answered.done() else 0
            if status == 200:
                await _talk(phone, call, digits, seconds)
            else:
                phone.hang_up(call)
            # One round trip for the answer to our BYE or CANCEL, or the ACK.
            await asyncio.sleep(0.2)
        for line in phone.ladder.lines("phone", "veil"):
            click.echo(line)
        ending = call.ended.result() if call.ended.done() else "left"
    if status == 200:
        click.echo(f"answered; {ending}")
        return 0
    click.echo(f"not answered: {ending}" if status else "not answered: given up")
    return _NOT_ANSWERED


async def _talk(phone: Phone, call: PhoneCall, digits: str, seconds: float) -> None:
    phone.send_digits(call, digits)
    await asyncio.wait([call.ended], timeout=seconds)
    phone.hang_up(call)


async def _wait(phone: Phone) -> int:
    async with phone:
        click.echo(f"waiting for calls on {phone.transport}:{phone.host}:{phone.port}")
        stop: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with _interrupts(stop, 0):
            while not stop.done():
                before = len(phone.ladder.rungs)
                task = asyncio.ensure_future(phone.incoming.get())
                await _first(task, stop)
                if not task.done():
                    task.cancel()
                    break
                call = task.result()
                await _first(call.ended, stop)
                await asyncio.sleep(0.2)
                for rung in phone.ladder.rungs[before:]:
                    click.echo(f"{'  sent ' if rung.is_ours else '  got  '}{rung.text}")
                digits = f"; digits {call.digits}" if call.digits else ""
                ending = call.ended.result() if call.ended.done() else "left"
                click.echo(f"call over: {ending}{digits}")
    return 0


async def _first(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)


@contextlib.contextmanager
def _interrupts(future: asyncio.Future[_T], value: _T) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM settle `future` instead of ending the process."""
    loop = asyncio.get_running_loop()

    def settle() -> None:
        if not future.done():
            future.set_result(value)

    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, settle)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _address(text: str, option: str, *, default_port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: {error}", param_hint=option) from error
    if not is_address(host):
        raise click.BadParameter(
            f"{text!r} is not HOST[:PORT] with an IP address", param_hint=option
        )
    return host, default_port if port is None else port
