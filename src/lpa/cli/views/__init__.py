"""How facts are shown: a value in, lines out."""
