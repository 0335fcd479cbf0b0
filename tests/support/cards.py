"""Simulated cards whose enabled profile has given contents, and a transport that changes some answers."""

from __future__ import annotations

from dataclasses import replace

from lpa.card.apdu import Transport
from lpa.sim import samples
from lpa.sim.contents import Contents
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.passing_card import PassingCard, answer_in

ICCID = "8944994000000000017"


def holding(contents: Contents, *, protocol: str = "T=0") -> SimulatedEuicc:
    """A card in memory whose only profile, `ICCID`, is enabled and holds `contents`."""
    profile = replace(samples.profiles(1)[0], contents=contents)
    behaviour = Behaviour(protocol="T=1") if protocol == "T=1" else Behaviour()
    return SimulatedEuicc.create(None, profiles=[profile], behaviour=behaviour)


def with_enabled(number: int) -> SimulatedEuicc:
    """A card with the usual three profiles, of which this one is enabled (from 0)."""
    chosen = [
        replace(profile, state="enabled" if index == number else "disabled")
        for index, profile in enumerate(samples.profiles(3))
    ]
    return SimulatedEuicc.create(None, profiles=chosen)


class Spoiled(PassingCard):
    """A `Transport` that answers some commands itself, while the file with identifier `file` is selected.

    `answers`: from the beginning of a command to data and status word, all in hexadecimal.
    """

    def __init__(self, card: Transport, *, file: str, answers: dict[str, str]) -> None:
        super().__init__(card)
        self._file = file
        self._answers = answers
        self._selected = False

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Pass a command to the card, or answer it."""
        sent = apdu.hex().upper()
        if sent.startswith("00A4"):
            self._selected = sent.endswith(f"{self._file}00")
        for command, answer in self._answers.items():
            if self._selected and sent.startswith(command):
                return answer_in(answer)
        return self._card.transmit(apdu)
