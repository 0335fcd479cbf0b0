"""A simulated card and its servers for the tests of other programs."""
