"""RFC 3261 sections 17.1.3, 17.2.3 and 8.2.2.2: which messages belong together."""

from __future__ import annotations

import pytest

from sip.transaction.key import client_key, merged_key, server_key
from tests.sip.transaction.kit import request, response

OLD = "SIP/2.0/UDP 192.0.2.2:5060"
"""A Via of RFC 2543: no branch at all."""


def test_rfc3261_17_1_3_branch_and_cseq_method_match_a_response() -> None:
    assert client_key(response(200, "CANCEL")) == ("z9hG4bK776asdhds", "CANCEL")
    assert client_key(response(200, "CANCEL")) != client_key(response(200, "INVITE"))


def test_rfc3261_17_2_3_a_repeat_has_the_same_key() -> None:
    assert server_key(request(), "INVITE") == server_key(request(), "INVITE")


def test_rfc3261_17_2_3_only_branch_sent_by_and_method_count() -> None:
    key = server_key(request(), "INVITE")
    other = request(uri="sip:eve@192.0.2.1", call_id="other", from_tag="x", number=7)
    assert server_key(other, "INVITE") == key


@pytest.mark.parametrize("sent_by", ["192.0.2.3:5060", "192.0.2.2:5062", "192.0.2.2"])
def test_rfc3261_17_2_3_sent_by_is_part_of_the_key(sent_by: str) -> None:
    """A guessed or repeated branch of another client must not match."""
    other = server_key(request(sent_by=sent_by), "INVITE")
    assert other != server_key(request(), "INVITE")


def test_rfc3261_17_2_3_branch_and_method_are_part_of_the_key() -> None:
    key = server_key(request(), "INVITE")
    assert server_key(request(branch="z9hG4bKother"), "INVITE") != key
    assert server_key(request("BYE"), "BYE") != key


def test_rfc3261_17_2_3_ack_has_the_key_of_its_invite() -> None:
    assert server_key(request("ACK"), "INVITE") == server_key(request(), "INVITE")


def test_rfc2543_ack_matches_by_uri_tags_call_id_number_and_via() -> None:
    invite = server_key(request(via=OLD), "INVITE")
    assert server_key(request("ACK", via=OLD, to_tag="ours"), "INVITE") == invite


@pytest.mark.parametrize(
    "different",
    [
        request(via=OLD, uri="sip:eve@192.0.2.1"),
        request(via=OLD, from_tag="other"),
        request(via=OLD, call_id="other"),
        request(via=OLD, number=2),
        request(via="SIP/2.0/UDP 192.0.2.3:5060"),
        request(via=OLD + ";branch=1"),
        request(),
    ],
)
def test_rfc2543_whatever_differs_makes_another_transaction(different: object) -> None:
    assert isinstance(different, type(request()))
    invite = server_key(request(via=OLD), "INVITE")
    assert server_key(different, "INVITE") != invite


def test_rfc2543_to_tag_tells_requests_other_than_invite_apart() -> None:
    bye = server_key(request("BYE", via=OLD, to_tag="a"), "BYE")
    assert server_key(request("BYE", via=OLD, to_tag="b"), "BYE") != bye
    assert server_key(request("BYE", via=OLD, to_tag="a"), "BYE") == bye


def test_rfc3261_8_2_2_2_merged_requests_share_everything_but_the_path() -> None:
    key = merged_key(request())
    assert merged_key(request(branch="z9hG4bKother", sent_by="192.0.2.9")) == key
    assert merged_key(request(call_id="x")) != key
    assert merged_key(request(from_tag="x")) != key
    assert merged_key(request(number=1)) != key
    assert merged_key(request("OPTIONS")) != key
