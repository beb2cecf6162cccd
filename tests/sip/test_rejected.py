"""Which refusals of the core itself are told to the application: new INVITEs, once."""

from __future__ import annotations

import pytest

from sip.events import Invited, Rejected
from tests.sip.test_core import INVITE, PEER, answers, make_core

CONTACT = b"Contact: <sip:alice@192.0.2.1:5062>\r\n"


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"<sip:bob@biloxi.example>\r\nCall", b'"unclosed <sip:bob>\r\nCall', 400),
        (b";tag=a\r\n", b"\r\n", 400),
        (CONTACT, b'Contact: "unclosed <sip:x>\r\n', 400),
        (b"INVITE sip:bob@biloxi.example", b"INVITE sip:bob@@biloxi", 400),
        (b"INVITE sip:bob@biloxi.example", b"INVITE http://biloxi.example", 416),
        (CONTACT, CONTACT + b"Require: frob\r\n", 420),
        (CONTACT, CONTACT + b"Content-Encoding: gzip\r\n", 415),
        (CONTACT, CONTACT + b"Accept: text/plain\r\n", 406),
        (CONTACT, CONTACT + b"Supported: timer\r\nSession-Expires: 9\r\n", 422),
    ],
)
def test_a_new_invite_refused_here_is_told_of_once(
    old: bytes, new: bytes, status: int
) -> None:
    core = make_core()
    assert old in INVITE
    data = INVITE.replace(old, new)
    other_path = data.replace(b"branch=z9hG4bK1", b"branch=z9hG4bK2")
    core.receive_datagram(data, PEER, 0.0)
    sent = [one.status for one in answers(core)]
    assert sent[-1] == status
    event = core.next_event()
    assert isinstance(event, Rejected)
    assert (event.request.call_id, event.flow, event.status) == ("c1", PEER, status)
    # A repeat, and the same INVITE by another path, are no further calls.
    core.receive_datagram(data, PEER, 0.1)
    core.receive_datagram(other_path, PEER, 0.1)
    assert len(answers(core)) == 2
    assert core.next_event() is None
    assert not core.ground.sessions


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"example>\r\nCall", b"example>;tag=gone\r\nCall", 481),
        (b"INVITE", b"MESSAGE", 405),
        (b"INVITE", b"CANCEL", 481),
    ],
)
def test_what_is_no_new_invite_is_refused_without_an_event(
    old: bytes, new: bytes, status: int
) -> None:
    core = make_core()
    core.receive_datagram(INVITE.replace(old, new), PEER, 0.0)
    assert [one.status for one in answers(core)] == [status]
    assert core.next_event() is None


def test_the_same_invite_by_another_path_is_482_without_an_event() -> None:
    core = make_core()
    other_path = INVITE.replace(b"branch=z9hG4bK1", b"branch=z9hG4bK2")
    core.receive_datagram(INVITE, PEER, 0.0)
    core.receive_datagram(other_path, PEER, 0.0)
    assert [one.status for one in answers(core)] == [100, 482]
    assert isinstance(core.next_event(), Invited)
    assert core.next_event() is None
