"""A card with two secure elements, as eSTK.me makes them, of two simulated cards."""

from __future__ import annotations

from lpa.rsp.names import Aid
from lpa.sim.euicc.behaviour import STANDARD_ISDR, Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc

AIDS = ("A06573746B6D65FFFF4953442D522030", "A06573746B6D65FFFF4953442D522031")
ATR = bytes.fromhex("3B9F96801FC78031E073FE2115576573746B2E6D65C1")  # T=0
_SELECT_BY_NAME = (0xA4, 0x04)


class TwoElements:
    """Both elements share the channels; SELECT decides which of them answers on a channel.

    The standard AID is another name for the first.
    """

    inserted = True

    def __init__(self) -> None:
        self.elements = tuple(SimulatedEuicc.create(None, behaviour=Behaviour(isdr_aid=aid)) for aid in AIDS)
        self.atr = ATR
        self._chosen: dict[int, int] = {}

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Pass a command to both elements, and return the answer of the one that is selected."""
        channel = apdu[0] & 0x03
        if tuple(apdu[1:3]) == _SELECT_BY_NAME:
            apdu = apdu.replace(Aid.parse(STANDARD_ISDR).coded, Aid.parse(AIDS[0]).coded)
            named = [number for number, aid in enumerate(AIDS) if Aid.parse(aid).coded in apdu]
            self._chosen[channel] = named[0] if named else self._chosen.get(channel, 0)
        chosen = self._chosen.get(channel, 0)
        if apdu[1] in (0x70, 0xAA):  # MANAGE CHANNEL, TERMINAL CAPABILITY
            self.elements[1 - chosen].transmit(apdu)
        return self.elements[chosen].transmit(apdu)

    def reset(self) -> None:
        """Reset both elements."""
        self._chosen.clear()
        for element in self.elements:
            element.reset()

    def power_off(self) -> None:
        """Cut the power of both."""
        for element in self.elements:
            element.power_off()

    def insert(self) -> None:
        """Nothing removes it but its reader."""

    def close(self) -> None:
        """The elements are in memory: nothing to do."""
