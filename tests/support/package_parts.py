"""The parts of a bound profile package, written by hand."""

from __future__ import annotations

MAC = "0102030405060708"
CHANNEL = "BF2303 820101"
CONFIGURATION = f"A00A 8708{MAC}"
SESSION_KEYS = f"A20A 8708{MAC}"
ELEMENTS = f"A316 8608{MAC} 860A FFFF{MAC}"
