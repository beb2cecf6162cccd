"""Who is let in, and as whom; and how many (FAULTS 1.2, items 1 and 2)."""

from __future__ import annotations

import pytest

from router.settings.model import Calls, Trunk as TrunkSettings
from router.trunk import access
from router.trunk.access import AccessList
from router.trunk.limits import TokenBucket
from router.trunk.trunk import Trunk


def trunk(name: str, *networks: str, **more: object) -> Trunk:
    values = {"name": name, "gateways": ["sip:192.0.2.1"], "allow": list(networks)}
    return Trunk(TrunkSettings.model_validate(values | more), Calls())


FIRST = trunk("first", "10.0.0.0/24", "2001:db8::/32")
SECOND = trunk("second", "10.0.0.0/8")


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("10.0.0.7", FIRST),
        ("10.1.0.7", SECOND),
        ("::ffff:10.1.0.7", SECOND),
        ("2001:db8::7", FIRST),
        ("203.0.113.1", None),
        ("192.0.2.1", None),
        ("not an address", None),
    ],
)
def test_the_first_trunk_that_holds_the_source(host: str, found: Trunk | None) -> None:
    hosts = AccessList([FIRST, SECOND])
    assert hosts.trunk_for(host) is found
    assert hosts.trunk_for(host) is found


def test_a_gateway_may_answer_though_it_may_not_call() -> None:
    hosts = AccessList([FIRST])
    assert hosts.allows("192.0.2.1")
    assert hosts.allows("10.0.0.7")
    assert not hosts.allows("192.0.2.2")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "REMEMBERED_HOSTS", 3)
    hosts = AccessList([SECOND])
    for last in range(10):
        assert hosts.trunk_for(f"10.0.0.{last}") is SECOND
    assert len(hosts._verdicts) <= 3


def test_a_bucket_lets_its_rate_through() -> None:
    bucket = TokenBucket(2)
    assert [bucket.take(100.0) for _ in range(3)] == [True, True, False]
    assert not bucket.take(100.4)
    assert bucket.take(100.5)
    assert not bucket.take(100.6)
    assert [bucket.take(500.0) for _ in range(3)] == [True, True, False]


def test_a_trunk_without_limits_admits_everybody() -> None:
    assert all(SECOND.admits(0.0) for _ in range(1000))


def test_a_trunk_admits_as_many_as_it_may_hold() -> None:
    small = trunk("small", concurrent_calls=1)
    assert small.admits(0.0)
    small.live = 1
    assert not small.admits(0.0)


def test_the_settings_of_a_trunk_arrive() -> None:
    calls = Calls(no_answer=1.0, connect=2.0, longest=3.0)
    settings = TrunkSettings.model_validate(
        {
            "name": "t",
            "gateways": ["sip:192.0.2.1", {"uri": "sip:192.0.2.2", "priority": 0}],
            "failover_after": 4.5,
            "caller_from": ["from"],
            "number_form": "national",
            "show_caller": True,
        }
    )
    one = Trunk(settings, calls)
    limits = one.limits
    assert (limits.gateway, limits.setup, limits.no_answer) == (4.5, 2.0, 1.0)
    assert limits.backstop == 3.0
    assert one.caller_fields == ("from",)
    assert one.spelling("+8613800000001") == "013800000001"
    assert one.app_rules.show_caller
    assert [gateway.priority for gateway in one.gateways] == [0, 0]
