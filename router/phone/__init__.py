"""A small phone on our own SIP stack: `veil call`, and both ends of the demo."""

from router.phone.command import main

__all__ = ["main"]
