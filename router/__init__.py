"""veil: calls to X numbers are decided, bridged and billed."""
