"""Header names, methods and reason phrases (RFC 3261 sections 7.3, 20, 21)."""

from __future__ import annotations

import pytest

from sip.message.names import (
    COMPACT,
    LISTS,
    LONG_NAMES,
    METHODS,
    REASONS,
    SINGLE,
    canonical,
    reason_of,
)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("i", "call-id"),
        ("m", "contact"),
        ("e", "content-encoding"),
        ("l", "content-length"),
        ("c", "content-type"),
        ("f", "from"),
        ("s", "subject"),
        ("k", "supported"),
        ("t", "to"),
        ("v", "via"),
        ("x", "session-expires"),
    ],
)
def test_rfc3261_7_3_3_compact_forms(short: str, long: str) -> None:
    assert COMPACT[short] == long
    assert LONG_NAMES[short] == LONG_NAMES[short.upper()] == long


@pytest.mark.parametrize("name", ["Call-ID", "CALL-ID", "call-id", "Call-Id"])
def test_rfc3261_7_3_1_usual_spellings_are_one_name(name: str) -> None:
    assert LONG_NAMES[name] == "call-id"


def test_compact_forms_stand_for_known_names() -> None:
    assert all(LONG_NAMES[long] == long for long in COMPACT.values())


def test_a_header_that_stands_once_is_no_list() -> None:
    assert not SINGLE & LISTS
    assert not LISTS - LONG_NAMES.keys()
    assert not SINGLE - LONG_NAMES.keys()


@pytest.mark.parametrize(
    ("name", "spelling"),
    [("cseq", "CSeq"), ("www-authenticate", "WWW-Authenticate"), ("x-a-b", "X-A-B")],
)
def test_canonical_spelling(name: str, spelling: str) -> None:
    assert canonical(name) == spelling


def test_reason_of_registered_status() -> None:
    assert reason_of(486) == "Busy Here"
    assert REASONS[481] == "Call/Transaction Does Not Exist"


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (155, "Session Progress"),
        (299, "OK"),
        (399, "Multiple Choices"),
        (499, "Bad Request"),
        (599, "Server Internal Error"),
        (699, "Decline"),
    ],
)
def test_rfc3261_8_1_3_2_unknown_status_counts_as_its_class(
    status: int, phrase: str
) -> None:
    assert reason_of(status) == phrase


def test_methods_are_case_sensitive_tokens() -> None:
    assert "INVITE" in METHODS
    assert "invite" not in METHODS
