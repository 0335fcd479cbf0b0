"""The national language tables of short messages (TS 23.038 §6.2.1.2, Annex A).

A message may replace the default alphabet ("locking shift") and the characters after an escape ("single
shift") by the tables of a language. Here each table is written as its differences: those of ten languages of
Asia have the same frame of digits and punctuation, filled with the characters of their script, mostly in
Unicode's order.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lpa.rsp.uicc.alphabets import BASIC, EXTENSION, UNKNOWN


@dataclass(frozen=True)
class Tables:
    """A character for each code of 0 to 127 (`locking`), and for some of those after an escape (`single`)."""

    locking: str = BASIC
    single: Mapping[int, str] = field(default_factory=lambda: EXTENSION)


# The places for the characters of a script, as █: in the locking table, and among those after an escape.
_FRAME = (
    "██████████\n██\r█████████████\x1b████ !██████)(██,█.█"
    "0123456789:;███?████████████████████████████████"
    "█abcdefghijklmnopqrstuvwxyz█████"
)
_ESCAPED_FRAME = (
    "@£$¥¿\"¤%&'\f*+ -/<=>¡^¡_#*██ ████████████{}█████\\████████████[~]█"
    "|ABCDEFGHIJKLMNOPQRSTUVWXYZ          €".ljust(64)
)
# By identifier (§6.2.1.2.4): the characters for these places; a dot where a language has none.
_SCRIPTS = {
    0x04: (  # Bengali and Assamese
        "981-983 985-98C . . 98F 990 . . 993-9A8 . 9AA-9B0 . 9B2 . . . 9B6-9B9 9BC-9C4"
        " . . 9C7 9C8 . . 9CB-9CE 9D7 9DC 9DD 9F0 9F1",
        "9E6-9EF 9DF-9E3 9F2-9FA",
    ),
    0x05: (  # Gujarati
        "A81-A83 A85-A8D . A8F-A91 . A93-AA8 . AAA-AB0 . AB2 AB3 . AB5-AB9 ABC-AC5 . AC7-AC9 . ACB-ACD AD0"
        " AE0-AE3 AF1",
        "964 965 AE6-AEF",
    ),
    0x06: (  # Hindi
        "901-903 905-939 93C-94D 950 972 97B 97C 97E 97F",
        "964-96F 951-954 958-963 970 971",
    ),
    0x07: (  # Kannada
        ". C82 C83 C85-C8C . C8E-C90 . C92-CA8 . CAA-CB3 . CB5-CB9 CBC-CC4 . CC6-CC8 . CCA-CCD CD5 CD6"
        " CE0-CE3",
        "964 965 CE6-CEF CDE CF1 CF2",
    ),
    0x08: (  # Malayalam
        ". D02 D03 D05-D0C . D0E-D10 . D12-D28 . D2A-D39 . D3D-D44 . D46-D48 . D4A-D4D D57 D60-D63 D79",
        "964 965 D66-D75 D7A-D7F",
    ),
    0x09: (  # Oriya
        "B01-B03 B05-B0C . . B0F B10 . . B13-B28 . B2A-B30 . B32 B33 . B35-B39 B3C-B44"
        " . . B47 B48 . . B4B-B4D B56 B57 B60-B63",
        "964 965 B66-B6F B5C B5D B5F B70 B71",
    ),
    0x0A: (  # Punjabi
        "A01-A03 A05-A0A . . . . A0F A10 . . A13-A28 . A2A-A30 . A32 A33 . A35 A36 . A38 A39 A3C . A3E-A42"
        " . . . . A47 A48 . . A4B-A4D A51 A70-A74",
        "964 965 A66-A6F A59-A5C A5E A75",
    ),
    0x0B: (  # Tamil
        ". B82 B83 B85-B8A . . . B8E-B90 . B92-B95 . . . B99 B9A . B9C . B9E B9F . . . BA3 BA4 . . . BA8-BAA"
        " . . . BAE-BB9 . . BBE-BC2 . . . BC6-BC8 . BCA-BCD BD0 BD7 BF0-BF2 BF9",
        "964 965 BE6-BEF BF3-BF8 BFA",
    ),
    0x0C: (  # Telugu
        "C01-C03 C05-C0C . C0E-C10 . C12-C28 . C2A-C33 . C35-C39 . C3D-C44 . C46-C48 . C4A-C4D C55 C56"
        " C60-C63",
        ". . C66-C6F C58 C59 C78-C7F",
    ),
    0x0D: (  # Urdu
        "627 622 628 67B 680 67E 6A6 62A 6C2 67F 679 67D 67A 67C 62B 62C 681 684 683 685-687 62D-62F 68C"
        " 688-68A 68F 68D 630 631 691 693 699 632 696 698 69A 633-639 641 642 6A9-6AB 6AF 6B3 6B1 644-646"
        " 6BA-6BC 648 6C4 6D5 6C1 6BE 621 6CC 6D0 6D2 64D 650 64F 657 654 655 651 653 656 670",
        "600 601 6F0-6F9 60C-614 61B 61F 640 652 658 66B 66C 672 673 6CD 6D4",
    ),
}
# The others change the default alphabet in few places: pairs of what it has, and what they have instead.
_REPLACED = {
    # Turkish
    0x01: "è€ ìı ØĞ øğ ÆŞ æş ¡İ ¿ç",
    # Portuguese
    0x03: "èê ùú ìí òó Çç ØÔ øô ÅÁ åá Φª ΓÇ ΛÀ Ω∞ Π^ Ψ\\ Σ€ ΘÓ Ξ| ÆÂ æâ ßÊ ¤º ¡Í ÄÃ ÖÕ ÑÚ ¿~ äã öõ ñ`",
}
# And they add to what follows an escape: code and character.
_ADDED = {
    0x01: "47Ğ 49İ 53Ş 63ç 67ğ 69ı 73ş",
    0x02: "09ç 41Á 49Í 4FÓ 55Ú 61á 69í 6Fó 75ú",  # Spanish, which has no locking table
    0x03: "05ê 09ç 0BÔ 0Cô 0EÁ 0Fá 12Φ 13Γ 15Ω 16Π 17Ψ 18Σ 19Θ 1FÊ 41À 49Í 4FÓ 55Ú 5BÃ 5CÕ 61Â 69í 6Fó 75ú"
    " 7Bã 7Cõ 7Fâ",
}


@functools.cache
def tables(locking: int, single: int) -> Tables | None:
    """The tables of two languages by their identifiers, 0 for none; None if one is unknown.

    A language without a table of one kind, as Spanish, keeps the default one.
    """
    known = (0, *_SCRIPTS, *_ADDED)
    if locking not in known or single not in known:
        return None
    return Tables(_locking(locking), _single(single))


def _locking(language: int) -> str:
    if language in _SCRIPTS:
        return _filled(_FRAME, _SCRIPTS[language][0])
    replaced = {pair[0]: pair[1] for pair in _REPLACED.get(language, "").split()}
    return "".join(replaced.get(character, character) for character in BASIC)


def _single(language: int) -> Mapping[int, str]:
    if language in _SCRIPTS:
        filled = _filled(_ESCAPED_FRAME, _SCRIPTS[language][1])
        return {code: character for code, character in enumerate(filled) if character not in (" ", UNKNOWN)}
    added = {int(item[:2], 16): item[2:] for item in _ADDED.get(language, "").split()}
    return EXTENSION | added


def _filled(frame: str, characters: str) -> str:
    """The frame with the characters in their places, as many as there are."""
    given = _characters(characters)
    return re.sub("█", lambda _: next(given, UNKNOWN), frame)


def _characters(listed: str) -> Iterator[str]:
    """The characters of a list of code points and ranges in hexadecimal."""
    for item in listed.split():
        first, _, last = item.partition("-")
        if item == ".":
            yield UNKNOWN
        else:
            yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))
