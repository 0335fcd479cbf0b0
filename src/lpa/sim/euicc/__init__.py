"""The simulated eUICC."""
