"""The second leg over TLS, to a gateway whose certificate is checked (26.3.1)."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.leak import Party
from tests.peers import free_port, need, wait_until
from tests.sipp.conftest import AX, AX_PARTY, CALLEE_HOST, VEIL_HOST, WAYS, config
from tests.sipp.runner import SCENARIOS, Leg, Place, caller_place, run_call
from tests.sipp.script import Side
from tests.sipp.tls_front import Certificate, make_certificate, tls_front
from tests.veil import Veil, veil_serve

pytestmark = [pytest.mark.sipp, pytest.mark.timeout(120)]

_CALLER = "+8613800000778"


def _call(
    name: str, sip: str, tls_port: int, tcp_port: int, directory: Path
) -> tuple[Leg, Leg | None]:
    """Play a scenario whose callee is reached through the TLS front."""
    place = caller_place("udp", WAYS["udp"], sip)
    at = f"{place.host}:{place.port};transport=udp"
    caller = Side("caller", Party(_CALLER, place.host, "nightingale"), AX, at)
    front = f"{CALLEE_HOST}:{tls_port};transport=tls"
    callee = Side("callee", Party(AX_PARTY, CALLEE_HOST, "kingfisher"), AX, front)
    near = Place("tcp", CALLEE_HOST, tcp_port)
    call = ElementTree.parse(SCENARIOS / f"{name}.xml").getroot()
    return run_call(call, (caller, place), (callee, near), directory, seconds=20)


def _settings(
    directory: Path, files: Certificate, trusted: Certificate
) -> dict[str, str]:
    return {
        "certificate": str(files.certificate),
        "key": str(files.key),
        "authorities": str(trusted.certificate),
    }


@pytest.mark.parametrize("scenario", ["answered", "callee-hangs-up"])
def test_a_gateway_on_tls(scenario: str, tmp_path: Path) -> None:
    need("sipp")
    ours = make_certificate(tmp_path, VEIL_HOST)
    theirs = make_certificate(tmp_path, CALLEE_HOST)
    sip = f"{VEIL_HOST}:{free_port(VEIL_HOST)}"
    tls_port, tcp_port = free_port(CALLEE_HOST), free_port(CALLEE_HOST)
    gateway = f"sip:{CALLEE_HOST}:{tls_port};transport=tls"
    tls = _settings(tmp_path, ours, theirs)
    settings = config(tmp_path, sip, {WAYS["udp"]: [gateway]}, tls=tls)
    with (
        tls_front(theirs, CALLEE_HOST, tls_port, tcp_port) as versions,
        veil_serve(settings, tmp_path) as veil,
    ):
        caller, callee = _call(scenario, sip, tls_port, tcp_port, tmp_path)
        assert callee is not None
        story = f"{caller.story()}\n{callee.story()}"
        assert (caller.exit_code, callee.exit_code) == (0, 0), story
        assert len(versions) == 1, "one connection carries the whole call"
        assert versions[0] in ("TLSv1.2", "TLSv1.3")
        assert caller.leaks(callee.side) + callee.leaks(caller.side) == []
        _check_one_record(veil, "normal")


def test_a_gateway_with_a_stranger_s_certificate_gets_no_call(tmp_path: Path) -> None:
    need("sipp")
    ours = make_certificate(tmp_path, VEIL_HOST)
    theirs = make_certificate(tmp_path, CALLEE_HOST)
    sip = f"{VEIL_HOST}:{free_port(VEIL_HOST)}"
    tls_port, tcp_port = free_port(CALLEE_HOST), free_port(CALLEE_HOST)
    gateway = f"sip:{CALLEE_HOST}:{tls_port};transport=tls"
    tls = _settings(tmp_path, ours, ours)
    settings = config(tmp_path, sip, {WAYS["udp"]: [gateway]}, tls=tls)
    with (
        tls_front(theirs, CALLEE_HOST, tls_port, tcp_port),
        veil_serve(settings, tmp_path) as veil,
    ):
        caller, _ = _call("unreachable", sip, tls_port, tcp_port, tmp_path)
        assert caller.exit_code == 0, caller.story()
        assert caller.saw == "100 503", caller.story()
        _check_one_record(veil, "gateway_failure")


def _check_one_record(veil: Veil, reason: str) -> None:
    assert wait_until(lambda: bool(veil.records()), seconds=3)
    assert [record["reason"] for record in veil.records()] == [reason]
