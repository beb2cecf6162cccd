"""RFC 4475 and RFC 5118 on the wire: what a running veil answers each message with.

All 49 and 12 messages are sent, byte for byte (RFC 5118's with CRLF, see
`tests/torture`), over UDP and over TCP. The verdicts are those of the archives'
`expectations.json`; where that leaves a choice, the comment says which we made.
"""

from __future__ import annotations

import json
import re
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import free_port
from tests.sipp.conftest import VEIL_HOST, config
from tests.veil import Veil, veil_serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

_PEER = "127.0.1.7"
_FOLDER = Path(__file__).parent.parent / "torture"
_CALL_ID = re.compile(
    rb"^(?:call-id|i)[ \t]*:\s*(.+?)\r?$", re.MULTILINE | re.IGNORECASE
)
_CSEQ = re.compile(rb"^cseq[ \t]*:\s*(.+?)\r?$", re.MULTILINE | re.IGNORECASE)
_VIA_PORT = re.compile(
    rb"^(?:via|v)[ \t]*:[^\r\n;]*:[ \t]*(\d+)[ \t]*[;\r]", re.MULTILINE | re.IGNORECASE
)
_STATUS = re.compile(rb"SIP/2\.0 (\d{3}) ")
_BRANCH = re.compile(rb"branch[ \t]*=[ \t]*([^;\s]*)")
_T1 = 0.01
_SETTLED = 80 * _T1
"""Seconds after which a message is answered, its transaction forgotten (64*T1)."""

DROPPED = 0
EXPECTED = {
    # Responses nobody waits for, or that cannot be read.
    DROPPED: ("unreason noreason scalarlg bigcode bcast"),
    200: (
        "zeromf via-received-param-no-delim lwsdisp semiuri transports "
        "ipv6-bug-abnf-3-colons ipv6-correct-abnf-2-colons"
    ),
    400: (
        "badinv01 clerr scalar02 quotbal lwsruri lwsstart trws badaspec "
        "badbranch insuf mcl01 ltgtruri ipv6-bad inv2543 ncl escruri regbadct "
        "baddn mismatch01 multi01"
    ),
    # INVITEs, well-formed: their numbers are none of ours.
    404: ("esc01 longreq ipv6-in-sdp ipv4-mapped-ipv6 baddate mult-ip-in-sdp"),
    405: (
        "dblreq mpart01 ipv6-good escnull port-ambiguous port-unambiguous "
        "unksm2 regaut01 cparam01 cparam02 regescrt"
    ),
    406: ("sdp01"),
    415: ("invut"),
    416: ("unkscm novelsc"),
    420: ("bext01"),
    # A tag of a dialog we do not have, BYE or INVITE.
    481: ("wsinv via-received-param-with-delim mult-ip-in-header"),
    501: ("intmeth esc02 mismatch02"),
    505: ("badvers"),
}
"""Names by final status. A request line, header or method of which the archive says
"parse" gets what it gets as the request it is: 200, 405, 404, 481."""

INCOMPLETE_STREAM = ("clerr", "baddn")
"""Shorter than their Content-Length, or without the blank line: over TCP the rest is
waited for, and there is no answer before the connection's time is up."""


def _messages() -> dict[str, bytes]:
    """Return every message of both archives by its name."""
    found = {}
    for case in json.loads((_FOLDER / "rfc4475/expectations.json").read_text())[
        "cases"
    ]:
        name = case["file"].removesuffix(".dat")
        found[name] = (_FOLDER / "rfc4475" / case["file"]).read_bytes()
    for case in json.loads((_FOLDER / "rfc5118/expectations.json").read_text())[
        "cases"
    ]:
        file = _FOLDER / "rfc5118/messages-crlf" / case["file_crlf"]
        found[case["file"]] = file.read_bytes()
    return found


