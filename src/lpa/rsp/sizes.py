"""How many bytes something has, as people read it."""

from __future__ import annotations

_KIB = 1024
_FEW = 10 * _KIB  # of which every byte is told


def in_words(count: int) -> str:
    """Never more than there is: 3000 is "3000 bytes", 400000 is "390 KiB"."""
    return f"{count} bytes" if count < _FEW else f"{count // _KIB} KiB"
