"""The wire between a reader and the simulated card (ISO 7816-3): how long what is sent over it takes."""
