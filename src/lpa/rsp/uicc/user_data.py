"""Decode the user data of a short message (TS 23.040 §9.2.3.24): the header, and text in many alphabets.

Text that cannot be decoded is given as bytes and a problem, never as text that may be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lpa.errors import BadAnswer
from lpa.rsp.uicc import alphabets, languages

_LONGEST = 140  # bytes
_CONCATENATED_8, _CONCATENATED_16, _SINGLE_SHIFT, _LOCKING_SHIFT = 0x00, 0x08, 0x24, 0x25


@dataclass(frozen=True)
class MessagePart:
    """Which part of a long message this is: `index` of `total`, from 1; `reference` is common to all."""

    reference: int
    total: int
    index: int


@dataclass(frozen=True)
class UserData:
    """The text; or None, and the bytes (`data`): those of a message without text, or with a `problem`."""

    text: str | None = None
    data: bytes = b""
    part: MessagePart | None = None
    problem: str = ""


def size(coding: int, length: int) -> int:
    """The number of bytes of user data, from their length, which counts characters if 8 fit in 7 bytes.

    Raises `BadAnswer` if that is more than a message can have.
    """
    octets = (length * 7 + 7) // 8 if _alphabet(coding) == "gsm" else length
    if octets > _LONGEST:
        raise BadAnswer(f"The message announces {octets} bytes; the maximum is {_LONGEST}.")
    return octets


def read(coding: int, length: int, octets: bytes, *, has_header: bool) -> UserData:
    """The contents of user data. The last character of a part may be half of one that goes on in the next.

    Raises `BadAnswer` if the header is longer than the user data.
    """
    header = octets[: octets[0] + 1] if has_header and octets else b""
    if header and len(header) <= header[0]:
        raise BadAnswer("The message is shorter than its header.")
    elements = dict(_elements(header[1:]))
    part, content, kind = _part(elements), octets[len(header) :], _alphabet(coding)
    if kind == "gsm":
        shifts = _language(elements, _LOCKING_SHIFT), _language(elements, _SINGLE_SHIFT)
        if tables := languages.tables(*shifts):
            codes = alphabets.septets(octets, length, skip=(len(header) * 8 + 6) // 7)
            return UserData(alphabets.gsm(codes, tables.locking, tables.single), part=part)
        problem = f"The message uses an unknown language table ({shifts[0]}, {shifts[1]})."
        return UserData(data=content, part=part, problem=problem)
    if kind == "ucs2":
        return UserData(_halves(content) if part else alphabets.ucs2(content), part=part)
    return UserData(data=content, part=part, problem=_PROBLEMS.get(kind, "").format(coding))


_PROBLEMS = {
    "compressed": "The message is compressed, which is not supported.",
    "reserved": "The message uses a reserved alphabet (TS 23.038, {:02X}).",
}


def whole(text: str) -> str:
    """The joined texts of parts, with halves of characters joined too (see `read`)."""
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
    """The elements of a header. The last of repeated ones counts (§9.2.3.24)."""
    while len(header) >= 2:
        element, end = header[0], 2 + header[1]
        yield element, header[2:end]
        header = header[end:]


def _part(elements: dict[int, bytes]) -> MessagePart | None:
    """The concatenation element (§9.2.3.24.1, .8), or None."""
    for element, length in ((_CONCATENATED_8, 3), (_CONCATENATED_16, 4)):
        content = elements.get(element, b"")
        if len(content) == length:
            total, index = content[-2:]
            if 1 <= index <= total:
                return MessagePart(int.from_bytes(content[:-2], "big"), total, index)
    return None


def _language(elements: dict[int, bytes], shift: int) -> int:
    """The language of a shift element; 0, the default, if there is none."""
    return elements.get(shift, b"")[0] if elements.get(shift) else 0
