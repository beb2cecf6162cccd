"""The transaction layer: finds the transaction of each message and makes new ones."""

from __future__ import annotations

from typing import NamedTuple

from sip.errors import OurMistake
from sip.flow import Flow
from sip.message.message import Request, Response
from sip.transaction.base import (
    ClientTransaction,
    Outbox,
    ServerTransaction,
    Shared,
    Transaction,
)
from sip.transaction.client import ClientNonInvite
from sip.transaction.client_invite import ClientInvite
from sip.transaction.key import client_key, merged_key, server_key
from sip.transaction.server import ServerNonInvite
from sip.transaction.server_invite import ServerInvite
from sip.transaction.timers import Timers
from sip.transaction.user import ClientUser
from sip.wheel import Wheel


class Counts(NamedTuple):
    """Transactions alive, by kind, those included that only absorb repeats."""

    client_invites: int
    clients: int
    server_invites: int
    servers: int


class TransactionLayer:
    """All transactions of one core.

    Whoever owns `wheel` calls `timer.target.expire(timer.name, now)` for each due
    timer; whoever owns `outbox` sends what is in it. Messages are expected to have
    passed `check` and `check_response`: nothing here raises for them then.
    """

    __slots__ = ("_shared",)

    def __init__(self, *, timers: Timers, wheel: Wheel, outbox: Outbox) -> None:
        self._shared = Shared(timers, wheel, outbox)

    def receive_response(self, response: Response, now: float) -> bool:
        """Feed a response to its client transaction; False for a stray one.

        "If none is found, the element MUST NOT forward the response" (RFC 6026 section
        8.2): a stray is to be dropped.
        """
        transaction = self._shared.clients.get(client_key(response))
        if transaction is None:
            return False
        transaction.receive(response, now)
        return True

    def receive_request(
        self, request: Request, reply_flow: Flow, now: float
    ) -> ServerTransaction | None:
        """Return a new transaction, a `ServerInvite` for INVITE, to be answered.

        None when the request was a repeat, which is dealt with here: the latest
        response has been sent again if one is due. `reply_flow` comes from
        `source.stamp`; that of the first request stays in force, as the Via copied into
        the responses does. The floor above gives an INVITE its 100 at once. ACK goes to
        `receive_ack`.
        """
        shared = self._shared
        method = request.method
        key = server_key(request, method)
        known = shared.servers.get(key)
        if known is not None:
            known.receive(now)
            return None
        made: ServerTransaction
        if method == "INVITE":
            made = ServerInvite(shared, key, request, reply_flow)
        else:
            made = ServerNonInvite(shared, key, request, reply_flow, now)
        if method != "CANCEL" and not request.to_tag:
            merged = merged_key(request)
            if merged not in shared.merged:
                shared.merged[merged] = made
                made.merged_key = merged
        return made

    def receive_ack(self, request: Request, now: float) -> bool:
        """Feed an ACK to the INVITE transaction it has the branch of.

        True when it is absorbed there, being the ACK of a refusal. False when it is for
        the floor above: the ACK of a 2xx (a branch of its own, or RFC 2543) or a stray.
        """
        transaction = self._shared.servers.get(server_key(request, "INVITE"))
        return isinstance(transaction, ServerInvite) and transaction.receive_ack(now)

    def find_invite(self, cancel: Request) -> ServerInvite | None:
        """Return the transaction a CANCEL is for (section 9.2), None: answer 481.

        Look at `final` of what is returned: once true, CANCEL has no effect. Branch and
        sent-by can be guessed, so while the INVITE is open, Call-ID, From tag and CSeq
        number must be those of the INVITE too, as section 9.1 has them.
        """
        found = self._shared.servers.get(server_key(cancel, "INVITE"))
        if not isinstance(found, ServerInvite):
            return None
        invite = found.request
        if invite is not None and (
            invite.call_id != cancel.call_id
            or invite.from_tag != cancel.from_tag
            or invite.cseq.number != cancel.cseq.number
        ):
            return None
        return found

    def is_merged(self, request: Request) -> bool:
        """Tell whether the request came here already by another path: answer 482.

        Section 8.2.2.2: no To tag, and From tag, Call-ID and CSeq are those of another
        transaction. May be asked before or after `receive_request`.
        """
        if request.to_tag:
            return False
        first = self._shared.merged.get(merged_key(request))
        return first is not None and first.key != server_key(request, request.method)

    def send(
        self,
        data: bytes,
        *,
        method: str,
        branch: str,
        flow: Flow,
        user: ClientUser,
        now: float,
    ) -> ClientTransaction:
        """Send a request other than ACK and have `user` told what becomes of it.

        `data` is the request with `branch` in its top Via; a CANCEL has the branch and
        flow of its INVITE. Raises `OurMistake` for ACK, which has no transaction, and
        when the branch is in use for the method.
        """
        if method == "INVITE":
            return self.send_invite(data, branch=branch, flow=flow, user=user, now=now)
        key = (branch, method)
        if method == "ACK" or key in self._shared.clients:
            raise OurMistake(f"no transaction for {method} with branch {branch}")
        return ClientNonInvite(self._shared, key, data, flow, user, now)

    def send_invite(
        self, data: bytes, *, branch: str, flow: Flow, user: ClientUser, now: float
    ) -> ClientInvite:
        """Send an INVITE: `send` with the type that can be cancelled."""
        key = (branch, "INVITE")
        if key in self._shared.clients:
            raise OurMistake(f"no transaction for INVITE with branch {branch}")
        return ClientInvite(self._shared, key, data, flow, user, now)

    def unreachable(self, flow: Flow, now: float) -> None:
        """Tell every transaction that waits on `flow` that the transport gave up.

        Requests of ours end: those to the same transport, host and port. Responses of
        ours change no state, and only those for the very same flow are concerned: a
        connection that could not be opened says nothing of one that is.
        """
        for transaction in [t for t in self._shared.exposed if _concerns(flow, t)]:
            transaction.fail(now)

    def counts(self) -> Counts:
        """Count by kind; looks at every transaction."""
        clients, servers = self._shared.clients, self._shared.servers
        outgoing = sum(method == "INVITE" for _, method in clients)
        incoming = sum(isinstance(t, ServerInvite) for t in servers.values())
        return Counts(
            outgoing, len(clients) - outgoing, incoming, len(servers) - incoming
        )

    def __len__(self) -> int:
        """Count the transactions alive."""
        return len(self._shared.clients) + len(self._shared.servers)


def _concerns(flow: Flow, transaction: Transaction) -> bool:
    its = transaction.flow
    if isinstance(transaction, ServerTransaction):
        return its == flow
    return its[:3] == flow[:3]
