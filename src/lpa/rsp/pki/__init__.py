"""Certificates: who signed a notification, and whether a server is the one it should be."""
