"""Towards the servers: verified HTTPS, and ES9+ to an SM-DP+."""
