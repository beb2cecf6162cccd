"""Fuzz loops by seed. The invariant: any bytes give a message or `PeerMistake`.

Never another exception, never an answer that is not itself a message, never a value of
another kind than the attribute promises.
"""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from sip.errors import PeerMistake
from sip.message.address import Address
from sip.message.check import check, check_response, check_strictly
from sip.message.framer import Framer
from sip.message.limits import MAX_STREAM_MESSAGE, MAX_VIAS
from sip.message.message import Message, Request, Response
from sip.message.parser import parse
from sip.message.readers import READERS, tag_of
from sip.message.render import render_response
from sip.message.uri import Uri, is_uri
from sip.message.values import Via
from tests.fuzz.mutate import mutate
from tests.torture.verdict import FOLDER

SEEDS = range(20)
ROUNDS = 250
CORPUS = [
    path.read_bytes()
    for pattern in ("rfc4475/*.dat", "rfc5118/messages-crlf/*.sip")
    for path in sorted(FOLDER.glob(pattern))
]


def read_everything(message: Message) -> None:
    for name in READERS:
        with suppress(PeerMistake):
            getattr(message, name)
    for name in message.fields:
        assert name == name.lower()
        try:
            parts = message.all(name)
        except PeerMistake:
            continue
        assert all("\r" not in part and "\n" not in part for part in parts)


def answer(request: Request) -> None:
    if len(request.fields.get("via", ())) > MAX_VIAS:
        # With the lines of the answer's own it may hold more than the parser takes.
        return
    data = render_response(request, 400, to_tag="t")
    response = parse(data, limit=2 * MAX_STREAM_MESSAGE)
    assert isinstance(response, Response)
    assert response.status == 400
    for name in ("via", "from", "call-id", "cseq"):
        copied = response.fields.get(name)
        assert copied is None or set(copied) <= set(request.fields[name])


def try_message(data: bytes) -> None:
    try:
        message = parse(data)
    except PeerMistake as mistake:
        if mistake.request is not None:
            read_everything(mistake.request)
            answer(mistake.request)
        return
    read_everything(message)
    if isinstance(message, Response):
        with suppress(PeerMistake):
            check_response(message)
        return
    answer(message)
    for rule in (check, check_strictly):
        with suppress(PeerMistake):
            rule(message)
    again = parse(message.render(), limit=2 * MAX_STREAM_MESSAGE)
    assert isinstance(again, Request)
    assert (again.method, again.uri, again.body) == (
        message.method,
        message.uri,
        message.body,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_messages(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(ROUNDS):
        try_message(mutate(draw, CORPUS))


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_streams(seed: int) -> None:
    draw = random.Random(1000 + seed)
    for _ in range(ROUNDS // 5):
        stream = b"".join(mutate(draw, CORPUS) for _ in range(3))
        whole = outcome(stream, [len(stream)])
        sizes = [draw.randint(1, 200) for _ in range(len(stream) // 20 + 1)]
        assert outcome(stream, [*sizes, len(stream)]) == whole


def outcome(stream: bytes, sizes: list[int]) -> list[bytes | int]:
    framer = Framer()
    seen: list[bytes | int] = []
    for size in sizes:
        framer.feed(stream[:size])
        stream = stream[size:]
        try:
            while (message := framer.next_message()) is not None:
                seen.append(message)
        except PeerMistake as mistake:
            seen.append(mistake.status)
    return seen


VALUES = [
    b'"A \\"B\\"" <sip:a:b@c.example:5060;lr;x=y?h=i>;tag=1;q="z"',
    b"sip:user;par=u%40example.net@[2001:db8::1]:5070;transport=UDP",
    b"SIP/2.0/UDP [::1]:5060;branch=z9hG4bKx;rport;received=192.0.2.1",
    b"<sip:a@b>;tag=1, sip:c@d;tag=2",
    b"tel:+86-170;phone-context=example.com",
]


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_values(seed: int) -> None:
    draw = random.Random(2000 + seed)
    for _ in range(ROUNDS):
        text = mutate(draw, VALUES).decode("utf-8", "surrogateescape")
        for kind in (Uri, Address, Via):
            try:
                value = kind.parse(text)
            except ValueError:
                continue
            assert kind.parse(str(value)) == value
        assert is_uri(text) is parses(text)
        try:
            tag = tag_of("to", text)
        except PeerMistake:
            continue
        assert "\r" in text or "\n" in text or tag in text


def parses(text: str) -> bool:
    try:
        Uri.parse(text)
    except ValueError:
        return False
    return True