def _rounds(messages: dict[str, bytes]) -> list[list[bytes]]:
    """Share the messages out so that none looks like a repeat of another.

    Many have the same branch or the same Call-ID; they must not be answered as one.
    """
    rounds: list[tuple[set[bytes], list[bytes]]] = []
    for data in messages.values():
        marks = {_key(data), b"branch " + b"".join(_BRANCH.findall(data)[:1])}
        for taken, members in rounds:
            if not taken & marks:
                taken |= marks
                members.append(data)
                break
        else:
            rounds.append((marks, [data]))
    return [members for _, members in rounds]


def _key(data: bytes) -> bytes:
    """Return what request and response have in common."""
    found = _CALL_ID.search(data) or _CSEQ.search(data)
    return found[1] if found else b""


def _statuses(answers: list[bytes]) -> dict[bytes, int]:
    """Return the final status given to each key."""
    finals: dict[bytes, int] = {}
    for answer in answers:
        status = _STATUS.match(answer)
        assert status is not None, answer
        if int(status[1]) >= 200:
            finals[_key(answer)] = int(status[1])
    return finals


def _over_udp(messages: list[bytes], address: tuple[str, int]) -> list[bytes]:
    """Send all, and return all that comes back to the ports their Vias name."""
    ports = {int(port) for data in messages for port in _VIA_PORT.findall(data)}
    sockets = []
    for port in sorted({5060} | {port for port in ports if 1024 < port < 65536}):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((_PEER, port))
        sockets.append(one)
    answers = []
    for data in messages:
        sockets[0].sendto(data, address)
        answers += _receive(sockets, 0.02)
    answers += _receive(sockets, _SETTLED)
    for one in sockets:
        one.close()
    return answers


def _receive(sockets: list[socket.socket], seconds: float) -> list[bytes]:
    answers = []
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        for one in select.select(sockets, [], [], left)[0]:
            answers.append(one.recv(65536))
    return answers


def _over_tcp(messages: list[bytes], address: tuple[str, int]) -> list[bytes]:
    """Send each on a connection of its own, and return all that comes back."""
    connections = []
    for data in messages:
        one = socket.create_connection(address, source_address=(_PEER, 0))
        one.sendall(data)
        connections.append(one)
    time.sleep(_SETTLED)
    answers = []
    for one in connections:
        one.setblocking(False)
        try:
            stream = one.recv(1 << 20)
        except (BlockingIOError, ConnectionResetError):
            stream = b""
        one.close()
        starts = [match.start() for match in _STATUS.finditer(stream)]
        ends = [*starts[1:], len(stream)]
        answers += [stream[i:j] for i, j in zip(starts, ends, strict=False)]
    return answers


@pytest.fixture
def veil(tmp_path: Path) -> Iterator[tuple[Veil, tuple[str, int]]]:
    """Run a veil that knows the peer."""
    port = free_port(VEIL_HOST)
    gateways = {_PEER: ["sip:127.0.1.3:9"]}
    timers = {"t1": _T1, "t2": _T1, "t4": _T1}
    settings = config(tmp_path, f"{VEIL_HOST}:{port}", gateways, timers=timers)
    with veil_serve(settings, tmp_path) as running:
        yield running, (VEIL_HOST, port)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_every_message_gets_its_verdict(
    transport: str, veil: tuple[Veil, tuple[str, int]]
) -> None:
    running, address = veil
    messages = _messages()
    send = _over_udp if transport == "udp" else _over_tcp
    got: dict[str, int] = {}
    for members in _rounds(messages):
        finals = _statuses(send(members, address))
        names = [name for name, data in messages.items() if data in members]
        got |= {name: finals.get(_key(messages[name]), DROPPED) for name in names}
    expected = {name: s for s, names in EXPECTED.items() for name in names.split()}
    if transport == "tcp":
        expected |= dict.fromkeys(INCOMPLETE_STREAM, DROPPED)
    assert got == expected
    assert running.process.poll() is None
    assert running.metrics()["veil_faults_total"] == 0
    assert running.trouble() == []
