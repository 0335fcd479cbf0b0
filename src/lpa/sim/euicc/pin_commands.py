"""The PIN commands of the simulated card: VERIFY, CHANGE, DISABLE, ENABLE and UNBLOCK PIN (TS 102 221 §11.1).

Choices where the specification leaves one:
* VERIFY and UNBLOCK PIN without data return 6983 if no tries are left.
* A blocked key is refused with 6983 before anything else is checked, and a disabled PIN with 6984.
* ENABLE PIN is refused for an enabled PIN, and DISABLE PIN for PIN2 and ADM1, with 6985.
* A new PIN of other than 4 to 8 digits is refused with 6A80, and a wrong length with 6700: no try is used.
* The right PIN counts as verified after each command, UNBLOCK PIN enables PIN1, and a wrong PIN locks again.
* Verified keys count on every channel until a reset or another profile is enabled.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lpa.rsp.codec.ber import Tlv
from lpa.sim.contents import PIN_TRIES, UNBLOCK_TRIES, Contents
from lpa.sim.euicc import command_apdu, file_system
from lpa.sim.euicc.access_rules import ADM1, ALWAYS, NEVER, PIN1, PIN2
from lpa.sim.euicc.command_apdu import CommandApdu, StatusWord
from lpa.sim.euicc.es10_functions import SimulatedIsdr

_PIN_SIZE = 8
_CODE = re.compile(rb"[0-9]{4,8}\xff*")


@dataclass(frozen=True)
class _Code:
    """A secret code of a profile: the members of `Contents` with its value and its remaining tries."""

    value: str
    tries: str
    most_tries: int


_KEYS = {
    PIN1: _Code("pin", "pin_tries", PIN_TRIES),
    PIN2: _Code("pin2", "pin2_tries", PIN_TRIES),
    ADM1: _Code("adm", "adm_tries", UNBLOCK_TRIES),
}
_UNBLOCKING = {
    PIN1: _Code("puk", "puk_tries", UNBLOCK_TRIES),
    PIN2: _Code("puk2", "puk2_tries", UNBLOCK_TRIES),
}


class PinCommands:
    """The PIN commands in one card session, which keeps what keys were verified."""

    def __init__(self, isdr: SimulatedIsdr) -> None:
        self._isdr = isdr
        self._verified: set[int] = set()
        self.instructions: dict[int, Callable[[CommandApdu], bytes]] = {
            0x20: self.verify,
            0x24: self.change,
            0x26: self.disable,
            0x28: self.enable,
            0x2C: self.unblock,
        }

    def lock(self) -> None:
        """Count no key as verified, after another profile was enabled."""
        self._verified.clear()

    def satisfied(self, condition: int) -> bool:
        """Whether a condition of an access rule is satisfied now."""
        if condition in (ALWAYS, NEVER):
            return condition == ALWAYS
        profile = self._isdr.state.enabled
        disabled = condition == PIN1 and profile is not None and profile.contents.pin is None
        return disabled or condition in self._verified

    @property
    def status(self) -> bytes:
        """The PIN status object of an FCP (TS 102 221 §9.5.2): which keys there are and which are enabled."""
        profile = self._isdr.state.enabled
        if profile is None:
            return b""
        enabled = (0x80 if profile.contents.pin else 0) | 0x60
        keys = (Tlv.build(0x83, bytes([key])) for key in (PIN1, PIN2, ADM1))
        return Tlv.build(0xC6, Tlv.build(0x90, bytes([enabled])), *keys)

    def verify(self, command: CommandApdu) -> bytes:
        """VERIFY PIN: without data, return the remaining tries; with data, each wrong PIN uses up a try."""
        contents = self._contents(command, _KEYS)
        self._demand_tries(contents, _KEYS[command.p2])
        if not command.data:
            raise StatusWord(command_apdu.TRIES_LEFT | getattr(contents, _KEYS[command.p2].tries))
        _demand_size(command, _PIN_SIZE)
        _demand_enabled(contents, command.p2)
        self._accept(command.p2, self._checked(command, contents, _KEYS))
        return b""

    def change(self, command: CommandApdu) -> bytes:
        """CHANGE PIN: the old PIN and the new one."""
        contents = self._contents(command, _KEYS)
        self._demand_tries(contents, _KEYS[command.p2])
        _demand_size(command, 2 * _PIN_SIZE)
        _demand_enabled(contents, command.p2)
        new = _new_code(command, of_key=command.p2 == ADM1)
        changed = self._checked(command, contents, _KEYS)
        self._accept(command.p2, _with(changed, **{_KEYS[command.p2].value: new}))
        return b""

    def disable(self, command: CommandApdu) -> bytes:
        """DISABLE PIN, for PIN1."""
        contents = self._contents(command, _KEYS)
        self._demand_tries(contents, _KEYS[command.p2])
        _demand_size(command, _PIN_SIZE)
        if command.p2 != PIN1:
            raise StatusWord(command_apdu.CONDITIONS_NOT_SATISFIED)
        _demand_enabled(contents, command.p2)
        changed = self._checked(command, contents, _KEYS)
        self._accept(command.p2, replace(changed, pin=None, disabled_pin=_value(contents, _KEYS[PIN1])))
        return b""

    def enable(self, command: CommandApdu) -> bytes:
        """ENABLE PIN, for PIN1."""
        contents = self._contents(command, _KEYS)
        self._demand_tries(contents, _KEYS[command.p2])
        _demand_size(command, _PIN_SIZE)
        if command.p2 != PIN1 or contents.pin is not None:
            raise StatusWord(command_apdu.CONDITIONS_NOT_SATISFIED)
        changed = self._checked(command, contents, _KEYS)
        self._accept(command.p2, replace(changed, pin=contents.disabled_pin))
        return b""

    def unblock(self, command: CommandApdu) -> bytes:
        """UNBLOCK PIN: without data, return the remaining tries of the PUK; else the PUK and a new PIN."""
        contents = self._contents(command, _UNBLOCKING)
        self._demand_tries(contents, _UNBLOCKING[command.p2])
        if not command.data:
            raise StatusWord(command_apdu.TRIES_LEFT | getattr(contents, _UNBLOCKING[command.p2].tries))
        _demand_size(command, 2 * _PIN_SIZE)
        new = _new_code(command)
        changed = self._checked(command, contents, _UNBLOCKING)
        unblocked = _with(changed, **{_KEYS[command.p2].tries: PIN_TRIES})
        self._accept(command.p2, _with(unblocked, **{_KEYS[command.p2].value: new}))
        return b""

    def _contents(self, command: CommandApdu, codes: dict[int, _Code]) -> Contents:
        profile = self._isdr.state.enabled
        if command.p1:
            raise StatusWord(command_apdu.WRONG_P1_P2)
        if profile is None or command.p2 not in codes:
            raise StatusWord(command_apdu.UNKNOWN_OBJECT)
        return profile.contents

    def _demand_tries(self, contents: Contents, code: _Code) -> None:
        if not getattr(contents, code.tries):
            raise StatusWord(command_apdu.PIN_BLOCKED)

    def _checked(self, command: CommandApdu, contents: Contents, codes: dict[int, _Code]) -> Contents:
        """The contents with all tries restored. A wrong code uses up a try, which is stored first."""
        code = codes[command.p2]
        if codes is _KEYS:
            self._verified.discard(command.p2)
        if command.data[:_PIN_SIZE] == _value(contents, code).encode().ljust(_PIN_SIZE, b"\xff"):
            return _with(contents, **{code.tries: code.most_tries})
        left = getattr(contents, code.tries) - 1
        file_system.keep(self._isdr, _with(contents, **{code.tries: left}))
        raise StatusWord(command_apdu.TRIES_LEFT | left)

    def _accept(self, key: int, contents: Contents) -> None:
        """Store the contents after the right code, and count the key as verified."""
        file_system.keep(self._isdr, contents)
        self._verified.add(key)


def _value(contents: Contents, code: _Code) -> str:
    value: str | None = getattr(contents, code.value)
    return contents.disabled_pin if value is None else value


def _with(contents: Contents, **changes: Any) -> Contents:
    """The contents with other values of the members that a `_Code` names."""
    return replace(contents, **changes)


def _demand_size(command: CommandApdu, size: int) -> None:
    if len(command.data) != size:
        raise StatusWord(command_apdu.WRONG_LENGTH)


def _demand_enabled(contents: Contents, key: int) -> None:
    if key == PIN1 and contents.pin is None:
        raise StatusWord(command_apdu.PIN_DISABLED)


def _new_code(command: CommandApdu, *, of_key: bool = False) -> str:
    """The new PIN in the second half of the data. `of_key`: it needs all 8 digits."""
    coded = command.data[_PIN_SIZE:]
    digits = coded.rstrip(b"\xff")
    if not _CODE.fullmatch(coded) or (of_key and len(digits) < _PIN_SIZE):
        raise StatusWord(command_apdu.WRONG_DATA)
    return digits.decode()
