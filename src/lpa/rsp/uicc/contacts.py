"""Decode the records of a phone book (TS 31.102 §4.4.2, TS 51.011 §10.5), and merge contacts.

Each record is decoded alone: its references to other records (an extension, a link) are record numbers, which
the reader of the card follows. A free record (all FF) is None.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.uicc.alphabets import alpha

_DIGITS = "0123456789*#,?E"  # A to E are star, hash, pause, wild card, and reserved; F is padding
_INTERNATIONAL = 0x10  # type of number, bits 7 to 5 (TS 24.008 §10.5.4.7)
LONGEST_IN_A_RECORD = 20  # digits, two in a byte
_LONGEST_NUMBER = LONGEST_IN_A_RECORD // 2
_NO_RECORD = (0x00, 0xFF)
_SUBADDRESS, _MORE_DIGITS = 0x01, 0x02  # kinds of extension (TS 51.011 §10.5.10)
_TYPES = {0xA8: 1, 0xA9: 2, 0xAA: 3}
_KINDS = {
    0xC0: "ADN",
    0xC1: "IAP",
    0xC2: "EXT1",
    0xC3: "SNE",
    0xC4: "ANR",
    0xC5: "PBC",
    0xC6: "GRP",
    0xC7: "AAS",
    0xC8: "GAS",
    0xC9: "UID",
    0xCA: "EMAIL",
    0xCB: "CCP1",
}


@dataclass(frozen=True)
class Contact:
    """An entry of the phone book. Numbers as dialled, "+" before international ones, the main one first."""

    name: str
    numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    nicknames: tuple[str, ...] = ()


@dataclass(frozen=True)
class NumberRecord:
    """A name and number (EF.ADN, EF.FDN, EF.MSISDN ...), or a further number without a name (EF.ANR).

    `extension`: the record of EF.EXT1 with the further digits, or None.
    """

    name: str
    number: str
    extension: int | None

    @classmethod
    def from_adn(cls, record: bytes) -> Self | None:
        """From X bytes of name and 14 more (TS 51.011 §10.5.1). Raises `BadAnswer` if it is shorter."""
        if len(record) < 14:
            raise BadAnswer(f"A phone book entry has {len(record)} bytes, not 14 or more.")
        if not record.strip(b"\xff"):
            return None
        name, coded = record[:-14], record[-14:]
        return cls(alpha(name), _number(coded[:12]), _record_number(coded[13]))

    @classmethod
    def from_anr(cls, record: bytes) -> Self | None:
        """From an additional number: 15 bytes, 17 if linked. Raises `BadAnswer` if it is shorter."""
        if len(record) < 15:
            raise BadAnswer(f"An additional number has {len(record)} bytes, not 15 or 17.")
        if not record.strip(b"\xff"):
            return None
        return cls("", _number(record[1:13]), _record_number(record[14]))


@dataclass(frozen=True)
class Extension:
    """Further digits of a number (EF.EXT1, EF.EXT5), maybe none; and the record with still more, or None."""

    digits: str
    extension: int | None

    @classmethod
    def from_record(cls, record: bytes) -> Self | None:
        """From 13 bytes, None if it is free. A subaddress adds no digits. Raises `BadAnswer` if shorter."""
        if len(record) < 13:
            raise BadAnswer(f"An extension has {len(record)} bytes, not 13.")
        kind, size = record[0] & 0x03, min(record[1], _LONGEST_NUMBER)
        if kind not in (_SUBADDRESS, _MORE_DIGITS):
            return None
        digits = _dialled(record[2 : 2 + size]) if kind == _MORE_DIGITS else ""
        return cls(digits, _record_number(record[12]))


@dataclass(frozen=True)
class LinkedFile:
    """A file of a phone book. `kind`: "ADN", "EMAIL" ...; `position`: the byte of EF.IAP that points into it.

    `type`: 1 if its records match those of EF.ADN, 2 if EF.IAP links them, 3 if other records point to it.
    """

    kind: str
    type: int
    identifier: bytes
    position: int


@dataclass(frozen=True)
class PhoneBookSet:
    """The files of up to 254 contacts: one record of EF.PBR (TS 31.102 §4.4.2.1)."""

    files: tuple[LinkedFile, ...] = field(default=())

    @classmethod
    def from_record(cls, record: bytes) -> Self | None:
        """None for a free record. Raises `BadAnswer` if its objects are truncated."""
        objects = record.rstrip(b"\xff")
        # The last byte of an object may be FF, so the objects are cut out of the whole record.
        return cls(tuple(_files(record, len(objects)))) if objects else None

    def of(self, kind: str) -> tuple[LinkedFile, ...]:
        """Its files of one kind, in order."""
        return tuple(file for file in self.files if file.kind == kind)


def text(record: bytes, *, linked: bool) -> str:
    """The text of an EF.EMAIL or EF.SNE record; if `linked`, its last two bytes are a reference back."""
    return alpha(record[:-2] if linked else record).strip()


def merged(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    """The contacts without duplicates: those with the same name and main number become one."""
    found: dict[tuple[str, str], Contact] = {}
    for contact in contacts:
        key = (contact.name, contact.numbers[0] if contact.numbers else "")
        before = found.get(key)
        found[key] = _joined(before, contact) if before else contact
    return tuple(found.values())


def _joined(one: Contact, other: Contact) -> Contact:
    return Contact(
        one.name,
        tuple(dict.fromkeys(one.numbers + other.numbers)),
        tuple(dict.fromkeys(one.emails + other.emails)),
        tuple(dict.fromkeys(one.nicknames + other.nicknames)),
    )


def _files(record: bytes, end: int) -> Iterable[LinkedFile]:
    rest = record
    while len(record) - len(rest) < end:
        group, rest = Tlv.cut(rest)
        for position, item in enumerate(group.children):
            if group.tag in _TYPES and item.tag in _KINDS and len(item.value) >= 2:
                yield LinkedFile(_KINDS[item.tag], _TYPES[group.tag], item.value[:2], position)


def _number(coded: bytes) -> str:
    """From its length with the type of number, that type, and up to 10 bytes of digits."""
    if coded[0] in (0x00, 0xFF):
        return ""
    size = min(coded[0] - 1, _LONGEST_NUMBER)
    digits = _dialled(coded[2 : 2 + size])
    international = coded[1] & 0x70 == _INTERNATIONAL and digits
    return f"+{digits}" if international else digits


def _dialled(coded: bytes) -> str:
    swapped = (nibble for octet in coded for nibble in (octet & 0x0F, octet >> 4))
    return "".join(_DIGITS[nibble] for nibble in swapped if nibble < len(_DIGITS))


def _record_number(octet: int) -> int | None:
    return None if octet in _NO_RECORD else octet
