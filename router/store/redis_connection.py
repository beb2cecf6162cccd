"""The hot path to Redis: one connection, many questions, answers in order.

redis-py takes 115 µs of CPU for a pipeline of one look-up and 13 µs a look-up in a
pipeline of a hundred; this takes a tenth of that. What is asked in one tick of the
loop leaves as one write. Replies carry no number of their question, so a connection is
closed, and never used again, the moment order is in doubt: no answer within the
deadline, a reply nobody asked for, a value that is not its key's (CVE-2023-28858).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Protocol, cast

import hiredis

from router.plan.model import Found
from router.store import codec
from router.store.port import Answer, Deliver, StoreUnavailable

logger = logging.getLogger(__name__)

DEADLINE_SECONDS = 0.3
"""From question to answer; then the connection is closed."""
_GRACE_SECONDS = 0.01
EPOCH_KEY = "veil:epoch"
"""Holds the mark that tells the store that was opened from an empty one (F6)."""
_NOTHING = [None, None, None, None]


def pack(*words: str) -> bytes:
    """Return a command as Redis reads it; UnicodeError for unpaired surrogates."""
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]
    return packed


class _Question(Protocol):
    """Something a reply is awaited for."""

    asked_at: float

    def answer(self, reply: object, connection: Connection, /) -> None:
        """Take the reply; raise `codec.Misplaced` when it cannot be this one's."""

    def fail(self, why: StoreUnavailable) -> None:
        """Learn that there will be no reply."""


class _LookUp:
    """Look-up of (X, caller): the reply to its HMGET."""

    __slots__ = ("asked_at", "caller", "deliver", "x")

    def __init__(self, x: str, caller: str, deliver: Deliver, asked_at: float) -> None:
        self.x = x
        self.caller = caller
        self.deliver = deliver
        self.asked_at = asked_at

    def answer(self, reply: object, connection: Connection) -> None:
        if not isinstance(reply, list) or len(reply) != 4:
            self._refused(reply, connection)
            return
        if reply == _NOTHING:
            connection.confirm_nothing(self)
            return
        self.tell(codec.found(self.x, self.caller, *reply))

    def _refused(self, reply: object, connection: Connection) -> None:
        if not isinstance(reply, hiredis.ReplyError):
            raise codec.Misplaced("a reply of another kind")
        if connection.refused == 0:  # once: a moved slot refuses thousands a second
            logger.error("Redis refuses look-ups: %s", reply)
        connection.refused += 1
        self.tell(StoreUnavailable(f"Redis: {reply}"))

    def fail(self, why: StoreUnavailable) -> None:
        self.tell(why)

    def tell(self, answer: Answer) -> None:
        """Deliver; other questions must have their answers though this one's fails."""
        try:
            self.deliver(answer)
        except Exception:
            logger.exception("what was done with a look-up failed")


class _Nothing:
    """The replies that prove, or not, that X really is unknown.

    The reply to a look-up of an unknown X holds no key to compare. So before anyone is
    told "no such number", the connection must echo what nobody else asks for, and show
    that the store has not come back empty (F6). The object awaits both replies.
    """

    __slots__ = ("asked_at", "done", "echoed", "look_up")

    def __init__(self, look_up: _LookUp) -> None:
        self.look_up = look_up
        self.asked_at = look_up.asked_at
        self.echoed = False
        self.done = False

    def answer(self, reply: object, connection: Connection) -> None:
        if not self.echoed:
            if reply != self.look_up.x:
                raise codec.Misplaced("an echo of something else")
            self.echoed = True
            if connection.epoch:
                return
        elif reply != connection.epoch:
            self.fail(StoreUnavailable("the store is not the one that was opened"))
            return
        self.done = True
        self.look_up.tell(Found(self.look_up.x, None))

    def fail(self, why: StoreUnavailable) -> None:
        if not self.done:
            self.done = True
            self.look_up.tell(why)


class _Command:
    """Any other command; whoever sent it awaits the reply."""

    __slots__ = ("asked_at", "reply")

    def __init__(self, reply: asyncio.Future[object], asked_at: float) -> None:
        self.reply = reply
        self.asked_at = asked_at

    def answer(self, reply: object, _connection: Connection) -> None:
        if not self.reply.done():
            self.reply.set_result(reply)

    def fail(self, why: StoreUnavailable) -> None:
        if not self.reply.done():
            self.reply.set_exception(why)


