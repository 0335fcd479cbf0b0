"""Write contacts as vCard 4.0 (RFC 6350), which address books import."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lpa.rsp.uicc.contacts import Contact

_LONGEST_LINE = 75  # bytes of UTF-8, without the line's end (§3.2)
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # all but the line feed, which can be escaped
# What some readers take for a line end, besides the line feed.
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def vcards(contacts: Iterable[Contact]) -> str:
    """One vCard for each contact. Lines end with CR LF: write the text without newline translation."""
    return "".join(f"{_folded(line)}\r\n" for contact in contacts for line in _lines(contact))


def _lines(contact: Contact) -> Iterator[str]:
    """§6.2.1: a vCard must have a name (FN); without one, it is the number."""
    yield "BEGIN:VCARD"
    yield "VERSION:4.0"
    yield f"FN:{_escaped(contact.name or next(iter(contact.numbers + contact.emails), '?'))}"
    if contact.nicknames:
        yield "NICKNAME:" + ",".join(_escaped(nickname) for nickname in contact.nicknames)
    for number in contact.numbers:
        yield f"TEL;VALUE=text:{_escaped(number)}"
    for email in contact.emails:
        yield f"EMAIL:{_escaped(email)}"
    yield "END:VCARD"


def _escaped(text: str) -> str:
    """§3.4: separators are escaped, control characters removed."""
    whole = text.encode("utf-8", "replace").decode()  # Half a UTF-16 character cannot be written.
    safe = _CONTROLS.sub("", _LINE_ENDS.sub("\n", whole))
    return re.sub(r"([\\,;])", r"\\\1", safe).replace("\n", "\\n")


def _folded(line: str) -> str:
    """§3.2: a long line continues in the next one, after a space. Characters stay whole."""
    if len(line.encode()) <= _LONGEST_LINE:
        return line
    pieces, length = [], 0
    for character in line:
        size = len(character.encode())
        if length + size > _LONGEST_LINE:
            pieces.append("\r\n ")
            length = 1
        pieces.append(character)
        length += size
    return "".join(pieces)
