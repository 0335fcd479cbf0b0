"""Decode the alphabets of SIM cards and short messages (TS 23.038, TS 102 221 Annex A).

Nothing here raises: an undefined code becomes U+FFFD, and truncated text ends early.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# TS 23.038 §6.2.1: the character for each code from 00 on. 1B opens the second table.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# §6.2.1.1: the characters after an escape.
EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_ESCAPE = 0x1B
UNKNOWN = "\ufffd"


def gsm(codes: Iterable[int], basic: str = BASIC, extension: Mapping[int, str] = EXTENSION) -> str:
    """Text in the default alphabet, one code of 0 to 127 per character. Codes from 128 on are undefined.

    `basic` and `extension`: the tables of a language with its own.
    """
    text = []
    escaped = False
    for code in codes:
        if code == _ESCAPE and not escaped:
            escaped = True
            continue
        # A code that the second table lacks is that of the first (§6.2.1.1).
        known = basic[code] if code < len(basic) and code != _ESCAPE else UNKNOWN
        text.append(extension.get(code, known) if escaped else known)
        escaped = False
    return "".join(text)


def septets(packed: bytes, count: int, *, skip: int = 0) -> bytes:
    """Of `count` codes that are packed 8 into 7 bytes, those after the first `skip` (§6.1.2.1)."""
    bits = int.from_bytes(packed, "little")
    whole = min(count, len(packed) * 8 // 7)
    return bytes(bits >> 7 * index & 0x7F for index in range(skip, whole))


def ucs2(coded: bytes) -> str:
    """Text in UCS-2 or UTF-16, high byte first. Half a character at the end is left out."""
    return coded[: len(coded) // 2 * 2].decode("utf-16-be", errors="replace")


def alpha(field: bytes) -> str:
    """A name in a file, padded with FF: its first byte gives the coding (TS 102 221 Annex A)."""
    if field[:1] == b"\x80":
        coded = field[1:]
        pairs = (coded[start : start + 2] for start in range(0, len(coded), 2))
        return ucs2(b"".join(pair for pair in pairs if pair != b"\xff\xff"))
    if field[:1] == b"\x81" and len(field) >= 3:
        return _half_page(field[3 : 3 + field[1]], field[2] << 7)
    if field[:1] == b"\x82" and len(field) >= 4:
        return _half_page(field[4 : 4 + field[1]], int.from_bytes(field[2:4], "big"))
    return gsm(field.partition(b"\xff")[0])


def _half_page(codes: bytes, base: int) -> str:
    """Each code is of the default alphabet, or an offset from `base` if its first bit is set."""
    text = []
    start = 0
    for position, code in enumerate(codes):
        if code & 0x80:
            text += [gsm(codes[start:position]), _character(base + (code & 0x7F))]
            start = position + 1
    return "".join([*text, gsm(codes[start:])])


def _character(code: int) -> str:
    surrogate_or_too_large = 0xD800 <= code <= 0xDFFF or code > 0xFFFF
    return UNKNOWN if surrogate_or_too_large else chr(code)
