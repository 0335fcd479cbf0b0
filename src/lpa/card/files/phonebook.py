"""Read the phone books of the enabled profile from their files (TS 31.102 §4.4.2).

EF.PBR describes a phone book; a SIM without EF.PBR has a single EF.ADN. What cannot be read is reported in
`problems`, a sentence each, and does not hide the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from lpa.card.files.filesystem import PHONEBOOK, TELECOM, Path, UiccFiles, name
from lpa.card.files.numbers import whole
from lpa.card.files.problems import Problems, readable_records
from lpa.rsp import steps
from lpa.rsp.uicc.contacts import Contact, LinkedFile, NumberRecord, PhoneBookSet, merged, text

PBR = b"\x4f\x30"
# A SIM's phone book in DF.TELECOM has no EF.PBR (TS 51.011 §10.5).
_PLAIN = PhoneBookSet((LinkedFile("ADN", 1, b"\x6f\x3a", 0), LinkedFile("EXT1", 3, b"\x6f\x4a", 0)))
_NO_LINK = (0x00, 0xFF)


def read_contacts(files: UiccFiles, problems: Problems) -> tuple[Contact, ...]:
    """The contacts of all phone books, each once. Raises `WireError` if the card cannot be reached."""
    found: list[Contact] = []
    read: list[Path] = []
    for folder, book in _books(files, problems):
        reader = _BookReader(files, folder, book, problems)
        for file in book.of("ADN"):
            if not any(reader.alike(file, known) for known in read):
                read.append((*folder, file.identifier))
                found += reader.contacts(file)
    return merged(found)


def look_for_books(files: UiccFiles, problems: Problems) -> None:
    """Check for phone books in the USIM. While the USIM is selected, this saves a later selection."""
    if usim := files.usim():
        path = (usim.coded, PHONEBOOK, PBR)
        problems.attempt(name(path), partial(files.control, path))


def _books(files: UiccFiles, problems: Problems) -> Iterator[tuple[Path, PhoneBookSet]]:
    """Each set of phone book files with its folder: of the USIM, the global one, and the one of a SIM."""
    usim = files.usim()
    for folder in ([(usim.coded, PHONEBOOK)] if usim else []) + [(TELECOM, PHONEBOOK)]:
        path = (*folder, PBR)
        for _, record in list(readable_records(files, path, problems)):  # A file is read before the next.
            if book := problems.attempt(name(path), partial(PhoneBookSet.from_record, record)):
                yield folder, book
    yield (TELECOM,), _PLAIN


@dataclass(frozen=True)
class _BookReader:
    """Reads one set of phone book files in one folder."""

    files: UiccFiles
    folder: Path
    book: PhoneBookSet
    problems: Problems

    def alike(self, file: LinkedFile, known: Path) -> bool:
        """Whether the entries of `file` were already read as those of `known`."""
        path = self._path(file)
        return bool(self.problems.attempt(name(path), partial(self.files.alike, path, known)))

    def contacts(self, adn: LinkedFile) -> Iterator[Contact]:
        """The contacts of one EF.ADN with the data of the other files, which are read one after the other."""
        entries = dict(self._entries(adn))
        for index in entries:
            self._links(index)
        further = self._gathered("ANR", entries, self._further_number)
        emails = self._gathered("EMAIL", entries, _text)
        nicknames = self._gathered("SNE", entries, _text)
        for index, entry in entries.items():
            numbers = _filled([self._whole(entry), *further[index]])
            yield Contact(entry.name, numbers, _filled(emails[index]), _filled(nicknames[index]))

    def _entries(self, adn: LinkedFile) -> Iterator[tuple[int, NumberRecord]]:
        path = self._path(adn)
        for index, record in readable_records(self.files, path, self.problems):
            if entry := self.problems.attempt(name(path), partial(NumberRecord.from_adn, record)):
                yield index, entry

    def _gathered(
        self, kind: str, entries: Iterable[int], read: Callable[[LinkedFile, bytes], str]
    ) -> dict[int, list[str]]:
        """The texts for each entry in the files of one kind, by record number or by the links of EF.IAP."""
        gathered: dict[int, list[str]] = {index: [] for index in entries}
        for file in self.book.of(kind):
            for index, texts in steps.counted(steps.READ_FILE, gathered.items()):
                if record := self._record(file, index if file.type == 1 else self._link(file, index)):
                    texts.append(read(file, record))
        return gathered

    def _further_number(self, file: LinkedFile, record: bytes) -> str:
        path = self._path(file)
        entry = self.problems.attempt(name(path), partial(NumberRecord.from_anr, record))
        return self._whole(entry) if entry else ""

    def _whole(self, entry: NumberRecord) -> str:
        extensions = self.book.of("EXT1")
        return whole(self.files, entry, self._path(extensions[0]) if extensions else None, self.problems)

    def _link(self, file: LinkedFile, index: int) -> int:
        """The number of an entry's record in `file`, from EF.IAP; 0 if there is none."""
        links = self._links(index)
        return links[file.position] if file.position < len(links) else 0

    def _links(self, index: int) -> bytes:
        """An entry's record in EF.IAP; empty if there is none."""
        found = (self._record(file, index) for file in self.book.of("IAP"))
        return next((record for record in found if record), b"")

    def _record(self, file: LinkedFile, number: int) -> bytes | None:
        """A record; None if it is free, missing or unreadable."""
        if number in _NO_LINK:
            return None
        path = self._path(file)
        record = self.problems.attempt(name(path), partial(self.files.record, path, number))
        return record if record and record.strip(b"\xff") else None

    def _path(self, file: LinkedFile) -> Path:
        return (*self.folder, file.identifier)


def _text(file: LinkedFile, record: bytes) -> str:
    return text(record, linked=file.type == 2)


def _filled(texts: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
