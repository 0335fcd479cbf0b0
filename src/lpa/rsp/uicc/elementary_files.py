"""Decode the control parameters of a selected file (TS 102 221 §11.1.1), and the contents of small files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Aid
from lpa.rsp.uicc.alphabets import alpha

_DESCRIPTOR, _SIZE, _PIN_STATUS = 0x82, 0x80, 0xC6
_STRUCTURES = {1: "transparent", 2: "linear fixed", 6: "cyclic"}
_USIM = bytes.fromhex("A0000000871002")
_PIN_USAGE, _KEY_REFERENCE = 0x90, 0x83
_FIRST_APPLICATION_PIN, _LAST_APPLICATION_PIN, _UNIVERSAL_PIN = 0x01, 0x08, 0x11  # TS 102 221 §9.5.1


@dataclass(frozen=True)
class FileControl:
    """A file's control parameters: its `structure` is "transparent", "linear fixed", "cyclic" or "folder".

    `record_size` (bytes) and `record_count` are those of a file with records. `pins`: for a folder, the
    references of the enabled PINs that protect reading.
    """

    structure: str
    size: int = 0
    record_size: int = 0
    record_count: int = 0
    pins: tuple[int, ...] = ()

    @classmethod
    def from_tlv(cls, answer: bytes) -> Self:
        """From an FCP template (tag 62). Raises `BadAnswer` if it is not one or lacks the structure."""
        template = Tlv.whole(answer)
        descriptor = template.child(_DESCRIPTOR) if template.tag == 0x62 else None
        if descriptor is None or not descriptor.value:
            raise BadAnswer(f"The card does not report the structure of the file: {answer.hex()}.")
        size, record = template.child(_SIZE), descriptor.value[2:5]
        return cls(
            structure=_STRUCTURES.get(descriptor.value[0] & 0x07, "folder"),
            size=int.from_bytes(size.value, "big") if size else 0,
            record_size=int.from_bytes(record[:2], "big") if len(record) == 3 else 0,
            record_count=record[2] if len(record) == 3 else 0,
            pins=tuple(_enabled_pins(template)),
        )


def application(record: bytes) -> Aid | None:
    """The AID in a record of EF.DIR (TS 102 221 §13.1) if it is a USIM's; else None."""
    try:
        entry, _ = Tlv.cut(record)
        aid = entry.child(0x4F) if entry.tag == 0x61 else None
        return Aid.from_coded(aid.value) if aid and aid.value.startswith(_USIM) else None
    except BadAnswer:
        return None  # A malformed or free entry names no application, and must not hide the next one.


def imsi(content: bytes) -> str:
    """The digits in EF.IMSI (TS 31.102 §4.2.2); empty if there are none. Raises `BadAnswer` for others."""
    size = content[0] if content else 0xFF
    if size == 0xFF:
        return ""
    swapped = "".join(f"{octet & 0x0F:X}{octet >> 4:X}" for octet in content[1 : 1 + size])
    digits = swapped[1:].rstrip("F")  # the first nibble holds the parity
    if not (digits.isdecimal() and len(digits) <= 15):
        raise BadAnswer(f"EF.IMSI does not contain an IMSI: {content.hex()}.")
    return digits


def service_provider_name(content: bytes) -> str:
    """The name in EF.SPN (TS 31.102 §4.2.12), after the byte of display conditions."""
    return alpha(content[1:])


def _enabled_pins(template: Tlv) -> list[int]:
    """From the PIN status object: key references, and a bit for each, from the highest on (§9.5.2)."""
    status = template.child(_PIN_STATUS)
    parts = status.children if status else ()
    usage = next((part.value for part in parts if part.tag == _PIN_USAGE), b"")
    references = [part.value[0] for part in parts if part.tag == _KEY_REFERENCE and part.value]
    flags = f"{int.from_bytes(usage, 'big'):0{len(usage) * 8}b}" if usage else ""
    return [
        reference
        for reference, flag in zip(references, flags, strict=False)
        if flag == "1"
        and (_FIRST_APPLICATION_PIN <= reference <= _LAST_APPLICATION_PIN or reference == _UNIVERSAL_PIN)
    ]
