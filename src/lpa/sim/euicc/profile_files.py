"""Builds the files of a profile (TS 102 221 §13, TS 31.102 §4): MF, DF.TELECOM, ADF.USIM, DF.PHONEBOOK."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Aid
from lpa.sim.contents import Contents, SimulatedContact
from lpa.sim.euicc import phonebook_records
from lpa.sim.euicc.file_tree import ADF, MF, File, folder, linear_fixed, transparent
from lpa.sim.simulated_profile import SimulatedProfile

USIM = Aid.parse("A0000000871002FFFFFFFF8900000100")
_TELECOM = MF + b"\x7f\x10"
_USIM = MF + ADF
_PHONEBOOK = b"\x5f\x3a"
_ENGLISH = b"en"
# Identifiers of the files of the first set in DF.PHONEBOOK, by tag; each further set has the next ones.
_IDENTIFIERS = {
    phonebook_records.ADN: 0x4F3A,
    phonebook_records.EXT1: 0x4F4A,
    phonebook_records.IAP: 0x4F25,
    phonebook_records.SNE: 0x4F19,
    phonebook_records.ANR: 0x4F11,
    phonebook_records.EMAIL: 0x4F50,
}
_ALWAYS = (phonebook_records.ADN, phonebook_records.EXT1)
_MESSAGE_SIZE = 176
_FEWEST_MESSAGES = 10
# Services 1 phone book, 10 messages, 12 their parameters, 19 SPN, 21 MSISDN (TS 31.102 §4.2.8)
_SERVICES = sum(1 << service - 1 for service in (1, 10, 12, 19, 21))


def files(profile: SimulatedProfile | None, *, announces_terminal_capability: bool) -> dict[bytes, File]:
    """The files by path while `profile` is enabled; with None the MF and EF.UMPC."""
    proprietary = Tlv.build(0x87, b"\x01" if announces_terminal_capability else b"\x00")
    pin = bool(profile and profile.contents.pin)
    root = folder(MF, Tlv.build(0xA5, Tlv.build(0x80, b"\x71"), proprietary), pin=pin)
    rest = _of(profile.coded_iccid, profile.contents) if profile else _NO_PROFILE
    return {root.path: root} | rest


# EF.UMPC (TS 102 221 §13.7): 60 mA, no time-out
_NO_PROFILE = {MF + b"\x2f\x08": transparent(MF + b"\x2f\x08", bytes.fromhex("3C000000FF"))}


@functools.lru_cache(maxsize=8)
def _of(coded_iccid: bytes, contents: Contents) -> dict[bytes, File]:
    found = [
        transparent(MF + b"\x2f\xe2", coded_iccid),
        linear_fixed(MF + b"\x2f\x00", [_application()]),
        transparent(MF + b"\x2f\x05", _ENGLISH),
        folder(_TELECOM, pin=bool(contents.pin)),
        *_subscription(contents),
        *_messages(contents),
        *_phone_book(contents),
    ]
    return {file.path: file for file in found}


def _application() -> bytes:
    """The only record of EF.DIR."""
    entry = Tlv.build(0x61, Tlv.build(0x4F, USIM.coded), Tlv.build(0x50, b"USIM"))
    return entry.ljust(38, b"\xff")


def _subscription(contents: Contents) -> Iterator[File]:
    """ADF.USIM and the files with the subscriber's data."""
    yield folder(_USIM, pin=bool(contents.pin), aid=USIM.coded)
    yield transparent(_USIM + b"\x6f\x05", _ENGLISH)
    yield transparent(_USIM + b"\x6f\x07", _imsi(contents.imsi), guarded=True)
    yield transparent(_USIM + b"\x6f\xad", bytes.fromhex("00000002"))  # an MNC of 2 digits
    yield transparent(_USIM + b"\x6f\x38", _SERVICES.to_bytes(3, "little"), guarded=True)
    spn = b"\x01" + phonebook_records.alpha(contents.service_provider)[:16].ljust(16, b"\xff")
    yield transparent(_USIM + b"\x6f\x46", spn)
    yield from _own_number(contents, _USIM, b"\x6f\x4e", [])


