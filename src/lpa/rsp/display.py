"""Make untrusted text safe to display: text that comes from cards, servers and callers.

It may contain sequences that repaint a terminal, characters that change the reading direction, marks that
cover the lines above, or more than fits a screen, and so imitate the program's own output. Such characters
are shown as their escapes, on terminals, in logs and on pages. Output that must keep them is JSON.

The only invisible character that is kept is one that people use in names: the joiner (ZWJ) between two emoji,
which makes one picture of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

_MOST_MARKS = 5  # on one letter; Hebrew and Tibetan need four
_FIRST = 3  # texts in one sentence
_SHOWN = 100  # characters of each
# Printable according to Unicode, but invisible.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_EMOJI_STYLE = "\ufe0f"
_ARROWS = "↔↕"  # emoji that Unicode counts as mathematical symbols


def safe(text: str) -> str:
    """`text` on one line, with every unsafe character shown as its escape."""
    if _is_plain(text):
        return text
    shown, marks = [], 0
    for place, character in enumerate(text):
        marks = marks + 1 if _category(character) in ("Mn", "Me") else 0
        harmless = _harmless(text, place) and character not in _BLANK and marks <= _MOST_MARKS
        shown.append(character if harmless else character.encode("unicode_escape").decode())
    return "".join(shown)


def safe_json(text: str) -> str:
    """JSON equal to `text`, with unsafe characters as \\u escapes; line breaks stay."""
    return "\n".join(line if _is_plain(line) else _escaped(line) for line in text.split("\n"))


def brief(text: str, most: int) -> str:
    """`text`, or its first `most` characters and an ellipsis."""
    return text if len(text) <= most else f"{text[:most]}…"


def few(texts: Iterable[str]) -> str:
    """The first of `texts`, each shortened, for a sentence; "none" if there are none."""
    return ", ".join(brief(text, _SHOWN) for text in islice(texts, _FIRST)) or "none"


def _is_plain(text: str) -> bool:
    """Whether no character needs to be examined by itself. Most texts are plain."""
    return text.isascii() and text.isprintable()


def _escaped(line: str) -> str:
    import json

    return "".join(
        character if _harmless(line, place) else json.dumps(character)[1:-1]
        for place, character in enumerate(line)
    )


def _harmless(text: str, place: int) -> bool:
    """Whether the character at `place` is visible and has no other effect."""
    character = text[place]
    if character == _JOINER:
        return _ends_in_picture(text[max(0, place - 3) : place]) and _is_picture(text[place + 1 : place + 2])
    return character.isprintable() or _category(character) == "Zs"


def _ends_in_picture(text: str) -> bool:
    text = text.removesuffix(_EMOJI_STYLE)
    if text and ord(text[-1]) in _SKIN_TONES:
        text = text[:-1]
    return _is_picture(text[-1:])


def _is_picture(character: str) -> bool:
    if not character or character in _BLANK:
        return False
    return _category(character) == "So" or character in _ARROWS


def _category(character: str) -> str:
    import unicodedata

    return unicodedata.category(character)
