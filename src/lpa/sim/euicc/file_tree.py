"""The files of the simulated card, and the rules by which SELECT finds them (TS 102 221 §8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lpa.rsp.codec.ber import Tlv

MF = b"\x3f\x00"
ADF = b"\x7f\xff"  # the application selected last on the channel
_ACTIVATED = Tlv.build(0x8A, b"\x05")


@dataclass(frozen=True)
class File:
    """A file: its path from the MF, its FCP, and its content or records; a folder has neither.

    `aid`: of an application. `guarded`: it can be read only after VERIFY PIN.
    """

    path: bytes
    fcp: Tlv
    content: bytes = b""
    records: tuple[bytes, ...] = ()
    aid: bytes = b""
    guarded: bool = False

    @property
    def folder(self) -> bytes:
        """The current folder after this file is selected: itself, or the folder of an EF."""
        return self.path[:-2] if self.content or self.records else self.path


def folder(path: bytes, *more: Tlv, pin: bool = False, aid: bytes = b"") -> File:
    """A folder, or an application if it has an AID. `pin`: PIN1 is enabled (it always exists)."""
    name = Tlv.build(0x84, aid) if aid else Tlv.build(0x83, path[-2:])
    usage = Tlv.build(0x90, b"\x80" if pin else b"\x00")
    status = Tlv.build(0xC6, usage, Tlv.build(0x83, b"\x01"))
    fcp = Tlv.build(0x62, Tlv.build(0x82, b"\x78\x21"), name, *more, _ACTIVATED, status)
    return File(path, fcp, aid=aid)


def transparent(path: bytes, content: bytes, *, guarded: bool = False) -> File:
    """A transparent EF of at least one byte."""
    fcp = _elementary(path, b"\x41\x21", len(content))
    return File(path, fcp, content=content, guarded=guarded)


def linear_fixed(path: bytes, records: Sequence[bytes], *, guarded: bool = False) -> File:
    """A linear fixed EF of 1 to 254 records of the same length."""
    size = len(records[0])
    descriptor = b"\x42\x21" + size.to_bytes(2, "big") + bytes([len(records)])
    fcp = _elementary(path, descriptor, size * len(records))
    return File(path, fcp, records=tuple(records), guarded=guarded)


def by_identifier(present: dict[bytes, File], folder: bytes, identifier: bytes) -> File | None:
    """The file with this identifier that can be selected from `folder` (TS 102 221 §8.4.1).

    That is the MF, a child, the folder itself, its parent, or a folder with the same parent.
    """
    if identifier == MF:
        return present[MF]
    child, beside = present.get(folder + identifier), present.get(folder[:-2] + identifier)
    if child or (beside and beside.folder == beside.path):
        return child or beside
    parent = folder[:-2]
    return present.get(parent) if parent[-2:] == identifier else None


def by_path(present: dict[bytes, File], path: bytes) -> File | None:
    """The file at this path from the MF, without the MF itself."""
    return present.get(MF + path)


def by_aid(present: dict[bytes, File], aid: bytes) -> File | None:
    """The first application whose AID begins with `aid`."""
    return next((file for file in present.values() if file.aid and file.aid.startswith(aid)), None)


def _elementary(path: bytes, descriptor: bytes, size: int) -> Tlv:
    total = Tlv.build(0x80, size.to_bytes(2, "big"))
    return Tlv.build(0x62, Tlv.build(0x82, descriptor), Tlv.build(0x83, path[-2:]), _ACTIVATED, total)
