"""Faults of the simulated card and servers: what goes wrong, where and when, each in one line."""
