"""Every scenario of `scenarios/`, over UDP and over TCP, against a real `veil serve`.

Each asserts: both SIPp were content; which methods and statuses each side was sent; the
one call record; not a byte of one party on the other's leg; no call and no dialog left.
The attributes of the file's `<call>` say what is expected (`Expected`).
"""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from tests.leak import Party
from tests.peers import wait_until
from tests.sipp.conftest import (
    AX,
    AX_PARTY,
    AXB,
    AXB_PARTIES,
    CALLEE_HOST,
    TEMPORARY,
    WAYS,
    Served,
)
from tests.sipp.runner import SCENARIOS, Leg, Place, caller_place, run_call
from tests.sipp.script import Side
from tests.veil import CALL_GAUGES

pytestmark = [pytest.mark.sipp, pytest.mark.timeout(180)]

_STRANGER = "+8613800000777"
_NUMBERS = {
    "ax": (_STRANGER, AX, AX_PARTY),
    "ax-a": (AX_PARTY, AX, TEMPORARY),
    "axb-a": (AXB_PARTIES[0], AXB, AXB_PARTIES[1]),
    "axb-b": (AXB_PARTIES[1], AXB, AXB_PARTIES[0]),
    "axb-stranger": (_STRANGER, AXB, AXB_PARTIES[1]),
    "unknown": (_STRANGER, "+8617000000009", AX_PARTY),
}
"""Caller, dialled X and callee by the `number` attribute of a scenario."""


class Expected(NamedTuple):
    """What a scenario file's `<call>` says of its outcome."""

    caller_sees: str
    callee_sees: str
    records: str
    """How many call records: `1` by default; `any`: not this scenario's affair."""
    reason: str
    released_by: str
    """Of the record; of each in order of arrival, when there are several."""

    @classmethod
    def of(cls, call: ElementTree.Element) -> Expected:
        """Read the attributes."""
        get = call.attrib.get
        sees = get("caller-sees", ""), get("callee-sees", "")
        how = get("records", "1"), get("reason", ""), get("released-by", "")
        return cls(*sees, *how)


def _scenarios() -> list[object]:
    """Return (file, transport) for each file and each transport it is meant for."""
    cases: list[tuple[float, object]] = []
    for file in sorted(SCENARIOS.glob("*.xml")):
        call = ElementTree.parse(file).getroot()
        seconds = float(call.get("seconds", "15"))
        for transport in call.get("transports", "udp tcp").split():
            name = f"{file.stem}-{transport}"
            cases.append((-seconds, pytest.param(file, transport, id=name)))
    # The long ones first, a short one behind each: workers are handed them by twos.
    ordered = [case for _, case in sorted(cases, key=lambda case: case[0])]
    half = len(ordered) // 2
    turns = zip_longest(ordered[:half], reversed(ordered[half:]))
    return [case for turn in turns for case in turn if case is not None]


def _play(
    call: ElementTree.Element, served: Served, transport: str, directory: Path
) -> tuple[Leg, Leg | None]:
    caller, x, callee = _NUMBERS[call.get("number", "ax")]
    way = call.get("gateways", transport)
    place = caller_place(transport, WAYS[way], served.sip)
    near = Place(transport, CALLEE_HOST, served.gateway_port)
    sides = (
        Side("caller", Party(caller, place.host, "nightingale"), x, _at(place)),
        Side("callee", Party(callee, near.host, "kingfisher"), x, _at(near)),
    )
    seconds = float(call.get("seconds", "15"))
    caller_leg, callee_leg = run_call(
        call, (sides[0], place), (sides[1], near), directory, seconds=seconds
    )
    return caller_leg, callee_leg


def _at(place: Place) -> str:
    return f"{place.host}:{place.port};transport={place.transport}"


@pytest.mark.parametrize(("file", "transport"), _scenarios())
def test_scenario(file: Path, transport: str, served: Served, tmp_path: Path) -> None:
    call = ElementTree.parse(file).getroot()
    expected = Expected.of(call)
    before = len(served.veil.records())

    try:
        caller, callee = _play(call, served, transport, tmp_path)
    finally:
        # Whatever went wrong: the next scenario must not meet this one's repeats.
        quiet = wait_until(lambda: not served.veil.busy(CALL_GAUGES), seconds=40)

    legs = [leg for leg in (caller, callee) if leg is not None]
    story = "\n".join([*(leg.story() for leg in legs), f"veil: {served.veil.log}"])
    assert [leg.exit_code for leg in legs] == [0] * len(legs), story
    assert caller.saw == expected.caller_sees, story
    assert callee is None or callee.saw == expected.callee_sees, story
    _check_leaks(call, caller, callee)
    assert quiet, served.veil.busy(CALL_GAUGES)
    _check_records(served, before, expected, story)


def _check_leaks(call: ElementTree.Element, caller: Leg, callee: Leg | None) -> None:
    number, x, other = _NUMBERS[call.get("number", "ax")]
    unseen = Side("callee", Party(other, CALLEE_HOST, "kingfisher"), x, "")
    assert caller.leaks(callee.side if callee else unseen) == []
    assert callee is None or callee.leaks(caller.side) == []
    assert caller.messages, f"{number} heard nothing at all"


def _check_records(served: Served, before: int, expected: Expected, story: str) -> None:
    if expected.records == "any":
        return
    count = int(expected.records)
    wait_until(lambda: len(served.veil.records()) >= before + count, seconds=3)
    records = served.veil.records()[before:]
    assert len(records) == count, (records, story)
    for column, endings in (
        ("reason", expected.reason),
        ("released_by", expected.released_by),
    ):
        assert [record[column] for record in records] == endings.split(), story
