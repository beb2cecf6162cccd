"""Tags, branches and Call-IDs: 128 random bits each (RFC 3261 sections 8.1.1, 19.3)."""

from __future__ import annotations

from collections.abc import Callable

MAGIC_COOKIE = "z9hG4bK"
_POOL_BYTES = 4096
_TOKEN_DIGITS = 32


class Tokens:
    """Draws tokens from `entropy`, which returns as many random bytes as it is asked.

    Entropy is fetched in blocks: a system call for every tag is what this avoids.
    """

    __slots__ = ("_at", "_entropy", "_pool")

    def __init__(self, entropy: Callable[[int], bytes]) -> None:
        self._entropy = entropy
        self._pool = ""
        self._at = 0

    def token(self) -> str:
        """Return 32 hexadecimal digits never returned before."""
        at = self._at
        if at >= len(self._pool):
            self._pool = self._entropy(_POOL_BYTES).hex()
            at = 0
        self._at = at + _TOKEN_DIGITS
        return self._pool[at : at + _TOKEN_DIGITS]

    def branch(self) -> str:
        """Return a Via branch with RFC 3261's magic cookie."""
        return MAGIC_COOKIE + self.token()
