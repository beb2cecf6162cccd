"""veil: privacy-number call routing. Calls to X numbers are decided, bridged and billed."""
