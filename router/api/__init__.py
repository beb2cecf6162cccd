"""What veil answers over HTTP."""
