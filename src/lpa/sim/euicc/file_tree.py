"""The files of the simulated card, and the rules by which SELECT finds them (TS 102 221 §8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lpa.rsp.codec.ber import Tlv
from lpa.sim.euicc import access_rules
from lpa.sim.euicc.access_rules import FOLDER, Access

MF = b"\x3f\x00"
ADF = b"\x7f\xff"  # the application selected last on the channel
ARR, ARR_OF_FOLDER = b"\x2f\x06", b"\x6f\x06"  # EF.ARR in the MF, and in a folder below it
_ACTIVATED = Tlv.build(0x8A, b"\x05")
_CLOCK_MAY_STOP = Tlv.build(0x80, b"\x71")  # characteristics of the UICC (§11.1.1.4.6.1)
_FOLDER, _TRANSPARENT, _LINEAR_FIXED, _CYCLIC = 0x78, 0x41, 0x42, 0x46


@dataclass(frozen=True)
class File:
    """A file: its path from the MF, its content (all records of a file with records), and who may access it.

    A folder has no content. `record_size`: 0 if it has no records. `sfi`: its short identifier, 0 if it has
    none. `aid`: of an application. `stored_as`: the path under which an update of it is stored, so that a
    file that is in two folders is one file. `system_commands`: of the MF (§11.1.1.4.6.8). `has_arr`: its
    access rule is in EF.ARR.
    """

    path: bytes
    content: bytes = b""
    record_size: int = 0
    cyclic: bool = False
    access: Access = FOLDER
    sfi: int = 0
    aid: bytes = b""
    stored_as: bytes = b""
    system_commands: bytes = b""
    has_arr: bool = True

    @property
    def is_folder(self) -> bool:
        """Whether it is the MF, a folder or an application."""
        return not self.content

    @property
    def folder(self) -> bytes:
        """The current folder after this file is selected: itself, or the folder of an EF."""
        return self.path if self.is_folder else self.path[:-2]

    @property
    def record_count(self) -> int:
        """How many records it has; 0 if it is no file with records."""
        return len(self.content) // self.record_size if self.record_size else 0

    def record(self, number: int) -> bytes:
        """A record, numbered from 1."""
        return self.content[(number - 1) * self.record_size : number * self.record_size]

    def fcp(self, pin_status: bytes) -> Tlv:
        """The file control parameters (§11.1.1.3). `pin_status`: the object C6, if there are PINs."""
        name = Tlv.build(0x84, self.aid) if self.aid else Tlv.build(0x83, self.path[-2:])
        arr = ARR if len(self.path) <= 4 else ARR_OF_FOLDER
        rule = access_rules.reference(self.access, arr)
        if not self.has_arr:
            rule = access_rules.expanded(self.access)
        parts = [Tlv.build(0x82, self._descriptor), name, _ACTIVATED, rule]
        if self.is_folder:
            commands = Tlv.build(0x87, self.system_commands) if self.system_commands else b""
            parts[2:2] = [Tlv.build(0xA5, _CLOCK_MAY_STOP, commands)]
            return Tlv.build(0x62, *parts, pin_status)
        size = Tlv.build(0x80, len(self.content).to_bytes(2, "big"))
        # An empty 88: no short identifier. Without 88 it would be the last bits of the identifier.
        return Tlv.build(0x62, *parts, size, Tlv.build(0x88, bytes([self.sfi << 3]) if self.sfi else b""))

    @property
    def _descriptor(self) -> bytes:
        if self.is_folder:
            return bytes([_FOLDER, 0x21])
        if not self.record_size:
            return bytes([_TRANSPARENT, 0x21])
        kind = _CYCLIC if self.cyclic else _LINEAR_FIXED
        return bytes([kind, 0x21]) + self.record_size.to_bytes(2, "big") + bytes([self.record_count])


def transparent(path: bytes, content: bytes, access: Access, *, sfi: int = 0) -> File:
    """A transparent EF of at least one byte."""
    return File(path, content, access=access, sfi=sfi)


def linear_fixed(path: bytes, records: Sequence[bytes], access: Access, *, sfi: int = 0) -> File:
    """A linear fixed EF of 1 to 255 records of the same length."""
    return File(path, b"".join(records), len(records[0]), access=access, sfi=sfi)


def cyclic(path: bytes, records: Sequence[bytes], access: Access) -> File:
    """A cyclic EF; its first record is the one that was updated last."""
    return replace(linear_fixed(path, records, access), cyclic=True)


def rules(path: bytes, *, sfi: int = 0) -> File:
    """An EF.ARR."""
    readable = Access(access_rules.ALWAYS, access_rules.NEVER)
    return linear_fixed(path, access_rules.records(), readable, sfi=sfi)


def by_identifier(present: dict[bytes, File], folder: bytes, identifier: bytes) -> File | None:
    """The file with this identifier that can be selected from `folder` (TS 102 221 §8.4.1).

    That is the MF, a child, the folder itself, its parent, or a folder with the same parent.
    """
    if identifier == MF:
        return present[MF]
    child, beside = present.get(folder + identifier), present.get(folder[:-2] + identifier)
    if child or (beside and beside.is_folder):
        return child or beside
    parent = folder[:-2]
    return present.get(parent) if parent[-2:] == identifier else None


def by_path(present: dict[bytes, File], path: bytes) -> File | None:
    """The file at this path from the MF, without the MF itself."""
    return present.get(MF + path)


def by_aid(present: dict[bytes, File], aid: bytes) -> File | None:
    """The first application whose AID begins with `aid`."""
    return next((file for file in present.values() if file.aid and file.aid.startswith(aid)), None)


def by_short_identifier(present: dict[bytes, File], folder: bytes, sfi: int) -> File | None:
    """The file in `folder` with this short identifier (not 0)."""
    return next((file for file in present.values() if file.sfi == sfi and file.folder == folder), None)
