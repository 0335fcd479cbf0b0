"""Towards the card: transports, logical channels, ES10, and finding the eUICC among the readers."""
