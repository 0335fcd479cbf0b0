"""Encodes contacts as the records of a phone book (TS 31.102 §4.4.2)."""

from __future__ import annotations

from collections.abc import Sequence

from lpa.rsp.codec.ber import Tlv
from lpa.rsp.uicc.alphabets import BASIC, EXTENSION
from lpa.sim.contents import SimulatedContact

ADN, IAP, EXT1, SNE, ANR, EMAIL = 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xCA  # a file's tag in EF.PBR
LINKED = (ANR, EMAIL, SNE)  # in the order of the bytes in EF.IAP
SET_SIZE = 254  # entries for one record of EF.PBR

_DIGITS = "0123456789*#,?"
_DIGITS_PER_RECORD = 20
_NONE = b"\xff"
_PLAIN = {character: bytes([code]) for code, character in enumerate(BASIC) if character != "\x1b"}
_SEPTETS = _PLAIN | {character: bytes([0x1B, code]) for code, character in EXTENSION.items()}
FREE_EXTENSION = _NONE * 13
_SHORTEST_NAME = 14  # bytes
FREE_ENTRY = _NONE * (_SHORTEST_NAME + 14)
_FREE_ENTRIES, _USUAL_SIZE = 3, 250  # the phone book of many cards has 250 entries


def alpha(text: str) -> bytes:
    """A name in the shortest coding of TS 102 221 Annex A."""
    coded = _gsm(text)
    if coded is not None:
        return coded
    codings = [b"\x80" + text.encode("utf-16-be")]
    wide = [ord(character) for character in text if _gsm(character) is None]
    if min(wide) >> 7 == max(wide) >> 7 < 0x100:
        offsets = _offsets(text, min(wide) & ~0x7F)
        codings.append(bytes([0x81, len(offsets), min(wide) >> 7]) + offsets)
    elif max(wide) - min(wide) < 0x80 and max(wide) < 0x10000:
        offsets = _offsets(text, min(wide))
        codings.append(bytes([0x82, len(offsets)]) + min(wide).to_bytes(2, "big") + offsets)
    return min(codings, key=len)


def parallel(contacts: Sequence[SimulatedContact]) -> dict[int, list[bytes]]:
    """The records by the file's tag in EF.PBR, type 1: record i belongs to contact i, except in EXT1."""
    extensions: list[bytes] = []
    name_size = max([_SHORTEST_NAME, *(len(alpha(contact.name)) for contact in contacts)])
    entries, numbers = [], []
    for contact in contacts:
        first, second = (*contact.numbers, "", "")[:2]
        entries.append(_padded(alpha(contact.name), name_size) + number(first, extensions))
        numbers.append(b"\x00" + number(second, extensions) if second else _NONE * 15)
    free = [_NONE * (name_size + 14)] * max(0, min(_FREE_ENTRIES, _USUAL_SIZE - len(contacts)))
    return {
        ADN: entries + free,
        EXT1: [*extensions, FREE_EXTENSION],
        ANR: numbers,
        EMAIL: _texts([contact.email for contact in contacts]),
        SNE: _texts([contact.nickname for contact in contacts]),
    }


def linked(contacts: Sequence[SimulatedContact]) -> dict[int, list[bytes]]:
    """Type 2: EF.IAP has, for each contact, the record numbers of its second number, e-mail and nickname.

    These records are not in the order of the contacts, so a reader that ignores EF.IAP gets them wrong.
    """
    files = parallel(contacts)
    links = []
    for tag in LINKED:
        used = [index for index, record in enumerate(files[tag]) if record.strip(_NONE)][::-1]
        files[tag] = [files[tag][index] + bytes([0x01, index + 1]) for index in used]
        if used:
            links.append([used.index(index) + 1 if index in used else 0xFF for index in range(len(contacts))])
    files[IAP] = [bytes(row) for row in zip(*links, strict=True)]
    return files


def reference(files: dict[int, bytes], *, links: bool) -> bytes:
    """A record of EF.PBR: the identifiers of the files by tag, with EXT1 (C2) as type 3."""
    parts = {tag: Tlv.build(tag, identifier) for tag, identifier in files.items()}
    further = [parts[tag] for tag in LINKED if tag in parts]
    beside = [parts[tag] for tag in (ADN, IAP) if tag in parts] + ([] if links else further)
    groups = [Tlv.build(0xA8, *beside)] + ([Tlv.build(0xA9, *further)] if links else [])
    return b"".join([*groups, Tlv.build(0xAA, parts[EXT1])])


def entry(name: str, dialled: str, extensions: list[bytes]) -> bytes:
    """A single record (EF.MSISDN). Further digits go to `extensions`."""
    return _padded(alpha(name), _SHORTEST_NAME) + number(dialled, extensions)


def digits(dialled: str, size: int) -> bytes:
    """Digits as swapped nibbles, padded to `size` bytes."""
    return _padded(_dialled(dialled), size)


def _texts(texts: Sequence[str]) -> list[bytes]:
    size = max([1, *(len(alpha(text)) for text in texts)])
    return [_padded(alpha(text), size) for text in texts]


def number(dialled: str, extensions: list[bytes]) -> bytes:
    """14 bytes: length, type, digits, no capability, extension. Further digits go to `extensions`."""
    if not dialled:
        return _NONE * 14
    plain = dialled.removeprefix("+")
    kind = 0x91 if dialled.startswith("+") else 0x81
    pieces = [
        _dialled(plain[at : at + _DIGITS_PER_RECORD]) for at in range(0, len(plain), _DIGITS_PER_RECORD)
    ]
    following = 0xFF
    for piece in reversed(pieces[1:]):
        extensions.append(bytes([0x02, len(piece)]) + _padded(piece, 10) + bytes([following]))
        following = len(extensions)
    return bytes([len(pieces[0]) + 1, kind]) + _padded(pieces[0], 10) + bytes([0xFF, following])


def _dialled(plain: str) -> bytes:
    nibbles = [_DIGITS.index(digit) for digit in plain] + [0x0F] * (len(plain) % 2)
    return bytes(high << 4 | low for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))


def _gsm(text: str) -> bytes | None:
    """The text in the default alphabet, one septet per byte; None if it has other characters."""
    coded = [_SEPTETS.get(character) for character in text]
    return None if None in coded else b"".join(part for part in coded if part)


def _offsets(text: str, base: int) -> bytes:
    return b"".join(_gsm(character) or bytes([ord(character) - base | 0x80]) for character in text)


def _padded(content: bytes, size: int) -> bytes:
    return content.ljust(size, _NONE)
