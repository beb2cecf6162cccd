"""The heart: what was found for a call, and who calls, give a decision. Pure."""
