"""Durations of the transaction timers (RFC 3261 table 4, RFC 6026 section 8.11)."""

from __future__ import annotations

from dataclasses import dataclass, field

UNRELIABLE = "udp"
"""The one transport that loses messages; over any other nothing is sent twice."""

_ATTEMPTS = 64
_LEAST_D = 32.0


@dataclass(frozen=True, slots=True)
class Timers:
    """The estimates of section 17.1.1.1 and what follows from them, in seconds.

    D, I, J and K hold for UDP: over reliable transports they are zero.
    """

    t1: float = 0.5
    """Round-trip time estimate; A, E and G start with it."""
    t2: float = 4.0
    """Longest interval between repeats of a non-INVITE request or a final response."""
    t4: float = 5.0
    """Longest time a message stays in the network."""
    b: float = field(init=False)
    """INVITE client: how long to go without any response."""
    d: float = field(init=False)
    """INVITE client: how long repeats of a refusal are acknowledged."""
    f: float = field(init=False)
    """Non-INVITE client: how long to go without a final response."""
    h: float = field(init=False)
    """INVITE server: how long to wait for the ACK of a refusal."""
    i: float = field(init=False)
    """INVITE server: how long repeats of that ACK are absorbed."""
    j: float = field(init=False)
    """Non-INVITE server: how long repeats of the request are answered."""
    k: float = field(init=False)
    """Non-INVITE client: how long repeats of the response are absorbed."""
    l: float = field(init=False)  # noqa: E741 - the RFC's name
    """INVITE server: how long repeats of an accepted INVITE are absorbed."""
    m: float = field(init=False)
    """INVITE client: how long further 2xx responses are passed up."""
    trying: float = field(init=False)
    """Non-INVITE server: when 100 becomes due, the age at which the client's timer E
    is set to T2 (RFC 4320 section 4.1)."""

    def __post_init__(self) -> None:
        """Work out what follows from T1, T2 and T4."""
        long = _ATTEMPTS * self.t1
        # "an absolute minimum of 32 s is used instead of basing Timer D on T1"
        values = {"d": max(_LEAST_D, long), "i": self.t4, "k": self.t4}
        values.update(dict.fromkeys("bfhjlm", long))
        age = interval = self.t1
        while interval < self.t2:
            interval = min(2 * interval, self.t2)
            if interval < self.t2:
                age += interval
        values["trying"] = age
        for name, value in values.items():
            object.__setattr__(self, name, value)
