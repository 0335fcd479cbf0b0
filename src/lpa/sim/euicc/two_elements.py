"""A card with two secure elements: they share the channels, and SELECT decides which one answers on each."""

from __future__ import annotations

from typing import Protocol

from lpa.sim.euicc.command_apdu import CommandApdu, StatusWord

SECOND_FOLDER = "second"  # in the folder of the card, the folder of its second secure element
_SELECT, _MANAGE_CHANNEL, _TERMINAL_CAPABILITY = 0xA4, 0x70, 0xAA
_BY_NAME = 0x04


class _Element(Protocol):
    def transmit(self, apdu: bytes, /) -> tuple[bytes, int]:
        """The data and status word of the response to one command."""


class TwoElements:
    """One session of such a card. `aids`: of the ISD-Rs of the first element, and of the second."""

    def __init__(self, first: _Element, second: _Element, aids: tuple[list[bytes], list[bytes]]) -> None:
        self._elements = (first, second)
        self._aids = aids
        self._chosen: dict[int, int] = {}  # by channel

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """The response of the element that is selected on the channel of the command; at first, the first."""
        try:
            command = CommandApdu.parse(apdu)
        except StatusWord:
            return self._elements[0].transmit(apdu)
        if command.ins == _SELECT and command.p1 == _BY_NAME:
            named = [number for number, aids in enumerate(self._aids) if command.data in aids]
            self._chosen[command.channel] = named[0] if named else 0
        chosen = self._chosen.get(command.channel, 0)
        if command.ins in (_MANAGE_CHANNEL, _TERMINAL_CAPABILITY):
            self._elements[1 - chosen].transmit(apdu)
        return self._elements[chosen].transmit(apdu)
