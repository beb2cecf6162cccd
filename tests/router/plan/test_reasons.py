"""The catalogue of endings.

Covers: RFC 3261 section 21 (statuses), RFC 3326 (Reason), RFC 3398 section 8.2.6.1
(cause against status). Left out: the wording of announcements.
"""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from router.plan import reasons
from router.plan.reasons import CATALOGUE, Reason, Result, from_callee_status

DOCUMENTED = {
    0, 522, 7001, 7002, 7003, 7004, 7005, 7100, 7101, 7102, 7103, 7104, 7105, 7106,
    7107, 7108, 7109, 7500, 7501, 7502, 7503, 7504, 7505, 7506, 7507, 7508, 7516, 8006,
    8007, 8008, 8009, 8010, 8011, 8012, 8013, 8014, 8015, 8016, 8017, 8018, 8019, 8020,
    8022, 8023, 8024, 8025, 8030, 8031, 8032, 8033, 8035, 8040, 8041, 8042, 8043, 8044,
    8046, 8047, 8048, 8049, 8050, 8051, 8055, 8056, 8057, 8100, 8101, 8102, 8103, 8104,
    8105, 8139,
}  # fmt: skip
PROMPTS = {
    "", "busy", "no_answer", "power_off", "unreachable", "not_in_service", "rejected",
    "not_bound", "no_permission", "no_temporary_callee", "no_callback_record",
    "service_error",
}  # fmt: skip


@pytest.mark.parametrize("reason", CATALOGUE.values(), ids=str)
def test_every_entry_is_whole(reason: Reason) -> None:
    assert CATALOGUE[reason.slug] is reason
    assert reason.state_code in DOCUMENTED
    assert reason.prompt in PROMPTS
    assert 1 <= reason.q850 <= 127
    assert reason.sip_phrase
    assert reason.sip_status == 200 or 400 <= reason.sip_status <= 699


@pytest.mark.parametrize("reason", CATALOGUE.values(), ids=str)
def test_rfc3326_header_holds_a_cause_and_no_text(reason: Reason) -> None:
    assert reason.header == f"Reason: Q.850;cause={reason.q850}\r\n"


def test_every_constant_stands_in_the_catalogue_under_its_own_name() -> None:
    constants = {k: v for k, v in vars(reasons).items() if isinstance(v, Reason)}
    assert {name.lower(): value for name, value in constants.items()} == CATALOGUE


def test_only_what_follows_an_answer_has_status_200() -> None:
    answered = {r.slug for r in CATALOGUE.values() if r.result is Result.ANSWERED}
    after_answer = {r.slug for r in CATALOGUE.values() if r.sip_status == 200}
    assert after_answer == answered | {"no_ack"}


@pytest.mark.parametrize(
    ("slug", "code", "status", "cause"),
    [
        ("normal", 0, 200, 16),
        ("max_duration", 8010, 200, 16),
        ("no_temporary_callee", 8013, 480, 20),
        ("no_binding", 8014, 480, 20),
        ("direction_not_allowed", 8016, 403, 21),
        ("cancelled", 7501, 487, 16),
        ("cancelled_ringing", 7502, 487, 16),
        ("rejected", 7503, 603, 21),
        ("connect_timeout", 8035, 480, 18),
        ("not_found", 8100, 404, 1),
        ("no_answer", 8101, 480, 19),
        ("busy", 8102, 486, 17),
        ("unreachable", 8103, 480, 20),
        ("gateway_failure", 7508, 503, 41),
        ("unknown_x", 8025, 404, 1),
        ("store_unavailable", 7102, 503, 41),
    ],
)
def test_documented_codes(slug: str, code: int, status: int, cause: int) -> None:
    reason = CATALOGUE[slug]
    assert (reason.state_code, reason.sip_status, reason.q850) == (code, status, cause)


@pytest.mark.parametrize(
    ("status", "cause", "slug"),
    [
        (302, None, "callee_network"),
        (400, None, "callee_network"),
        (403, None, "callee_refused"),
        (404, None, "not_found"),
        (404, 17, "not_found"),
        (408, None, "unreachable"),
        (410, None, "number_changed"),
        (480, None, "unreachable"),
        (480, 17, "busy"),
        (480, 19, "no_answer"),
        (480, 99, "unreachable"),
        (484, None, "not_found"),
        (486, None, "busy"),
        (486, 21, "busy"),
        (487, None, "callee_network"),
        (488, None, "not_acceptable"),
        (500, None, "callee_network"),
        (500, 1, "not_found"),
        (503, None, "gateway_failure"),
        (503, 21, "rejected"),
        (600, None, "busy"),
        (603, None, "rejected"),
        (604, None, "not_found"),
        (606, None, "not_acceptable"),
    ],
)
def test_rfc3398_callee_status(status: int, cause: int | None, slug: str) -> None:
    assert from_callee_status(status, cause).slug == slug


@given(st.integers(300, 699), st.none() | st.integers(-1, 300))
def test_any_failure_of_the_callee_is_one_for_the_caller(
    status: int, cause: int | None
) -> None:
    reason = from_callee_status(status, cause)
    assert reason.sip_status >= 400
    assert reason.result in (Result.UNANSWERED, Result.FAILED)


def test_a_reason_is_named_by_its_slug() -> None:
    assert str(reasons.BUSY) == "busy"
