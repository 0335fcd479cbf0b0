"""The command `lpa`: a thin face over `lpa.Assistant`. Each command parses, calls the library, and shows."""
