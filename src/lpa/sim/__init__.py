"""Both peers of an LPA, simulated: the eUICC and the SM-DP+, for tests, demos and `--reader sim:PATH`."""
