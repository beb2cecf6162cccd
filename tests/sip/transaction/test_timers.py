"""RFC 3261 table 4 and RFC 6026 section 8.11: every value in seconds."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from sip.transaction.timers import Timers


def test_rfc3261_table_4_defaults() -> None:
    timers = Timers()
    assert (timers.t1, timers.t2, timers.t4) == (0.5, 4.0, 5.0)
    assert timers.b == timers.f == timers.h == timers.j == 32.0
    assert timers.i == timers.k == 5.0


def test_rfc6026_8_11_l_and_m_are_64_t1() -> None:
    assert Timers(t1=0.25).l == Timers(t1=0.25).m == 16.0


@pytest.mark.parametrize(("t1", "d"), [(0.1, 32.0), (0.5, 32.0), (1.0, 64.0)])
def test_rfc3261_17_1_1_2_timer_d_is_at_least_32_seconds(t1: float, d: float) -> None:
    assert Timers(t1=t1).d == d


@pytest.mark.parametrize(
    ("t1", "t2", "age"),
    [
        # E fires at 0.5, 1.5 and 3.5; the third firing sets it to 4 s.
        (0.5, 4.0, 3.5),
        # E fires at 0.5, 1.5; the second firing would set it to 2 s > 1.5 s.
        (0.5, 1.5, 1.5),
        # The very first firing sets it to T2.
        (0.5, 1.0, 0.5),
    ],
)
def test_rfc4320_4_1_100_is_due_when_timer_e_is_reset_to_t2(
    t1: float, t2: float, age: float
) -> None:
    assert Timers(t1=t1, t2=t2).trying == age


def test_timers_are_a_value() -> None:
    assert Timers() == Timers(t1=0.5)
    assert Timers() != Timers(t1=0.6)
    with pytest.raises(FrozenInstanceError):
        Timers().b = 1.0  # type: ignore[misc]
