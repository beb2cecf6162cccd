"""Plain numbers of the product, which the metrics read; they only grow."""

from __future__ import annotations


class Counters:
    """Counted since the start. No phone number is ever a part of a name here."""

    __slots__ = (
        "answered",
        "drained",
        "faults",
        "limited",
        "not_admitted",
        "placed",
        "records",
        "store_failures",
        "taken",
        "unknown_numbers",
    )

    def __init__(self) -> None:
        self.taken = 0
        """INVITEs outside a dialog."""
        self.placed = 0
        """Second legs sent to a gateway, each attempt."""
        self.answered = 0
        self.unknown_numbers = 0
        """Calls to numbers that are no X numbers of ours."""
        self.not_admitted = 0
        """Calls from hosts that may answer us but not call us."""
        self.limited = 0
        """Calls over a trunk's limits."""
        self.drained = 0
        """Calls refused because we are stopping."""
        self.store_failures = 0
        """Look-ups the store did not answer."""
        self.records = 0
        self.faults = 0
        """Calls ended by a fault of ours."""
