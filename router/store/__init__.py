"""Numbers and bindings: one contract, kept in SQLite or in Redis."""
