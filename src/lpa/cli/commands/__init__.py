"""One file for each group of commands, and what they share. A command parses, calls the library, reports."""
