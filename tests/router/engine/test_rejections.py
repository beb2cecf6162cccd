"""INVITEs the SIP stack refuses before they are calls: each has its record.

BEHAVIOUR section 6: exactly one call record for every INVITE on an X number of ours.
"""

from __future__ import annotations

import pytest

from router.store.port import StoreUnavailable
from tests.router.engine.switch import (
    AX_NUMBER,
    EPOCH,
    GATEWAY,
    OFFER,
    VEIL,
    C,
    Scene,
    trunk,
)
from tests.sim.stranger import SDP_LINE, Stranger

REQUIRE = "Require: frobnication\r\n"
FROM = f"<sip:{C}@caller.example>;tag=1"
URI = f"sip:{AX_NUMBER}@{VEIL}"


class Booth(Scene):
    """A veil, and somebody on the carrier's network who writes INVITEs by hand."""

    def __init__(self, host: str = "10.0.1.9") -> None:
        super().__init__(trunks=(trunk(caller_from=["pai", "from"]),))
        self.stranger = Stranger(self.net, host, self.veil)
        self.stranger.learns = False

    def reject(
        self,
        status: int = 420,
        *,
        uri: str = URI,
        local: str = FROM,
        contact: str | None = None,
        headers: str = REQUIRE,
        body: bytes = b"",
    ) -> None:
        """Send an INVITE, see it refused with `status` and acknowledge that."""
        branch = self.stranger.send(
            "INVITE",
            uri=uri,
            local=local,
            contact=contact,
            headers=headers,
            body=body,
        )
        assert self.stranger.last.status == status
        self.stranger.send("ACK", branch=branch, uri=uri, local=local)

    def close(self) -> None:
        """Nothing was sent on, and nothing is left."""
        assert not self.veil.board.calls
        assert self.callee.names == []
        super().close()


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (420, REQUIRE, b""),
        (415, "Content-Type: text/plain\r\n", b"hello"),
        (406, "Accept: text/plain\r\n", b""),
        (422, f"Supported: timer\r\nSession-Expires: 60\r\n{SDP_LINE}", OFFER),
        (400, 'Allow: INVITE, "unclosed\r\n', b""),
    ],
)
def test_a_refused_invite_has_one_record_with_the_status_it_was_sent(
    status: int, headers: str, body: bytes
) -> None:
    booth = Booth()
    booth.net.run(5.0)
    booth.reject(status, headers=headers, body=body)
    booth.close()
    record = booth.record
    assert (record.reason, record.result) == ("bad_invite", "refused")
    assert (record.sip_status, record.released_by) == (status, "platform")
    assert (record.x, record.caller, record.app) == (AX_NUMBER, C, "app-ax")
    assert (record.callee, record.gateway, record.direction) == ("", "", 2)
    assert record.forward_start_at is None
    assert record.call_in_at == record.end_at == EPOCH + 5.0
    assert booth.stranger.call_id not in record.call_id
    counters = booth.veil.board.counters
    assert (counters.taken, counters.records, counters.placed) == (1, 1, 0)


def test_each_has_a_record_of_its_own_and_one_that_comes_by_two_ways_has_one() -> None:
    booth = Booth()
    booth.reject()
    booth.reject()
    booth.stranger.send("INVITE", number=2, uri=URI, local=FROM)
    assert booth.stranger.last.status == 482
    booth.close()
    first, second = booth.veil.records
    assert first.call_id != second.call_id


@pytest.mark.parametrize(
    "local", ["<sip:anonymous@h>;tag=1", "<no uri>;tag=1", "<sip:h>"]
)
def test_a_caller_that_cannot_be_read_is_nobody(local: str) -> None:
    booth = Booth()
    headers = REQUIRE + f'P-Asserted-Identity: <sip:{C}@h>, "unclosed\r\n'
    booth.stranger.send("INVITE", uri=URI, local=local, headers=headers)
    booth.close()
    assert (booth.record.caller, booth.record.reason) == ("", "bad_invite")


@pytest.mark.parametrize(
    ("status", "uri"),
    [
        (420, f"sip:+8617099999999@{VEIL}"),
        (420, f"sip:sales@{VEIL}"),
        (400, "sip:"),
        (400, f"sip:%zz@{VEIL}"),
        (400, f"sip:sales@{VEIL}?Subject=x"),
        (416, f"urn:{AX_NUMBER}"),
    ],
)
def test_without_an_x_number_of_ours_it_is_only_counted(status: int, uri: str) -> None:
    booth = Booth()
    booth.reject(status, uri=uri)
    booth.close()
    assert booth.veil.records == []
    assert booth.veil.board.counters.unknown_numbers == 1


def test_an_x_number_in_a_request_uri_that_is_not_valid_is_still_found() -> None:
    booth = Booth()
    booth.reject(400, uri=f"{URI}?Subject=x", headers="")
    booth.close()
    assert (booth.record.x, booth.record.sip_status) == (AX_NUMBER, 400)


def test_the_stores_late_answer_sends_nothing() -> None:
    booth = Booth()
    booth.veil.store.is_slow = True
    booth.reject()
    assert booth.veil.records == []
    sent = len(booth.net.packets(source=booth.veil))
    booth.net.run(0.4)
    booth.veil.store.release()
    booth.net.transfer()
    assert len(booth.net.packets(source=booth.veil)) == sent
    booth.close()
    assert booth.record.end_at == EPOCH


def test_f1_without_the_store_it_is_only_counted() -> None:
    booth = Booth()
    booth.veil.store.is_slow = True
    booth.reject()
    booth.veil.store.release(StoreUnavailable("down"))
    booth.close()
    assert booth.veil.records == []
    assert booth.veil.board.counters.store_failures == 1


def test_a_gateway_that_may_not_call_us_has_no_record() -> None:
    booth = Booth()
    other = Stranger(booth.net, GATEWAY, booth.veil)
    other.send("INVITE", uri=URI, headers=REQUIRE)
    assert booth.veil.records == []
    assert booth.veil.board.counters.taken == 0
