"""What is left of a call: its events, its record, the archive of records."""
