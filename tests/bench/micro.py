"""Micro-benchmarks: one message, and a whole call through the router in memory.

    python -m tests.bench.micro
    python -m tests.bench.micro --profile          where the whole call's time goes

No sockets, no SIPp, no archive: what is left is our own code. Best of several rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import os
import pstats
import sys
from collections.abc import Callable
from time import perf_counter

from router.engine import Engine, Switchboard
from router.plan.model import AxBinding, Mode, NumberRecord
from router.records.record import CallRecord
from router.settings.model import Calls, Trunk as TrunkSettings
from router.store.sqlite import SqliteStore
from router.trunk.trunk import Trunk
from sip.core import Core
from sip.dialog.settings import CoreSettings
from sip.flow import Flow, Listener
from sip.message.message import Message
from sip.message.parser import check, parse
from sip.message.render import render_response
from sip.message.sdp import masked
from sip.tokens import Tokens

_X, _A = "+8617000000001", "+8613900000001"
_VEIL, _CALLER, _CALLEE = "10.0.0.1", "10.0.1.1", "10.0.2.1"
_SDP = (
    "v=0\r\no=- 53655765 2353687637 IN IP4 10.0.1.1\r\ns=-\r\nc=IN IP4 10.0.1.1\r\n"
    "t=0 0\r\nm=audio 6000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
)
_LINES = (
    "Via: SIP/2.0/UDP 10.0.1.1:5060;branch=z9hG4bK-{method}-{n}\r\n"
    "From: <sip:+8613800000777@10.0.1.1:5060>;tag=a{n}\r\n"
    "To: <sip:+8617000000001@10.0.0.1:5060>{tag}\r\n"
    "Call-ID: {n}@10.0.1.1\r\n"
    "CSeq: {cseq} {method}\r\n"
    "Max-Forwards: 70\r\n"
)
_INVITE_LINES = (
    "Contact: <sip:+8613800000777@10.0.1.1:5060>\r\n"
    "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n"
    "User-Agent: bench\r\n"
    "Content-Type: application/sdp\r\n"
)


def _request(method: str, n: int, uri: str, *, tag: str = "", cseq: int = 1) -> bytes:
    lines = _LINES.format(method=method, n=n, tag=tag, cseq=cseq)
    body = _SDP if method == "INVITE" else ""
    lines += _INVITE_LINES if body else ""
    text = f"{method} {uri} SIP/2.0\r\n{lines}Content-Length: {len(body)}\r\n\r\n{body}"
    return text.encode()


def _response(request: Message, status: str, body: str = "") -> bytes:
    """Answer a request of the router's as the callee does."""
    to = request.fields["to"][0]
    tag = "" if ";tag=" in to else ";tag=b1"
    content = "Content-Type: application/sdp\r\n" if body else ""
    text = (
        f"SIP/2.0 {status}\r\n"
        f"Via: {request.fields['via'][0]}\r\n"
        f"From: {request.fields['from'][0]}\r\n"
        f"To: {to}{tag}\r\n"
        f"Call-ID: {request.call_id}\r\n"
        f"CSeq: {request.fields['cseq'][0]}\r\n"
        "Contact: <sip:+8613900000001@10.0.2.1:5060>\r\n"
        f"{content}Content-Length: {len(body)}\r\n\r\n{body}"
    )
    return text.encode()


