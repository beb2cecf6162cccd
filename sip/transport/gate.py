"""Who may talk to us, asked once per host."""

from __future__ import annotations

from collections.abc import Callable

REMEMBERED_HOSTS = 4096


class Gate:
    """Remembers what `allowed` said of each host, for a bounded number of hosts."""

    __slots__ = ("_allowed", "_verdicts")

    def __init__(self, allowed: Callable[[str], bool]) -> None:
        self._allowed = allowed
        self._verdicts: dict[str, bool] = {}

    def admits(self, host: str) -> bool:
        """Say whether datagrams and connections of `host` are let in."""
        verdict = self._verdicts.get(host)
        if verdict is None:
            # A flood of forged sources only makes verdicts be asked for again.
            if len(self._verdicts) >= REMEMBERED_HOSTS:
                self._verdicts.clear()
            verdict = self._verdicts[host] = self._allowed(host)
        return verdict

    def forget(self) -> None:
        """Ask anew for every host: the access list has changed."""
        self._verdicts.clear()
