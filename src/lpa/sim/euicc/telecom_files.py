"""Messages and phone book of a profile: DF.TELECOM and DF.PHONEBOOK (TS 51.011 §10.5, TS 31.102 §4.4.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lpa.sim.contents import Contents, SimulatedContact
from lpa.sim.euicc import phonebook_records
from lpa.sim.euicc.access_rules import ADM1, PIN1, Access
from lpa.sim.euicc.file_tree import ADF, ARR_OF_FOLDER, MF, File, cyclic, linear_fixed, rules, transparent

TELECOM = MF + b"\x7f\x10"
_USIM = MF + ADF
_PHONEBOOK = b"\x5f\x3a"
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
_LAST_DIALLED = 10
_OWN = Access(PIN1, PIN1)
_OPERATORS = Access(PIN1, ADM1)


def files(contents: Contents) -> Iterator[File]:
    """DF.TELECOM with its files, and those of the USIM that have the same contents or refer to them."""
    yield File(TELECOM)
    yield rules(TELECOM + ARR_OF_FOLDER)
    yield cyclic(TELECOM + b"\x6f\x44", [phonebook_records.FREE_ENTRY] * _LAST_DIALLED, _OWN)
    yield from _in_both_folders(contents)
    yield from _phone_book(contents)
    yield from _own_number(contents, _USIM, b"\x6f\x4e", [])


def _in_both_folders(contents: Contents) -> Iterator[File]:
    """EF.SMS, EF.SMSP and EF.SMSS: the same file in the USIM and in DF.TELECOM."""
    messages = [bytes.fromhex(message).ljust(_MESSAGE_SIZE, b"\xff") for message in contents.messages]
    messages += [b"\x00" + b"\xff" * (_MESSAGE_SIZE - 1)] * (_FEWEST_MESSAGES - len(messages))
    for file in (
        linear_fixed(_USIM + b"\x6f\x3c", messages, _OWN),
        linear_fixed(_USIM + b"\x6f\x42", [_message_parameters(contents.msisdn)], _OWN),
        transparent(_USIM + b"\x6f\x43", b"\xff\xff", _OWN),  # no message sent yet, memory not full
    ):
        yield file
        yield replace(file, path=TELECOM + file.path[-2:], stored_as=file.path)


def _message_parameters(msisdn: str) -> bytes:
    """EF.SMSP (TS 31.102 §4.2.27): the service centre, PID and coding 0, one day; free without a number.

    The centre has the number of the subscriber, with zeros as its last four digits.
    """
    if len(msisdn) < 5 or len(msisdn) > 20:
        return b"\xff" * 28
    number = phonebook_records.number(msisdn[:-4] + "0000", [])[:12]
    return b"\xe1" + b"\xff" * 12 + number + bytes.fromhex("0000A7")


def _own_number(
    contents: Contents, place: bytes, identifier: bytes, extensions: Sequence[bytes]
) -> tuple[File, File]:
    """EF.MSISDN, and the file of extensions: `extensions`, then that of a long number, then a free one."""
    records = [*extensions]
    number = phonebook_records.entry("", contents.msisdn, records)
    own = linear_fixed(place + b"\x6f\x40", [number], _OWN)
    return own, linear_fixed(place + identifier, [*records, phonebook_records.FREE_EXTENSION], _OWN)


def _phone_book(contents: Contents) -> Iterator[File]:
    """DF.PHONEBOOK with one record of EF.PBR for each set of contacts; EF.ADN and EF.EXT1 of DF.TELECOM.

    These two are the files of the first set of a global phone book: names and first numbers, as on a SIM. A
    plain phone book has nothing else.
    """
    first_set = () if contents.local else contents.contacts[: phonebook_records.SET_SIZE]
    records = phonebook_records.parallel(first_set)
    further = records[phonebook_records.EXT1][:-1]
    own_number, extensions = _own_number(contents, TELECOM, b"\x6f\x4a", further)
    entries = linear_fixed(TELECOM + b"\x6f\x3a", records[phonebook_records.ADN], _OWN)
    place = (_USIM if contents.local else TELECOM) + _PHONEBOOK
    yield own_number
    first_files = {}
    if not contents.local and contents.phone_book != "plain":
        first_files = {phonebook_records.ADN: entries, phonebook_records.EXT1: extensions}
        first_files = {
            tag: replace(file, stored_as=place + _identifier(tag, 0)) for tag, file in first_files.items()
        }
        yield from first_files.values()
    else:
        yield from (extensions,) if contents.local else (entries, extensions)
    if contents.phone_book != "plain":
        yield from _sets_of_files(contents, place, first_files)


def _sets_of_files(contents: Contents, place: bytes, first_files: dict[int, File]) -> Iterator[File]:
    """`first_files`: by tag, those of the first set that are files of DF.TELECOM too."""
    yield File(place)
    references = []
    links = contents.phone_book == "linked"
    for number, contacts in enumerate(_sets(contents)):
        records = phonebook_records.linked(contacts) if links else phonebook_records.parallel(contacts)
        used = {tag: rows for tag, rows in records.items() if tag in _ALWAYS or any(map(_has_content, rows))}
        named = {tag: _identifier(tag, number) for tag in used}
        references.append(phonebook_records.reference(named, links=links))
        for tag, rows in used.items():
            if not number and tag in first_files:
                yield replace(first_files[tag], path=place + named[tag])
            else:
                yield linear_fixed(place + named[tag], rows, _OWN)
    size = max(map(len, references)) + 2
    yield linear_fixed(place + b"\x4f\x30", [row.ljust(size, b"\xff") for row in references], _OPERATORS)


def _identifier(tag: int, number: int) -> bytes:
    return (_IDENTIFIERS[tag] + number).to_bytes(2, "big")


def _has_content(record: bytes) -> bool:
    return record != b"\xff" * len(record)


def _sets(contents: Contents) -> Sequence[tuple[SimulatedContact, ...]]:
    size = phonebook_records.SET_SIZE
    return [contents.contacts[at : at + size] for at in range(0, len(contents.contacts), size)] or [()]
