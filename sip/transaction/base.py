"""What the four transaction machines have in common, and what they share."""

from __future__ import annotations

from sip.flow import Flow
from sip.message.message import Request, Response
from sip.transaction.key import ClientKey, MergedKey, ServerKey
from sip.transaction.timers import Timers
from sip.transaction.user import ClientUser, ServerUser
from sip.wheel import Timer, Wheel

Outbox = list[tuple[bytes, Flow]]


class Shared:
    """The clockwork, the outbox and the tables every transaction of a layer works on.

    `clients` and `servers` hold the transactions that still match messages. Those of
    them that a transport error would be news to stand in `exposed` as well: a
    dictionary, because a set of objects has no order that a test could repeat.
    """

    __slots__ = ("clients", "exposed", "merged", "outbox", "servers", "timers", "wheel")

    def __init__(self, timers: Timers, wheel: Wheel, outbox: Outbox) -> None:
        self.timers = timers
        self.wheel = wheel
        self.outbox = outbox
        self.clients: dict[ClientKey, ClientTransaction] = {}
        self.servers: dict[ServerKey, ServerTransaction] = {}
        self.merged: dict[MergedKey, ServerTransaction] = {}
        self.exposed: dict[Transaction, None] = {}


class Transaction:
    """One request and what belongs to it. Lingers for 32 s, so that slots count."""

    __slots__ = ("flow", "limit_at", "shared", "state", "timer", "wait")

    shared: Shared
    flow: Flow
    state: int
    """A value of the machine's own `State`."""
    timer: Timer | None
    """The next repeat or the limit, whichever is first, while it may be cancelled. The
    timer of a lingering state is not here: the wheel alone holds the transaction."""
    wait: float
    """Interval to the next repeat, in seconds."""
    limit_at: float
    """When timer B, F or H fires."""

    def expire(self, name: int, now: float) -> None:
        """Feed the timer called `name` to the machine."""
        raise NotImplementedError

    def fail(self, now: float) -> None:
        """Feed a transport error to the machine."""
        raise NotImplementedError

    def arm_repeat(self, repeat: int, limit: int, now: float) -> None:
        """Arm the timer called `repeat`, or `limit` if that comes first."""
        at = now + self.wait
        if at < self.limit_at:
            self.timer = self.shared.wheel.arm(at, self, repeat)
        else:
            self.timer = self.shared.wheel.arm(self.limit_at, self, limit)

    def stop_timer(self) -> None:
        """Cancel the repeats and the limit."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class ClientTransaction(Transaction):
    """A request of ours. `user` is None once it has nothing more to learn."""

    __slots__ = ("key", "sent", "user")

    def __init__(
        self, shared: Shared, key: ClientKey, data: bytes, flow: Flow, user: ClientUser
    ) -> None:
        self.shared = shared
        self.flow = flow
        self.state = 0
        self.timer = None
        self.key = key
        self.sent = data
        self.user: ClientUser | None = user
        shared.clients[key] = self
        shared.exposed[self] = None

    def receive(self, response: Response, now: float) -> None:
        """Take a response that matches."""
        raise NotImplementedError

    def forget(self) -> None:
        """Leave every table and let go of everything."""
        self.stop_timer()
        self.user = None
        self.sent = b""
        self.shared.clients.pop(self.key, None)
        self.shared.exposed.pop(self, None)


class ServerTransaction(Transaction):
    """A request of the peer. `request` is there until the final response is sent.

    `user` is for the floor above to set; it may be taken away at any time.
    """

    __slots__ = ("key", "last", "merged_key", "request", "user")

    def __init__(
        self, shared: Shared, key: ServerKey, request: Request, flow: Flow
    ) -> None:
        self.shared = shared
        self.flow = flow
        self.state = 0
        self.timer = None
        self.key = key
        self.request: Request | None = request
        self.user: ServerUser | None = None
        self.merged_key: MergedKey | None = None
        # The latest response, for the machine to send again.
        self.last = b""
        shared.servers[key] = self
        shared.exposed[self] = None

    @property
    def final(self) -> bool:
        """Whether a final response has been given."""
        return self.request is None

    def respond(self, status: int, data: bytes, now: float) -> None:
        """Send `data`, a rendered response with `status`, if the state allows it.

        What comes too late is ignored, since an answer and a CANCEL may cross: any
        response after a final one, except 2xx after 2xx to an INVITE, which is sent.
        """
        raise NotImplementedError

    def receive(self, now: float) -> None:
        """Take a repeat of the request."""
        raise NotImplementedError

    def forget(self) -> None:
        """Leave every table and let go of everything."""
        self.stop_timer()
        self.user = None
        self.request = None
        self.last = b""
        shared = self.shared
        shared.servers.pop(self.key, None)
        shared.exposed.pop(self, None)
        if self.merged_key is not None:
            shared.merged.pop(self.merged_key, None)
            self.merged_key = None
