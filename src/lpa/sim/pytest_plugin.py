"""Fixtures for tests against a simulated eUICC and a simulated SM-DP+."""
