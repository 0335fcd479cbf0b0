"""Hostile bytes for every decoder: `make fuzz` searches for new ones, `make test` repeats the findings."""
