"""A request outside any dialog: sent once, its outcome told as `Replied`."""

from __future__ import annotations

from sip.dialog.ground import Ground
from sip.events import Replied
from sip.flow import Flow
from sip.message.message import Response
from sip.transaction.base import ClientTransaction
from sip.transaction.user import Failure


class Probe:
    """The user of the transaction of one such request."""

    __slots__ = ("flow", "ground", "key", "method")

    def __init__(self, ground: Ground, method: str, flow: Flow, key: object) -> None:
        self.ground = ground
        self.method = method
        self.flow = flow
        self.key = key

    def send(
        self, *, uri: str, from_: str, to: str, headers: str, body: bytes, now: float
    ) -> None:
        """Send the request; `headers` are complete lines."""
        ground, flow = self.ground, self.flow
        branch, tag = ground.tokens.branch(), ground.tokens.token()
        head = (
            f"{self.method} {uri} SIP/2.0\r\n"
            f"{ground.vias[flow.listener]}{branch};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: {from_};tag={tag}\r\nTo: {to}\r\n"
            f"Call-ID: {ground.tokens.token()}\r\nCSeq: 1 {self.method}\r\n"
            f"{ground.contacts[flow.listener]}{ground.user_agent}{headers}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        ground.transactions.send(
            head.encode("utf-8", "surrogateescape") + body,
            method=self.method,
            branch=branch,
            flow=flow,
            user=self,
            now=now,
        )

    def on_response(
        self, transaction: ClientTransaction, response: Response, now: float
    ) -> None:
        """Report a final response."""
        if response.status >= 200:
            reply = Replied(self.key, response.status, response)
            self.ground.events.append(reply)

    def on_failure(
        self, transaction: ClientTransaction, failure: Failure, now: float
    ) -> None:
        """Report 408 for a time-out, 503 for a transport error (8.1.3.1)."""
        status = 408 if failure is Failure.TIMEOUT else 503
        self.ground.events.append(Replied(self.key, status, None))
