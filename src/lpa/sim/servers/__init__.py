"""The simulated SM-DP+ and SM-DS."""
