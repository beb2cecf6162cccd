"""Probing: who is asked and when, and what the answers mean."""

from __future__ import annotations

import pytest

from router.settings.model import Calls, Trunk as TrunkSettings
from router.trunk.gateway import Gateway
from router.trunk.probe import PATIENCE_SECONDS, Prober
from router.trunk.trunk import Trunk

EVERY = 30.0


def prober(*uris: str, every: float = EVERY) -> tuple[Prober, tuple[Gateway, ...]]:
    settings = TrunkSettings.model_validate(
        {"name": "t", "gateways": list(uris), "probe_every": every}
    )
    trunk = Trunk(settings, Calls())
    return Prober([trunk], 0.0), trunk.gateways


def test_nobody_is_asked_at_the_start_and_all_within_the_interval() -> None:
    probes, (first, second) = prober("sip:10.0.0.1", "sip:10.0.0.2")
    assert probes.due(0.0) == []
    assert probes.due(15.0) == [first]
    assert probes.due(30.0) == [second]


def test_0_means_never() -> None:
    probes, _ = prober("sip:10.0.0.1", every=0)
    assert probes.due(1e9) == []


def test_who_still_owes_an_answer_is_not_asked_again() -> None:
    probes, (one,) = prober("sip:10.0.0.1")
    assert probes.due(30.0) == [one]
    assert probes.due(60.0) == []
    probes.replied(one, 200, by_peer=True)
    assert probes.due(60.0) == [one]


def test_who_answers_calls_is_not_asked() -> None:
    probes, (one,) = prober("sip:10.0.0.1")
    one.heard(29.0)
    assert probes.due(30.0) == []
    assert probes.due(60.0) == [one]


def test_who_has_no_address_is_not_asked() -> None:
    probes, _ = prober("sip:gw.example.com")
    assert probes.due(30.0) == []


def test_silence_is_down_before_the_transaction_says_so() -> None:
    probes, (one,) = prober("sip:10.0.0.1")
    probes.due(30.0)
    assert probes.silent(30.0 + PATIENCE_SECONDS - 0.1) == []
    assert probes.silent(30.0 + PATIENCE_SECONDS) == [one]
    assert not one.is_up
    assert probes.silent(40.0) == []
    assert not probes.replied(one, 408, by_peer=False)


def test_a_call_answered_meanwhile_disproves_silence() -> None:
    probes, (one,) = prober("sip:10.0.0.1")
    probes.due(30.0)
    one.heard(31.0)
    assert probes.silent(40.0) == []
    assert not probes.replied(one, 408, by_peer=False)
    assert one.is_up


@pytest.mark.parametrize(
    ("status", "by_peer", "is_up"),
    [
        (200, True, True),
        (404, True, True),
        (405, True, True),
        (481, True, True),
        (503, True, False),
        (408, True, False),
        (408, False, False),
        (503, False, False),
    ],
)
def test_what_an_answer_means(status: int, *, by_peer: bool, is_up: bool) -> None:
    probes, (one,) = prober("sip:10.0.0.1")
    probes.due(30.0)
    assert probes.replied(one, status, by_peer=by_peer) is not is_up
    assert one.is_up is is_up
    probes.due(60.0)
    assert probes.replied(one, 200, by_peer=True) is not is_up
    assert one.is_up
