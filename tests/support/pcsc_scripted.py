"""A scripted card for a PC/SC reader, for tests of the transport."""

from __future__ import annotations

from collections.abc import Callable

# The shortest ATRs for T=0, T=1 and T=14; the last byte of the latter two is a check byte (ISO 7816-3 §8).
T0_ATR = bytes.fromhex("3B00")
T1_ATR = bytes.fromhex("3B800181")
T14_ATR = bytes.fromhex("3B800E8E")


class ScriptedCard:
    """Answers each command with the next line of its script; `seen` keeps commands, "reset" and "off"."""

    inserted = True

    def __init__(self, script: tuple[tuple[str, str], ...] = (), *, atr: bytes = T0_ATR) -> None:
        """`script`: pairs of command and answer in hexadecimal. `instead` is called when it is finished."""
        self.atr = atr
        self.seen: list[str] = []
        self._script = [(bytes.fromhex(command), bytes.fromhex(answer)) for command, answer in script]
        self.instead: Callable[[], None] | None = None

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        self.seen.append(apdu.hex().upper())
        if not self._script and self.instead:
            self.instead()
            return b"", 0
        command, answer = self._script.pop(0)
        if command != apdu:
            return b"", 0x6F00
        return answer[:-2], int.from_bytes(answer[-2:], "big")

    def reset(self) -> None:
        self.seen.append("reset")

    def power_off(self) -> None:
        self.seen.append("off")

    def insert(self) -> None:
        """Nothing removes it but its reader."""
