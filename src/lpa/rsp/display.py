"""Texts of strangers, made safe to look at. Cards, servers and callers write them; a person believes them.

They may hold sequences that repaint a terminal, signs that turn the reading direction, marks that pile up
over the lines above, or more than fits a screen, and so look like words of ours. What is not to be seen is
shown as its escape. For terminals, logs and pages alike; what must come out as it went in is JSON.
"""

from __future__ import annotations

import json
import unicodedata

_MOST_MARKS = 5  # one above the other on one letter: Hebrew and Tibetan need four
# Printable, says Unicode, and yet nothing is seen of them.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")


def safe(text: str) -> str:
    """`text` on one line, with every sign that is not to be seen shown as its escape."""
    if text.isascii() and text.isprintable():
        return text
    shown, marks = [], 0
    for sign in text:
        marks = marks + 1 if unicodedata.category(sign) in ("Mn", "Me") else 0
        harmless = _harmless(sign) and sign not in _BLANK and marks <= _MOST_MARKS
        shown.append(sign if harmless else sign.encode("unicode_escape").decode())
    return "".join(shown)


def safe_json(text: str) -> str:
    """JSON `text` that means the same, with what is not to be seen as its \\u escape; lines stay lines."""
    return "".join(sign if _harmless(sign) or sign == "\n" else json.dumps(sign)[1:-1] for sign in text)


def brief(text: str, most: int) -> str:
    """`text`, or its first `most` signs and an ellipsis."""
    return text if len(text) <= most else f"{text[:most]}…"


def _harmless(sign: str) -> bool:
    return sign.isprintable() or unicodedata.category(sign) == "Zs"
