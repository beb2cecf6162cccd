"""What routing asks of a store, whatever stands behind it.

One X number is one key. A store keeps for each X a hash of fields, the same in SQLite
and in Redis:

    n           the number record
    b           the AX binding
    t           the temporary callee of the AX binding
    p:<party>   the AXB binding that has this party, under both of its parties

Nothing is cached by X or by caller: an unbind holds from the instant it was answered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from router.plan.model import AxbBinding, AxBinding, Found, NumberRecord


class StoreError(Exception):
    """Anything a store raises on purpose."""


class StoreUnavailable(StoreError):
    """The store gave no answer that may be trusted; the text says why, without numbers.

    It says nothing about whether the number or the binding exists.
    """


class Conflict(StrEnum):
    """Why a binding cannot be made."""

    UNKNOWN_NUMBER = "unknown_number"
    """X is no number of ours."""
    X_TAKEN = "x_taken"
    """X has an AX binding already."""
    PARTY_TAKEN = "party_taken"
    """One of the parties is in another AXB binding on this X."""
    SUBSCRIPTION_TAKEN = "subscription_taken"
    """The subscription id belongs to a binding on another X."""
    NOT_BOUND = "not_bound"
    """A temporary callee needs an AX binding."""


class BindingConflict(StoreError):
    """A binding that may not stand beside what is bound; nothing was written."""

    def __init__(self, kind: Conflict) -> None:
        super().__init__(kind.value)
        self.kind = kind


Answer = Found | StoreUnavailable
Deliver = Callable[[Answer], None]
Binding = AxBinding | AxbBinding


class Store(Protocol):
    """Numbers and bindings. Whatever is awaited may raise `StoreUnavailable`."""

    @property
    def available(self) -> bool:
        """Whether look-ups are being answered, for /readyz; costs no I/O on a wire."""
        ...

    def look_up(self, x: str, caller: str, deliver: Deliver) -> None:
        """Find all that routing needs for one call, and call `deliver` exactly once.

        An embedded store answers before this returns; a remote one from the event
        loop, within 0.5 s whatever happens. Never raises.
        """
        ...

    async def open(self) -> None:
        """Connect, or create the file. Must be awaited once, before anything else."""
        ...

    async def close(self) -> None:
        """Let go of everything; look-ups still open are answered `StoreUnavailable`."""
        ...

    async def ping(self) -> None:
        """Return when the store can be read and holds what it held when opened."""
        ...

    async def put_number(self, record: NumberRecord) -> None:
        """Add the X number or replace its record; bindings on it stay."""
        ...

    async def remove_number(self, x: str) -> bool:
        """Take the X number away with every binding on it; False when unknown."""
        ...

    async def numbers(self) -> Sequence[NumberRecord]:
        """Return every X number, sorted by X."""
        ...

    async def bind_ax(self, binding: AxBinding) -> None:
        """Bind A to X; the same subscription id again replaces. Or `BindingConflict`.

        A temporary callee survives a replacement unless A is another.
        """
        ...

    async def set_temporary_callee(
        self, x: str, callee: str | None, expires_at: float = 0.0
    ) -> None:
        """Set whom A reaches by calling X, until epoch second `expires_at`.

        None removes it. `BindingConflict(NOT_BOUND)` when X has no AX binding.
        """
        ...

    async def bind_axb(self, binding: AxbBinding, now: float) -> None:
        """Bind A and B on X; the same subscription id again replaces.

        Raise `BindingConflict` when either is a party on this X already; a binding
        whose time was up at epoch second `now` stands in nobody's way.
        """
        ...

    async def unbind(self, subscription_id: str) -> bool:
        """Remove a binding and its temporary callee; False when there is none."""
        ...

    async def binding(self, subscription_id: str) -> Binding | None:
        """Return the binding, expired or not, until it is removed or swept."""
        ...

    async def sweep(self, now: float) -> int:
        """Remove what expired by epoch second `now`; return how much that was."""
        ...
