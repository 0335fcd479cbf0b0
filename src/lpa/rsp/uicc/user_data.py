"""The user data of a short message (TS 23.040 §9.2.3.24): its header, and its text in one of many alphabets.

What cannot be read is bytes and a problem, never a text that may be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lpa.errors import BadAnswer
from lpa.rsp.uicc import alphabets, languages

_LONGEST = 140  # bytes
_CONCATENATED_8, _CONCATENATED_16, _SINGLE_SHIFT, _LOCKING_SHIFT = 0x00, 0x08, 0x24, 0x25


@dataclass(frozen=True)
class Part:
    """Which part of a long message this is: `index` of `total`, from 1; `reference` is common to all."""

    reference: int
    total: int
    index: int


@dataclass(frozen=True)
class UserData:
    """The text; or None, and the bytes (`data`): those of a message without text, or with a `problem`."""

    text: str | None = None
    data: bytes = b""
    part: Part | None = None
    problem: str = ""


def size(coding: int, length: int) -> int:
    """How many bytes the user data have whose length is given, in characters if there are 8 in 7 bytes.

    Raises `BadAnswer` if that is more than a message can have.
    """
    octets = (length * 7 + 7) // 8 if _alphabet(coding) == "gsm" else length
    if octets > _LONGEST:
        raise BadAnswer(f"The message says that it has {octets} bytes; there is room for {_LONGEST}.")
    return octets


def read(coding: int, length: int, octets: bytes, *, has_header: bool) -> UserData:
    """What the user data say. Of a part the last character may be half of one that the next part completes.

    Raises `BadAnswer` if their header does not fit into them.
    """
    header = octets[: octets[0] + 1] if has_header and octets else b""
    if header and len(header) <= header[0]:
        raise BadAnswer("The message has a header that is longer than itself.")
    elements = dict(_elements(header[1:]))
    part, content, kind = _part(elements), octets[len(header) :], _alphabet(coding)
    if kind == "gsm":
        shifts = _language(elements, _LOCKING_SHIFT), _language(elements, _SINGLE_SHIFT)
        if tables := languages.tables(*shifts):
            codes = alphabets.septets(octets, length, skip=(len(header) * 8 + 6) // 7)
            return UserData(alphabets.gsm(codes, tables.locking, tables.single), part=part)
        unknown = f"The message is in a language whose alphabet is not known here ({shifts[0]}, {shifts[1]})."
        return UserData(data=content, part=part, problem=unknown)
    if kind == "ucs2":
        return UserData(_halves(content) if part else alphabets.ucs2(content), part=part)
    return UserData(data=content, part=part, problem=_PROBLEMS.get(kind, "").format(coding))


_PROBLEMS = {
    "compressed": "The message is compressed, which is not read here.",
    "reserved": "The message is in an alphabet that TS 23.038 reserves ({:02X}).",
}


def whole(text: str) -> str:
    """The texts of parts, one after the other, without halves of characters (see `read`)."""
    return alphabets.ucs2(text.encode("utf-16-be", "surrogatepass"))


def _alphabet(coding: int) -> str:
    """ "gsm", "ucs2", "data" (8 bit), "compressed" or "reserved": the data coding scheme (TS 23.038 §4)."""
    group = coding >> 4
    if group < 0x8:
        if coding & 0x20:
            return "compressed"
        return ("gsm", "data", "ucs2", "reserved")[coding >> 2 & 0x03]
    if group < 0xC:
        return "reserved"
    if group == 0xE:
        return "ucs2"
    return "data" if group == 0xF and coding & 0x04 else "gsm"


def _halves(coded: bytes) -> str:
    return coded[: len(coded) // 2 * 2].decode("utf-16-be", "surrogatepass")


def _elements(header: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements of a header. Of one that stands there twice the last counts (§9.2.3.24)."""
    while len(header) >= 2:
        element, end = header[0], 2 + header[1]
        yield element, header[2:end]
        header = header[end:]


def _part(elements: dict[int, bytes]) -> Part | None:
    """The concatenation element (§9.2.3.24.1, .8), or None."""
    for element, length in ((_CONCATENATED_8, 3), (_CONCATENATED_16, 4)):
        content = elements.get(element, b"")
        if len(content) == length:
            total, index = content[-2:]
            if 1 <= index <= total:
                return Part(int.from_bytes(content[:-2], "big"), total, index)
    return None


def _language(elements: dict[int, bytes], shift: int) -> int:
    """The language that a shift names; 0, the default, without."""
    return elements.get(shift, b"")[0] if elements.get(shift) else 0
