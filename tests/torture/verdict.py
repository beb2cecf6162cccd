"""What the message floor says of one message before any floor above sees it."""

from __future__ import annotations

from pathlib import Path

from sip.errors import PeerMistake
from sip.message.message import Request, Response
from sip.message.parser import check, check_response, check_strictly, parse

FOLDER = Path(__file__).parent
PASSED = 0


def judge(data: bytes) -> tuple[int, Request | Response | None]:
    """Return a status and what could be read.

    The status is `PASSED` for a message to be worked on, else what to answer; there is
    nothing to answer when no request comes with it: the bytes are dropped.
    """
    try:
        message = parse(data)
        if isinstance(message, Request):
            check(message)
            check_strictly(message)
        else:
            check_response(message)
    except PeerMistake as mistake:
        return mistake.status, mistake.request
    return PASSED, message
