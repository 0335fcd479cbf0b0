"""The profiles of a card: choose one, enable, disable, compare, read and back up."""
