"""How many calls a trunk may bring: a second, and at a time."""

from __future__ import annotations


class TokenBucket:
    """Lets `rate` calls a second through, and as many at once after a quiet second."""

    __slots__ = ("_at", "_rate", "_tokens")

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._tokens = float(rate)
        self._at = 0.0

    def take(self, now: float) -> bool:
        """Take one token if there is one. `now` is monotonic seconds."""
        elapsed = now - self._at
        self._at = now
        tokens = min(self._tokens + elapsed * self._rate, float(self._rate))
        if tokens < 1.0:
            self._tokens = tokens
            return False
        self._tokens = tokens - 1.0
        return True
