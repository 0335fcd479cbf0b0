"""The device that is reported to servers: the phone or modem that holds the card (SGP.22 §4.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

# A card reader has no type allocation code, but servers require one: this one is reported in its place.
NO_DEVICE = "35290611"


@dataclass(frozen=True)
class Device:
    """A device by its type (`tac`, 8 digits) and, if known, its own number (`imei`, 15 digits).

    `capabilities`: the supported releases by the specification's names: {"eutranEpcSupportedRelease": 15}.
    Empty for a card reader.
    """

    tac: str = NO_DEVICE
    imei: str = ""
    capabilities: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def with_imei(cls, text: str) -> Self:
        """The device with this IMEI: 14 digits, or 15 with the check digit. Raises ValueError."""
        digits = re.sub(r"[\s-]", "", text)
        if not re.fullmatch(r"[0-9]{14,15}", digits, re.ASCII):
            raise ValueError(f"{text!r} is not an IMEI (15 digits)")
        complete = digits[:14] + _check_digit(digits[:14])
        if not complete.startswith(digits):
            raise ValueError(f"{text!r} is not an IMEI: its last digit should be {complete[-1]}")
        return cls(complete[:8], complete)

    @classmethod
    def with_tac(cls, text: str) -> Self:
        """A device of this type: 8 digits, with which its IMEI begins. Raises ValueError."""
        if not re.fullmatch(r"[0-9]{8}", text, re.ASCII):
            raise ValueError(f"{text!r} is not a type allocation code (8 digits)")
        return cls(text)

    @property
    def info(self) -> dict[str, Any]:
        """The DeviceInfo of `asn1/rsp.asn`. Digits are swapped in each byte, except the check digit."""
        info: dict[str, Any] = {
            "tac": _swapped(self.tac),
            "deviceCapabilities": {name: bytes((at, 0, 0)) for name, at in self.capabilities.items()},
        }
        if self.imei:
            info["imei"] = _swapped(self.imei[:14]) + bytes.fromhex(f"{self.imei[14]}F")
        return info


def _swapped(digits: str) -> bytes:
    return bytes.fromhex("".join(digits[at + 1] + digits[at] for at in range(0, len(digits), 2)))


def _check_digit(digits: str) -> str:
    """By Luhn: every second digit is doubled, and the digits of all numbers are added."""
    doubled = "".join(str(int(digit) * (1 + at % 2)) for at, digit in enumerate(digits))
    return str(-sum(map(int, doubled)) % 10)
