"""The files that the simulated card shows beside the ISD-R (TS 102 221 §8): those of the profile in use.

So far the MF and EF.ICCID. A further file is one more entry in `files`.
"""

from __future__ import annotations

from dataclasses import dataclass

from lpa.rsp.ber import Tlv
from lpa.sim.profiles import SimulatedProfile

MF = b"\x3f\x00"
_EF_ICCID = MF + b"\x2f\xe2"
_ACTIVATED = Tlv.build(0x8A, b"\x05")
_PIN_STATUS = Tlv.build(
    0xC6, Tlv.build(0x90, b"\x00"), Tlv.build(0x83, b"\x01")
)  # there is one, and it is off


@dataclass(frozen=True)
class File:
    """A file: its path from the MF on, what SELECT tells of it (FCP), and its content; None for a folder."""

    path: bytes
    fcp: Tlv
    content: bytes | None


def files(profile: SimulatedProfile | None, *, announces_terminal_capability: bool) -> dict[bytes, File]:
    """The files by their paths, as they are while `profile` is in use."""
    proprietary = Tlv.build(0x87, b"\x01" if announces_terminal_capability else b"\x00")
    found = [_folder(MF, Tlv.build(0xA5, Tlv.build(0x80, b"\x71"), proprietary))]
    if profile:
        found.append(_transparent(_EF_ICCID, profile.coded_iccid))
    return {file.path: file for file in found}


def by_identifier(present: dict[bytes, File], folder: bytes, identifier: bytes) -> File | None:
    """The file with this 2-byte identifier as seen from `folder`: the MF, a child, or a sibling."""
    if identifier == MF:
        return present[MF]
    return present.get(folder + identifier) or present.get(folder[:-2] + identifier)


def by_path(present: dict[bytes, File], path: bytes) -> File | None:
    """The file at this path, which begins below the MF."""
    return present.get(MF + path)


def _folder(path: bytes, *more: Tlv) -> File:
    descriptor = Tlv.build(0x82, b"\x78\x21")
    fcp = Tlv.build(0x62, descriptor, Tlv.build(0x83, path[-2:]), *more, _ACTIVATED, _PIN_STATUS)
    return File(path, fcp, None)


def _transparent(path: bytes, content: bytes) -> File:
    descriptor = Tlv.build(0x82, b"\x41\x21")
    size = Tlv.build(0x80, len(content).to_bytes(2, "big"))
    fcp = Tlv.build(0x62, descriptor, Tlv.build(0x83, path[-2:]), _ACTIVATED, size)
    return File(path, fcp, content)
