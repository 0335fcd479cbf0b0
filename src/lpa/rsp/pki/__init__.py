"""Certificates: verify who signed a notification, and the identity of a server."""
