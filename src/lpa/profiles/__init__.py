"""Choose a profile of the card; enable, disable, compare, read and back up profiles."""
