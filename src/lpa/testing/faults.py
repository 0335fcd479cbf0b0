"""Adds faults to a simulated card or to its server, whichever has the function."""

from __future__ import annotations

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.faults.language import Fault
from lpa.sim.faults.storm import storm
from lpa.sim.faults.vocabulary import card_words, server_words
from lpa.sim.servers.simulated_server import SimulatedServer


class Faults:
    """The faults of a card and of a server. Call it with lines: `faults("after DeleteProfile: unplug")`."""

    def __init__(self, card: SimulatedEuicc, server: SimulatedServer) -> None:
        self._card = card
        self._server = server

    def __call__(self, *lines: str) -> None:
        """Add each fault where its function is.

        Raises ValueError if it is one of neither, or of both, as CancelSession can be: then use
        `card.faults.add` or `server.faults.add`.
        """
        owners = [self._owner(line) for line in lines]
        for owner, line in zip(owners, lines, strict=True):
            owner.faults.add(line)

    def storm(self, seed: int) -> None:
        """Add all faults of a storm."""
        faults = storm(seed)
        self._card.faults.add(*faults.card)
        self._server.faults.add(*faults.server)

    def clear(self) -> None:
        """Remove all faults, and insert the card if it was removed."""
        self._card.faults.clear()
        self._server.faults.clear()
        self._card.insert()

    def _owner(self, line: str) -> SimulatedEuicc | SimulatedServer:
        refused = {}
        for owner, words in ((self._card, card_words()), (self._server, server_words())):
            try:
                Fault.parse(line, words)
            except ValueError as error:
                refused[owner] = error
        if not refused:
            raise ValueError(f"{line!r} can happen to a card and to a server: add it to the faults of one")
        owners = [owner for owner in (self._card, self._server) if owner not in refused]
        if owners:
            return owners[0]
        if not Fault.knows_point(line, card_words()) and Fault.knows_point(line, server_words()):
            raise refused[self._server]
        raise refused[self._card]
