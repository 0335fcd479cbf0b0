"""Read long numbers with their extensions, and the profile's own numbers (EF.MSISDN, TS 31.102 §4.2.26)."""

from __future__ import annotations

from functools import partial

from lpa.card.files.filesystem import TELECOM, Path, UiccFiles, name
from lpa.card.files.problems import Problems, readable_records
from lpa.rsp.uicc.contacts import LONGEST_IN_A_RECORD, Extension, NumberRecord

_MSISDN = b"\x6f\x40"
# Further digits: EF.EXT5 in the USIM (TS 31.102 §4.2.37), EF.EXT1 in DF.TELECOM (TS 51.011 §10.5.10).
_EXT5, _EXT1 = b"\x6f\x4e", b"\x6f\x4a"


def read_own_numbers(files: UiccFiles, problems: Problems) -> tuple[str, ...]:
    """The telephone numbers of the profile, if the operator stored them.

    Raises `WireError` if the card cannot be reached.
    """
    return read_numbers_of_usim(files, problems) or _numbers(files, (TELECOM,), _EXT1, problems)


def read_numbers_of_usim(files: UiccFiles, problems: Problems) -> tuple[str, ...]:
    """Those in the USIM. Reading them while it is selected saves a selection."""
    usim = files.usim()
    return _numbers(files, (usim.coded,), _EXT5, problems) if usim else ()


def whole(files: UiccFiles, entry: NumberRecord, extensions: Path | None, problems: Problems) -> str:
    """The entry's number with all its extensions. A circular chain of extensions ends.

    A missing extension is a problem only for a long number: some cards have arbitrary references in short
    ones.
    """
    number, following, seen = entry.number, entry.extension, set[int]()
    while following and following not in seen:
        seen.add(following)
        found = _extension(files, extensions, following, problems) if extensions else None
        if found is None and len(entry.number.removeprefix("+")) >= LONGEST_IN_A_RECORD:
            where = f"{name(extensions)}, record {following}," if extensions else "The extension file"
            problems.note(f"{where} lacks the end of a number that begins with {entry.number}.")
        number += found.digits if found else ""
        following = found.extension if found else None
    return number


def _extension(files: UiccFiles, path: Path, number: int, problems: Problems) -> Extension | None:
    record = problems.attempt(name(path), partial(files.record, path, number))
    return problems.attempt(name(path), partial(Extension.from_record, record)) if record else None


def _numbers(files: UiccFiles, folder: Path, extension: bytes, problems: Problems) -> tuple[str, ...]:
    path = (*folder, _MSISDN)
    records = list(readable_records(files, path, problems))
    entries = [problems.attempt(name(path), partial(NumberRecord.from_adn, record)) for _, record in records]
    found = (whole(files, entry, (*folder, extension), problems) for entry in entries if entry)
    return tuple(number for number in found if number)
