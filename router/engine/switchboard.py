"""What every live call stands on: the stack, the stores, the clocks, the books."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from router.engine.counters import Counters
from router.records.record import CallRecord
from router.store.port import Store
from sip.core import Core
from sip.tokens import Tokens
from sip.wheel import Wheel

if TYPE_CHECKING:
    from router.engine.legs import LiveCall

_RETRY_FROM = 2
_RETRY_SPAN = 9


class Recorder(Protocol):
    """Where call records go; `Archive` is one."""

    def write(self, record: CallRecord) -> None:
        """Keep the record; returns at once and never fails."""


class Switchboard:
    """Shared by all calls of one process."""

    __slots__ = (
        "archive",
        "calls",
        "clock",
        "core",
        "counters",
        "host",
        "placed",
        "store",
        "tokens",
        "wake",
        "wall",
        "wheel",
    )

    def __init__(
        self,
        *,
        core: Core,
        store: Store,
        archive: Recorder,
        host: str,
        clock: Callable[[], float],
        wall: Callable[[], float],
        wake: Callable[[], None],
    ) -> None:
        """`host` is how we name ourselves to peers; `clock` is monotonic seconds.

        `wake` asks for the core to be drained and its output sent soon; it is called
        whenever the core was used outside of a batch of input.
        """
        self.core = core
        self.store = store
        self.archive = archive
        self.host = host
        self.clock = clock
        self.wall = wall
        self.wake = wake
        self.counters = Counters()
        self.tokens: Tokens = core.ground.tokens
        self.wheel: Wheel = core.ground.wheel
        self.calls: set[LiveCall] = set()
        # Second legs by what they look like when they come back to us as a new call:
        # from the number shown, to the number called (F43).
        self.placed: dict[tuple[str, str], LiveCall] = {}

    def retry_after(self) -> str:
        """Return a Retry-After line of 2 to 10 seconds: not all shall come at once."""
        seconds = _RETRY_FROM + int(self.tokens.token()[:4], 16) % _RETRY_SPAN
        return f"Retry-After: {seconds}\r\n"