class InMemory:
    """The router between a caller and a callee made of templates."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.spent = 0.0
        """Seconds inside the router; making the peers' messages does not count."""
        self.records = 0
        self._number = 0
        listener = Listener("udp", _VEIL, 5060)
        self.core = Core(CoreSettings((listener,)), Tokens(os.urandom))
        store = SqliteStore(":memory:")
        asyncio.run(_fill(store))
        settings = TrunkSettings.model_validate(
            {
                "name": "bench",
                "gateways": [f"sip:{_CALLEE}:5060"],
                "allow": ["10.0.0.0/8"],
            }
        )
        self.board = Switchboard(
            core=self.core,
            store=store,
            archive=self,
            host=_VEIL,
            clock=lambda: self.now,
            wall=lambda: 1_800_000_000.0 + self.now,
            wake=lambda: None,
        )
        self.engine = Engine(self.board, (Trunk(settings, Calls()),))

    def write(self, record: CallRecord) -> None:
        """Count a record."""
        self.records += 1

    def _give(self, data: bytes, host: str) -> list[bytes]:
        """Give the router one datagram and return what it sends."""
        flow = Flow("udp", host, 5060)
        start = perf_counter()
        self.core.receive_datagram(data, flow, self.now)
        self.engine.handle()
        sent = self.core.datagrams_to_send()
        self.spent += perf_counter() - start
        return [out for out, _ in sent]

    def call(self) -> None:
        """Let one call be set up, answered and ended by the caller."""
        self._number += 1
        n = self._number
        self.now += 0.001
        out = self._give(_request("INVITE", n, f"sip:{_X}@{_VEIL}"), _CALLER)
        invite = parse(out[-1])
        self._give(_response(invite, "180 Ringing"), _CALLEE)
        out = self._give(_response(invite, "200 OK", _SDP), _CALLEE)
        answer = parse(next(data for data in out if data.startswith(b"SIP/2.0 200")))
        tag = f";tag={answer.to_tag}"
        uri = answer.fields["contact"][0].strip("<>")
        self._give(_request("ACK", n, uri, tag=tag), _CALLER)
        out = self._give(_request("BYE", n, uri, tag=tag, cseq=2), _CALLER)
        bye = parse(next(data for data in out if data.startswith(b"BYE")))
        self._give(_response(bye, "200 OK"), _CALLEE)
        start = perf_counter()
        self.core.handle_timer(self.now)
        self.spent += perf_counter() - start


async def _fill(store: SqliteStore) -> None:
    await store.open()
    await store.put_number(NumberRecord(_X, "bench", Mode.AX))
    await store.bind_ax(AxBinding("bench", _A, _X))


def _best(work: Callable[[], object], *, rounds: int = 7, repeats: int = 5000) -> float:
    """Return the microseconds of the quickest round, for each repeat."""
    best = float("inf")
    for _ in range(rounds):
        start = perf_counter()
        for _ in range(repeats):
            work()
        best = min(best, perf_counter() - start)
    return 1e6 * best / repeats


def _parse_and_read(data: bytes) -> None:
    message = parse(data)
    check(message)  # type: ignore[arg-type]  # it is a request
    _ = message.via, message.from_tag, message.to_tag, message.cseq, message.call_id


def _whole_call(*, rounds: int = 7, calls: int = 1000) -> float:
    """Return the microseconds of a call, two legs and its record, of the best round."""
    best = float("inf")
    for _ in range(rounds):
        router = InMemory()
        gc.collect()
        gc.freeze()
        for _ in range(calls):
            router.call()
        if router.records != calls:
            raise AssertionError(f"{router.records} records of {calls} calls")
        best = min(best, router.spent / calls)
    return 1e6 * best


def _profile() -> None:
    router = InMemory()
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(3000):
        router.call()
    profile.disable()
    pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(45)


def main(arguments: list[str]) -> int:
    """Print a table, or a profile."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--profile", action="store_true")
    if parser.parse_args(arguments).profile:
        _profile()
        return 0
    invite = _request("INVITE", 1, f"sip:{_X}@{_VEIL}")
    request = parse(invite)
    body = _SDP.encode()
    gc.set_threshold(100_000, 50, 1000)
    figures = {
        "parse an INVITE of 12 headers with SDP": _best(lambda: parse(invite)),
        "parse it, check it, read what routing needs": _best(
            lambda: _parse_and_read(invite)
        ),
        "render a 180 to it": _best(
            lambda: render_response(request, 180, to_tag="x")  # type: ignore[arg-type]
        ),
        "mask its SDP": _best(
            lambda: masked(
                body, username="-", session_id=1, version=1, address="10.0.0.1"
            )
        ),
        "a whole call in memory, SQLite look-up": _whole_call(),
    }
    for name, value in figures.items():
        sys.stdout.write(f"| {name} | {value:.1f} us |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
