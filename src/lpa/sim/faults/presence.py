"""Whether a card is in its reader."""

from __future__ import annotations

from collections.abc import Callable

from lpa.errors import CardRemoved


class Presence:
    """A card that can be removed: until it is inserted, or for some commands. `power_up` is called then."""

    def __init__(self, power_up: Callable[[], None]) -> None:
        self.inserted = True
        self._power_up = power_up
        self._left: int | None = None

    def remove(self, commands: int | None = None) -> None:
        """Remove it; with `commands` it is inserted again after so many have failed."""
        self.inserted, self._left = False, commands

    def insert(self) -> None:
        """Insert it, unless it is in the reader."""
        if not self.inserted:
            self.inserted = True
            self._power_up()

    def demand(self) -> None:
        """Raise `CardRemoved` if the card is not in the reader. That is one failed command."""
        if self.inserted:
            return
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.insert()
        raise CardRemoved("The simulated card was removed from the reader.")
