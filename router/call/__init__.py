"""One call as a machine of two legs: events in, commands out. Pure."""
