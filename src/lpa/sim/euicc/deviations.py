"""What a card does in commands that SGP.22 and TS 102 221 do not say, as its `Behaviour` asks for.

Each method is called at one point of a command, and ends it with a status word or a broken link.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Never

from lpa.errors import WireError
from lpa.sim.euicc import command_apdu, segments
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.command_apdu import CommandApdu, StatusWord
from lpa.sim.euicc.state import CardState

_SELECT, _STORE_DATA = 0xA4, 0xE2
_BY_NAME = 0x04
_COMMANDS = {"SELECT": _SELECT, "STORE DATA": _STORE_DATA}
_INSTALLATION_RESULT = bytes.fromhex("BF37")


class Deviations:
    """The deviations of one card session. `on_busy` is given the seconds that a command takes."""

    def __init__(self, behaviour: Behaviour, on_busy: Callable[[int], None]) -> None:
        self._behaviour = behaviour
        self._on_busy = on_busy
        self._broken = False

    def receive(self) -> None:
        """Before a command: raise `WireError` if the link is broken."""
        if self._broken:
            self._break()

    def begin(self, command: CommandApdu) -> None:
        """Refuse a command on a channel that only seems to be open, and a STORE DATA with the wrong Le."""
        by_name = command.ins != _SELECT or command.p1 == _BY_NAME
        if self._behaviour.refuses_on_channels and command.channel and by_name:
            name, status = self._behaviour.refuses_on_channels
            if command.ins == _COMMANDS[name]:
                raise StatusWord(int(status, 16))
        if command.ins == _STORE_DATA:
            wrong = {"required": command.le is None, "refused": command.le is not None}
            if wrong.get(self._behaviour.store_data_le):
                raise StatusWord(command_apdu.WRONG_LENGTH)

    def refused(self, command: bytes, sw: int) -> None:
        """After a refusal: break the link if the card lacks the AID of a SELECT."""
        selects = command[1:3] == bytes((_SELECT, _BY_NAME))
        if self._behaviour.unknown_aid_breaks_link and selects and sw == command_apdu.NOT_FOUND:
            self._break()

    def ask(self, request: bytes) -> None:
        """Before a complete ES10 request is carried out: refuse it, or this segment of a package."""
        if self._behaviour.refuses_es10:
            raise StatusWord(int(self._behaviour.refuses_es10, 16))
        if self._behaviour.refuses_segment:
            tag, status = self._behaviour.refuses_segment
            if segments.read_start(request).tag == int(tag, 16):
                raise StatusWord(int(status, 16))

    def answered(self, answer: bytes, before: CardState, after: CardState) -> int:
        """After an ES10 request was carried out: its status word on success."""
        if answer.startswith(_INSTALLATION_RESULT) and self._behaviour.last_segment_seconds:
            self._on_busy(self._behaviour.last_segment_seconds)
        switched = after.enabled is not before.enabled or after.awaiting_refresh != before.awaiting_refresh
        if switched and self._behaviour.switch_answer == "6F00":
            raise StatusWord(command_apdu.INTERNAL_ERROR)
        if switched and self._behaviour.switch_answer == "lost":
            self._break()
        return int(self._behaviour.es10_status, 16)

    def _break(self) -> Never:
        self._broken = True
        raise WireError("The simulated card does not answer until it is reset.")
