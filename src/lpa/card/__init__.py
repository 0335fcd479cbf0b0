"""The card: transports, logical channels, the ES10 functions, and finding the eUICC among the readers."""
