"""The metadata of an offered profile, written by hand."""

from __future__ import annotations

SAMPLE = bytes.fromhex(
    "BF252E 5A0A98940121436587090121 91025350 92014E 950102 B60B300980020780 8103612E62 "
    "B705800362F210 99020640"
)