class Connection(asyncio.Protocol):
    """One connection; made by `loop.create_connection`, used until it is lost.

    `epoch` is the text the store was marked with when it was opened, "" for no mark.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, epoch: str = "") -> None:
        self._loop = loop
        self.epoch = epoch
        self.lost: asyncio.Future[None] = loop.create_future()
        """Done when the connection is no more."""
        self._transport: asyncio.Transport | None = None
        # Replies are text; surrogates, so that no byte of a value can stop the reader.
        self._reader = hiredis.Reader(
            encoding="utf-8", errors="surrogateescape", notEnoughData=False
        )
        self._open: deque[_Question] = deque()
        self._packed: list[bytes] = []
        self._watch: asyncio.TimerHandle | None = None
        self._overdue = False
        self.misplaced = 0
        """Replies that cannot have been meant for their question; ends it all."""
        self.refused = 0
        """Look-ups answered by an error of the server, such as MOVED."""

    def look_up(self, x: str, caller: str, deliver: Deliver) -> None:
        """Ask for one look-up; `deliver` is called once, from the loop."""
        try:
            packed = pack("HMGET", f"x:{{{x}}}", "n", "b", "t", "p:" + caller)
        except UnicodeError:
            deliver(StoreUnavailable("a number that is no text"))
            return
        self._ask(_LookUp(x, caller, deliver, self._loop.time()), packed)

    async def command(self, *words: str) -> object:
        """Send any command and return its reply, or raise `StoreUnavailable`."""
        reply: asyncio.Future[object] = self._loop.create_future()
        self._ask(_Command(reply, self._loop.time()), pack(*words))
        answer = await reply
        if isinstance(answer, hiredis.ReplyError):
            raise StoreUnavailable(f"Redis: {answer}")
        return answer

    def confirm_nothing(self, look_up: _LookUp) -> None:
        """Make sure of a reply that found nothing before it is believed."""
        nothing = _Nothing(look_up)
        self._ask(nothing, pack("ECHO", look_up.x))
        if self.epoch:
            self._ask(nothing, pack("GET", EPOCH_KEY))

    def _ask(self, question: _Question, packed: bytes) -> None:
        if self._transport is None:
            question.fail(StoreUnavailable("the connection to Redis is lost"))
            return
        self._open.append(question)
        if not self._packed:
            self._loop.call_soon(self._flush)
            if self._watch is None:
                self._watch = self._loop.call_later(DEADLINE_SECONDS, self._check)
        self._packed.append(packed)

    def _flush(self) -> None:
        if self._transport is not None:
            self._transport.write(b"".join(self._packed))
        self._packed.clear()

    def _check(self) -> None:
        """Close when a question is overdue, else look again when one may be.

        One timer for all questions. A loop that was late itself comes here before it
        has read what arrived meanwhile, so an overdue question has a short grace.
        """
        self._watch = None
        if not self._open:
            self._overdue = False
            return
        asked_at = min(question.asked_at for question in self._open)
        left = asked_at + DEADLINE_SECONDS - self._loop.time()
        if left <= 0 and self._overdue:
            self.abort("no answer from Redis within the deadline")
            return
        self._overdue = left <= 0
        self._watch = self._loop.call_later(max(left, _GRACE_SECONDS), self._check)

    def abort(self, why: str) -> None:
        """Close at once and fail whatever was asked. The connection is done with."""
        if self._transport is not None:
            self._transport.abort()
        self._over(why)

    def _over(self, why: str) -> None:
        self._transport = None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if not self.lost.done():
            self.lost.set_result(None)
        failed, self._open = self._open, deque()
        for question in failed:
            question.fail(StoreUnavailable(why))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (asyncio calls this)."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Fail whatever was asked (asyncio calls this)."""
        self._over(f"the connection to Redis was lost: {error or 'closed'}")

    def data_received(self, data: bytes) -> None:
        """Give each reply to the question it must be the answer of."""
        reader = self._reader
        reader.feed(data)
        try:
            while self._transport and (reply := reader.gets()) is not False:
                if not self._open:
                    raise codec.Misplaced("a reply nobody asked for")
                question = self._open.popleft()
                try:
                    question.answer(reply, self)
                except codec.Misplaced as misplaced:
                    question.fail(StoreUnavailable(str(misplaced)))
                    raise
        except (codec.Misplaced, hiredis.ProtocolError) as mistake:
            self.misplaced += 1
            logger.critical("Redis connection thrown away: %s", mistake)
            self.abort(str(mistake))