def _own_number(
    contents: Contents, place: bytes, identifier: bytes, extensions: Sequence[bytes]
) -> Iterator[File]:
    """EF.MSISDN, and the file of extensions: `extensions`, then that of a long number, then a free one."""
    records = [*extensions]
    yield linear_fixed(
        place + b"\x6f\x40", [phonebook_records.entry("", contents.msisdn, records)], guarded=True
    )
    yield linear_fixed(place + identifier, [*records, phonebook_records.FREE_EXTENSION], guarded=True)


def _messages(contents: Contents) -> Iterator[File]:
    """EF.SMS and EF.SMSP, the same in the USIM and in DF.TELECOM."""
    records = [bytes.fromhex(message).ljust(_MESSAGE_SIZE, b"\xff") for message in contents.messages]
    free = b"\x00" + b"\xff" * (_MESSAGE_SIZE - 1)
    records += [free] * (_FEWEST_MESSAGES - len(records))
    for place in (_USIM, _TELECOM):
        yield linear_fixed(place + b"\x6f\x3c", records, guarded=True)
        yield linear_fixed(place + b"\x6f\x42", [b"\xff" * 28], guarded=True)


def _phone_book(contents: Contents) -> Iterator[File]:
    """DF.PHONEBOOK with one record of EF.PBR for each set of contacts, and EF.ADN of DF.TELECOM.

    EF.ADN of DF.TELECOM has the first set of a global phone book: names and first numbers, as on a SIM. A
    plain phone book has nothing else.
    """
    first_set = () if contents.local else contents.contacts[: phonebook_records.SET_SIZE]
    records = phonebook_records.parallel(first_set)
    if not contents.local:
        yield linear_fixed(_TELECOM + b"\x6f\x3a", records[phonebook_records.ADN], guarded=True)
    yield from _own_number(contents, _TELECOM, b"\x6f\x4a", records[phonebook_records.EXT1][:-1])
    if contents.phone_book == "plain":
        return
    place = (_USIM if contents.local else _TELECOM) + _PHONEBOOK
    yield folder(place, pin=bool(contents.pin))
    references = []
    links = contents.phone_book == "linked"
    for number, contacts in enumerate(_sets(contents)):
        records = phonebook_records.linked(contacts) if links else phonebook_records.parallel(contacts)
        used = {tag: rows for tag, rows in records.items() if tag in _ALWAYS or any(map(_has_content, rows))}
        named = {tag: (_IDENTIFIERS[tag] + number).to_bytes(2, "big") for tag in used}
        references.append(phonebook_records.reference(named, links=links))
        for tag, rows in used.items():
            yield linear_fixed(place + named[tag], rows, guarded=True)
    size = max(map(len, references)) + 2
    yield linear_fixed(place + b"\x4f\x30", [row.ljust(size, b"\xff") for row in references], guarded=True)


def _has_content(record: bytes) -> bool:
    return record != b"\xff" * len(record)


def _sets(contents: Contents) -> Sequence[tuple[SimulatedContact, ...]]:
    size = phonebook_records.SET_SIZE
    return [contents.contacts[at : at + size] for at in range(0, len(contents.contacts), size)] or [()]


def _imsi(digits: str) -> bytes:
    """EF.IMSI: length, then the swapped nibbles of parity and digits (TS 31.102 §4.2.2)."""
    if not digits:
        return b"\xff" * 9
    nibbles = ("9" if len(digits) % 2 else "1") + digits
    nibbles += "F" * (len(nibbles) % 2)
    swapped = "".join(high + low for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    return bytes([len(nibbles) // 2]) + bytes.fromhex(swapped).ljust(8, b"\xff")
