"""The wheel: never early, at most a tick late, cancelled deadlines let go.

Covered: order, cancelling, ticks that round, deadlines beyond the hop. Left out: speed.
"""

from __future__ import annotations

import weakref

import pytest

from sip.wheel import TICKS_PER_SECOND, Wheel


class Target:
    def __init__(self) -> None:
        self.fired: list[tuple[int, float]] = []

    def expire(self, name: int, now: float) -> None:
        self.fired.append((name, now))


def run(wheel: Wheel, until: float) -> int:
    """Wake the wheel whenever it asks to be, up to `until`; return how often."""
    wakes = 0
    while (at := wheel.next_at()) is not None and at <= until:
        wakes += 1
        for timer in wheel.due(at):
            assert timer.target is not None
            timer.target.expire(timer.name, at)
    return wakes


def test_nothing_armed_wants_no_wake_up() -> None:
    wheel = Wheel()
    assert wheel.next_at() is None
    assert len(wheel) == 0


@pytest.mark.parametrize("at", [0.0, 0.5, 1.5, 0.1 + 0.2, 31.5, 12345.678, 39.999])
def test_a_deadline_passes_within_one_tick_of_its_time(at: float) -> None:
    wheel, target = Wheel(), Target()
    wheel.arm(at, target, 7)
    run(wheel, at + 1)
    ((name, when),) = target.fired
    assert name == 7
    assert at - 1e-6 <= when <= at + 1 / TICKS_PER_SECOND


def test_deadlines_pass_in_order_of_time() -> None:
    wheel, target = Wheel(), Target()
    for name, at in enumerate((3.0, 1.0, 2.0)):
        wheel.arm(at, target, name)
    run(wheel, 10.0)
    assert [name for name, _ in target.fired] == [1, 2, 0]


def test_a_cancelled_deadline_passes_unnoticed_and_asks_for_no_wake_up() -> None:
    wheel, target = Wheel(), Target()
    wheel.arm(1.0, target, 0).cancel()
    assert wheel.next_at() is None
    assert run(wheel, 2.0) == 0
    assert not target.fired


def test_one_cancelled_while_its_tick_is_worked_off_does_not_fire() -> None:
    wheel, target = Wheel(), Target()
    wheel.arm(1.0, target, 0)
    second = wheel.arm(1.0, target, 1)
    for timer in wheel.due(1.0):
        assert timer.target is not None
        timer.target.expire(timer.name, 1.0)
        second.cancel()
    assert target.fired == [(0, 1.0)]


def test_what_is_armed_for_the_past_passes_at_once() -> None:
    wheel, target = Wheel(), Target()
    list(wheel.due(100.0))
    wheel.arm(3.0, target, 0)
    assert [timer.name for timer in wheel.due(100.0)] == [0]


def test_half_an_hour_passes_at_its_time_though_looked_at_on_the_way() -> None:
    wheel, target = Wheel(), Target()
    list(wheel.due(1000.0))
    wheel.arm(2800.0, target, 0)
    assert run(wheel, 2799.0) > 40
    assert not target.fired
    run(wheel, 2801.0)
    assert target.fired == [(0, 2800.0)]


def test_cancelled_half_hours_do_not_pile_up() -> None:
    wheel = Wheel()
    list(wheel.due(1000.0))
    timer = wheel.arm(2800.0, Target(), 0)
    assert timer.target is not None
    gone = weakref.ref(timer.target)
    timer.cancel()
    assert gone() is None
    del timer
    list(wheel.due(1050.0))
    assert wheel.next_at() is None
