"""The peers of an LPA, simulated: eUICC, SM-DP+ and SM-DS, for tests, demos and `--reader sim:PATH`."""
