"""Reads all files of a simulated card as other tools export a card: by trying every identifier (T=1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lpa.rsp.codec.ber import Tlv
from lpa.sim.contents import Contents
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.terminal import send

USIM = "A0000000871002FFFFFFFF8900000100"
TRANSPARENT, LINEAR_FIXED, CYCLIC, FOLDER = 1, 2, 6, 0


@dataclass(frozen=True)
class Exported:
    """A file: its path (such as 3F00/7FFF/6F07) and its control parameters."""

    path: str
    fcp: Tlv

    def value(self, tag: int) -> bytes:
        """The value of an object in the FCP, which must be there."""
        found = self.fcp.child(tag)
        assert found is not None, (self.path, f"{tag:X}")
        return found.value

    @property
    def structure(self) -> int:
        """The structure in the file descriptor; FOLDER for the MF, a DF or an ADF."""
        return self.value(0x82)[0] & 0x07

    @property
    def is_folder(self) -> bool:
        """Whether it is the MF, a DF or an ADF."""
        return self.value(0x82)[0] == 0x78

    @property
    def record_size(self) -> int:
        """The length of a record; 0 if it has none."""
        descriptor = self.value(0x82)
        return int.from_bytes(descriptor[2:4], "big") if len(descriptor) == 5 else 0

    @property
    def record_count(self) -> int:
        """The number of records."""
        return self.value(0x82)[4]


def answer(card: SimulatedEuicc, apdu: str) -> tuple[bytes, int]:
    """The answer to an APDU with all that GET RESPONSE brings."""
    data, sw = card.transmit(bytes.fromhex(apdu))
    while sw >> 8 == 0x61:
        more, sw = card.transmit(bytes([0, 0xC0, 0, 0, sw & 0xFF]))
        data += more
    return data, sw


def select(card: SimulatedEuicc, path: str) -> Tlv:
    """Select a file step by step, the application by its name; its FCP."""
    fcp = Tlv(b"")
    for step in path.split("/"):
        data, sw = answer(card, f"00A4040410{USIM}00" if step == "7FFF" else f"00A4000402{step}00")
        assert sw == 0x9000, (path, f"{sw:04X}")
        fcp = Tlv.whole(data)
    return fcp


def exported(card: SimulatedEuicc) -> dict[str, Exported]:
    """Every file of the card that can be selected, by path."""
    found = {"3F00": Exported("3F00", select(card, "3F00"))}
    found |= {file.path: file for file in _below(card, "3F00", (0x2F, 0x6F, 0x7F))}
    if answer(card, f"00A4040410{USIM}00")[1] == 0x9000:
        found["3F00/7FFF"] = Exported("3F00/7FFF", select(card, "3F00/7FFF"))
    for folder in [path for path, file in found.items() if file.is_folder and path != "3F00"]:
        found |= {file.path: file for file in _below(card, folder, (0x4F, 0x5F, 0x6F))}
    for folder in [path for path in found if path.endswith("/5F3A")]:
        found |= {file.path: file for file in _below(card, folder, (0x4F, 0x6F))}
    return found


def _below(card: SimulatedEuicc, folder: str, ranges: tuple[int, ...]) -> Iterator[Exported]:
    select(card, folder)
    for identifier in (high << 8 | low for high in ranges for low in range(0x100)):
        data, sw = answer(card, f"00A4000402{identifier:04X}00")
        if sw == 0x9000:
            if f"{identifier:04X}" != "7FFF":  # the current application, which is not below the MF
                yield Exported(f"{folder}/{identifier:04X}", Tlv.whole(data))
            select(card, folder)


def content(card: SimulatedEuicc, file: Exported) -> bytes:
    """All of a file, read by the sizes in its FCP; and what is behind its end is refused."""
    select(card, file.path)
    if file.structure == TRANSPARENT:
        size = int.from_bytes(file.value(0x80), "big")
        read = b""
        while len(read) < size:
            data, sw = answer(card, f"00B0{len(read):04X}{min(size - len(read), 0xFF):02X}")
            assert sw == 0x9000, (file.path, f"{sw:04X}")
            read += data
        assert send(card, f"00B0{size:04X}01") == "6B00"
        return read
    records = []
    for number in range(1, file.record_count + 1):
        data, sw = answer(card, f"00B2{number:02X}04{file.record_size:02X}")
        assert (len(data), sw) == (file.record_size, 0x9000), (file.path, number)
        records.append(data)
    if file.record_count < 0xFF:
        assert send(card, f"00B2{file.record_count + 1:02X}04{file.record_size:02X}") == "6A83"
    return b"".join(records)


def rule(card: SimulatedEuicc, files: dict[str, Exported], file: Exported) -> dict[int, int | None]:
    """The access rule of a file: by bit of the access mode, the key reference, 0 for always, None for never.

    EF.ARR is in the folder of the file or the nearest one above it (TS 102 221 §9.2.7).
    """
    if expanded := file.fcp.child(0xAB):
        return _conditions(expanded.value)
    identifier, number = file.value(0x8B)[:2].hex().upper(), file.value(0x8B)[2]
    folder = file.path if file.is_folder else file.path[:-5]
    while f"{folder}/{identifier}" not in files:
        folder = folder[:-5]
        assert folder, file.path
    arr = files[f"{folder}/{identifier}"]
    size = arr.record_size
    return _conditions(content(card, arr)[(number - 1) * size : number * size].rstrip(b"\xff"))


def _conditions(coded: bytes) -> dict[int, int | None]:
    conditions: dict[int, int | None] = {}
    parts = list(Tlv.sequence(coded))
    for mode, condition in zip(parts[::2], parts[1::2], strict=True):
        assert mode.tag == 0x80
        assert condition.tag in (0x90, 0x97, 0xA4)
        key = condition.child(0x83) if condition.tag == 0xA4 else None
        meant = key.value[0] if key else 0 if condition.tag == 0x90 else None
        conditions |= {1 << bit: meant for bit in range(8) if mode.value[0] >> bit & 1}
    return conditions


def verify(card: SimulatedEuicc, contents: Contents, *keys: int) -> None:
    """Verify these keys: 01 PIN1, 81 PIN2, 0A ADM1."""
    codes = {0x01: contents.pin or contents.disabled_pin, 0x81: contents.pin2, 0x0A: contents.adm}
    for key in keys:
        code = codes[key].encode().ljust(8, b"\xff").hex()
        assert send(card, f"002000{key:02X}08{code}") == "9000"
