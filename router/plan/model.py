"""What routing knows of an X number: its record and its bindings.

Numbers are in the one inner spelling of `router.numbers`; `*_at` are epoch seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple


class Mode(StrEnum):
    """How an app's X numbers work; an app has one mode for its life."""

    AX = "AX"
    AXB = "AXB"
    AXE = "AXE"
    X = "X"


class NumberState(IntEnum):
    """State of an X number, with the figures of the numStatus notification."""

    NORMAL = 5
    SUSPENDED = 9
    UNAVAILABLE = 10
    FROZEN = 11
    """No new bindings; those that exist go on working."""


class CallDirection(IntEnum):
    """`callDirection` of a binding; what 1 and 2 mean depends on the mode."""

    BOTH = 0
    FROM_A = 1
    """AX: only A calls out through X. AXB: only A (`callerNum`) calls B."""
    TO_A = 2
    """AX: only others reach A. AXB: only B (`calleeNum`) calls A."""


@dataclass(frozen=True, slots=True)
class NumberRecord:
    """An X number of ours: whose it is and whether it may be used."""

    x: str
    app: str
    """Key of the one app the number belongs to."""
    mode: Mode
    state: NumberState = NumberState.NORMAL


@dataclass(frozen=True, slots=True)
class AxBinding:
    """AX: whoever calls X reaches A; A calls its temporary callee through X."""

    subscription_id: str
    a: str
    x: str
    callee_num_display: int = 0
    """What A sees when called: 0 X, 1 the real caller."""
    call_direction: int = 0
    """A `CallDirection`."""
    max_duration: int = 0
    """Minutes from answer, 0 for no limit."""
    user_data: str = ""
    extra: tuple[tuple[str, str], ...] = ()
    """Further members of the bind request, kept verbatim."""


@dataclass(frozen=True, slots=True)
class TemporaryCallee:
    """AX: whom A reaches by calling its X, until `expires_at`."""

    callee: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class AxbBinding:
    """AXB: A and B reach each other by calling X."""

    subscription_id: str
    a: str
    b: str
    x: str
    call_direction: int = 0
    """A `CallDirection`."""
    expires_at: float | None = None
    """None for a binding that lasts until it is removed."""
    max_duration: int = 0
    """Minutes from answer, 0 for no limit."""
    user_data: str = ""
    extra: tuple[tuple[str, str], ...] = ()
    """Further members of the bind request, kept verbatim."""


class Found(NamedTuple):
    """All that one look-up of (X, caller) returned; made once a call."""

    x: str
    number: NumberRecord | None
    """None when X is no number of ours."""
    ax: AxBinding | None = None
    temporary: TemporaryCallee | None = None
    axb: AxbBinding | None = None
    """The binding that has the caller as a party, of all those on X."""
    last_caller: str = ""
    """Who last reached A through X; "" where the store keeps no such record."""


@dataclass(frozen=True, slots=True)
class AppRules:
    """An app's settings, and its trunk's, that decisions depend on."""

    memory_callback: bool = False
    """AX: A calling X without a temporary callee reaches the last caller."""
    show_caller: bool = False
    """Whether the trunk lets A see the real caller (`calleeNumDisplay` 1)."""
