"""Hostile bytes for every decoder: `make fuzz` looks for new ones, `make test` keeps what was found."""
