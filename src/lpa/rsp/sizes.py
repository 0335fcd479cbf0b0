"""Sizes in bytes, as people read them."""

from __future__ import annotations

_KIB = 1024
_FEW = 10 * _KIB  # up to which sizes are shown in bytes


def in_words(count: int) -> str:
    """The size, rounded down: 3000 is "3000 bytes", 400000 is "390 KiB"."""
    return f"{count} bytes" if count < _FEW else f"{count // _KIB} KiB"
