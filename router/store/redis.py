"""The store in Redis: one server, a Sentinel group, or a Cluster.

Beside the hashes `x:{X}` (see `router.store.port` and `router.store.redis_scripts`):

    sub:<subscription id>   X of the binding; a hint, the hash decides
    veil:numbers            set of every X
    veil:expiring           sorted set by instant, of `X` + newline + subscription id,
                            "" standing for the temporary callee
    veil:epoch              mark of this store: one that came back empty has none (F6)

What goes over several keys is ordered so that a crash in between leaves at worst a hint
that points nowhere, or an expired binding that is never swept; neither routes.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterable, Sequence
from typing import cast
from uuid import uuid4

from router.plan.model import AxbBinding, AxBinding, NumberRecord, TemporaryCallee
from router.store import codec, redis_scripts
from router.store.port import (
    Binding,
    BindingConflict,
    Conflict,
    Deliver,
    StoreUnavailable,
)
from router.store.redis_address import Kind, RedisAddress
from router.store.redis_clients import (
    Client,
    Clients,
    foreign_errors_as_ours,
    make_clients,
)
from router.store.redis_connection import EPOCH_KEY
from router.store.redis_keeper import Keeper, Login
from router.store.redis_lookups import (
    ClusterLookUps,
    LookUps,
    fixed_place,
    primary_place,
)

NUMBERS_KEY = "veil:numbers"
EXPIRING_KEY = "veil:expiring"
SWEEP_BATCH = 500
WRITES_AT_ONCE = 32


def _key(x: str) -> str:
    return f"x:{{{x}}}"


def _member(x: str, subscription_id: str) -> str:
    return f"{x}\n{subscription_id}"


class RedisStore:
    """A `router.store.port.Store` in Redis."""

    def __init__(self, address: RedisAddress, *, read_only: bool = False) -> None:
        self._address = address
        self._read_only = read_only
        self._clients: Clients | None = None
        self._look_ups: LookUps | None = None
        self._turns = asyncio.Semaphore(WRITES_AT_ONCE)

    @property
    def available(self) -> bool:
        """Whether look-ups are being answered, as of a second ago at most."""
        return self._look_ups is not None and self._look_ups.available

    @property
    def misplaced(self) -> int:
        """Replies thrown away because they were not their question's; stays 0."""
        return 0 if self._look_ups is None else self._look_ups.misplaced

    def look_up(self, x: str, caller: str, deliver: Deliver) -> None:
        """Ask in the batch of this tick; deliver within 0.5 s."""
        if self._look_ups is None:
            deliver(StoreUnavailable("the store is not open"))
        else:
            self._look_ups.look_up(x, caller, deliver)

    async def open(self) -> None:
        """Connect, mark the store if it has no mark, and prove that it can be read."""
        with foreign_errors_as_ours():
            clients = make_clients(self._address)
            tls = self._address.tls_context()
        self._clients = clients
        try:
            epoch = await self._mark()
            self._look_ups = self._make_look_ups(clients, epoch, tls)
            await self._look_ups.open()
        except BaseException:
            await self.close()
            raise

    async def _mark(self) -> str:
        if not self._read_only:
            await self._command("SET", EPOCH_KEY, uuid4().hex, "NX")
        epoch = await self._command("GET", EPOCH_KEY)
        return "" if epoch is None else str(epoch)

    def _make_look_ups(
        self, clients: Clients, epoch: str, tls: ssl.SSLContext | None
    ) -> LookUps:
        address = self._address
        login = Login(
            address.username,
            address.password,
            address.db,
            tls,
            only_primary=address.kind is Kind.SENTINEL,
        )
        if clients.cluster is not None:
            return ClusterLookUps(clients.cluster, login)
        if clients.sentinel is not None:
            place = primary_place(clients.sentinel, address.master)
        else:
            place = fixed_place(address.hosts[0])
        return Keeper(place, login, epoch=epoch)

    async def close(self) -> None:
        """Let go of every connection."""
        if self._look_ups is not None:
            await self._look_ups.close()
            self._look_ups = None
        if self._clients is not None:
            clients, self._clients = self._clients, None
            with foreign_errors_as_ours():
                await clients.close()

    async def ping(self) -> None:
        """Return when a look-up's way to Redis is sound and Redis takes commands."""
        if not self.available:
            raise StoreUnavailable("Redis is not connected")
        await self._command("GET", EPOCH_KEY)

    async def put_number(self, record: NumberRecord) -> None:
        """Add the X number or replace its record."""
        await self._command("SADD", NUMBERS_KEY, record.x)
        text = codec.encode(record)
        await self._command("HSET", _key(record.x), codec.NUMBER, text)

    async def remove_number(self, x: str) -> bool:
        """Take the X number away with every binding on it."""
        removed = await self._run(redis_scripts.REMOVE_NUMBER, x)
        await self._command("SREM", NUMBERS_KEY, x)
        if not isinstance(removed, list):
            return False
        for subscription_id in ("", *removed):
            await self._forget(x, subscription_id)
        return True

    async def numbers(self) -> Sequence[NumberRecord]:
        """Return every X number, sorted by X."""
        names = cast(Iterable[str], await self._command("SMEMBERS", NUMBERS_KEY))
        with foreign_errors_as_ours():
            pipeline = self._writer().pipeline(transaction=False)
            for x in sorted(names):
                pipeline.execute_command("HGET", _key(x), codec.NUMBER)
            texts = await pipeline.execute()
        return [codec.decode_number(text) for text in texts if text is not None]

    async def bind_ax(self, binding: AxBinding) -> None:
        """Bind A to X, in place of the same subscription's binding."""
        await self._bind(binding, None, 0.0)

    async def bind_axb(self, binding: AxbBinding, now: float) -> None:
        """Bind A and B on X, in place of the same subscription's binding."""
        await self._bind(binding, binding.expires_at, now)

    async def _bind(
        self, binding: Binding, expires_at: float | None, now: float
    ) -> None:
        x, subscription_id = binding.x, binding.subscription_id
        member = _member(x, subscription_id)
        # The hint first: a binding that nobody can name could not be unbound.
        made = await self._claim(subscription_id, x)
        conflict = await self._run(
            redis_scripts.BIND,
            x,
            subscription_id,
            codec.encode(binding),
            repr(now),
            json.dumps(codec.fields_of(binding)),
        )
        if conflict:
            if made:
                await self._forget(x, subscription_id)
            raise BindingConflict(Conflict(str(conflict)))
        if expires_at is None:
            await self._command("ZREM", EXPIRING_KEY, member)
        else:
            await self._command("ZADD", EXPIRING_KEY, expires_at, member)

    async def _claim(self, subscription_id: str, x: str) -> bool:
        """Have the id point to X; False when it did, `BindingConflict` if elsewhere."""
        hint = f"sub:{subscription_id}"
        if await self._command("SET", hint, x, "NX"):
            return True
        owner = await self._command("GET", hint)
        if owner == x:
            return False
        if await self.binding(subscription_id) is not None:
            raise BindingConflict(Conflict.SUBSCRIPTION_TAKEN)
        await self._command("SET", hint, x)
        return True

    async def _forget(self, x: str, subscription_id: str) -> None:
        """Remove what points to a binding; "" stands for the temporary callee."""
        await self._command("ZREM", EXPIRING_KEY, _member(x, subscription_id))
        if subscription_id:
            await self._command("DEL", f"sub:{subscription_id}")

    async def set_temporary_callee(
        self, x: str, callee: str | None, expires_at: float = 0.0
    ) -> None:
        """Set whom A reaches by calling X."""
        text = ""
        if callee is not None:
            text = codec.encode_temporary(x, TemporaryCallee(callee, expires_at))
            await self._command("ZADD", EXPIRING_KEY, expires_at, _member(x, ""))
        conflict = await self._run(redis_scripts.SET_TEMPORARY, x, text)
        if conflict:
            await self._forget(x, "")
            raise BindingConflict(Conflict(str(conflict)))
        if callee is None:
            await self._forget(x, "")

    async def unbind(self, subscription_id: str) -> bool:
        """Remove a binding and its temporary callee."""
        x = await self._command("GET", f"sub:{subscription_id}")
        if x is None:
            return False
        removed = await self._run(redis_scripts.UNBIND, str(x), subscription_id, "")
        await self._forget(str(x), subscription_id)
        return removed == 1

    async def binding(self, subscription_id: str) -> Binding | None:
        """Return the binding of that id, if there is one."""
        x = await self._command("GET", f"sub:{subscription_id}")
        if x is None:
            return None
        text = await self._run(redis_scripts.BINDING, str(x), subscription_id)
        return None if text is None else codec.decode_binding(str(text))

    async def sweep(self, now: float) -> int:
        """Remove what expired by `now`: AXB bindings and temporary callees."""
        count = 0
        due = ("ZRANGEBYSCORE", EXPIRING_KEY, "-inf", repr(now), "LIMIT", 0)
        while True:
            members = cast(list[str], await self._command(*due, SWEEP_BATCH))
            for member in members:
                count += await self._expire(member, now)
            if len(members) < SWEEP_BATCH:
                return count

    async def _expire(self, member: str, now: float) -> int:
        x, _, subscription_id = member.partition("\n")
        if subscription_id:
            until = repr(now)
            removed = await self._run(redis_scripts.UNBIND, x, subscription_id, until)
            if removed == 1:
                await self._command("DEL", f"sub:{subscription_id}")
        else:
            removed = await self._run(redis_scripts.EXPIRE_TEMPORARY, x, repr(now))
        forget = ("EVAL", redis_scripts.FORGET_DUE, 1, EXPIRING_KEY)
        await self._command(*forget, repr(now), member)
        return 1 if removed == 1 else 0

    def _writer(self) -> Client:
        if self._clients is None:
            raise StoreUnavailable("the store is not open")
        return self._clients.writer

    async def _command(self, *words: str | float) -> object:
        writer = self._writer()
        # A burst of binds waits its turn: redis-py fails one connection too many.
        async with self._turns:
            with foreign_errors_as_ours():
                return cast(object, await writer.execute_command(*words))

    async def _run(self, script: str, x: str, *arguments: str) -> object:
        """Run a function of `redis_scripts` on the hash of X."""
        return await self._command("EVAL", script, 1, _key(x), *arguments)
