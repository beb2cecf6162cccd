"""Dialogs and what is done inside them (RFC 3261 sections 12 to 15)."""
