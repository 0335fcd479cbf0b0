"""A transport in front of a card, to be built on by those that change something."""

from __future__ import annotations

from lpa.card.apdu import Transport


class PassingCard:
    """A `Transport` that passes everything on to another."""

    def __init__(self, card: Transport) -> None:
        self._card = card

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Pass a command to the card."""
        return self._card.transmit(apdu)

    def reset(self) -> None:
        """Reset the card."""
        self._card.reset()

    def close(self) -> None:
        """Close the card."""
        self._card.close()


def answer_in(text: str) -> tuple[bytes, int]:
    """The data and status word in hexadecimal digits."""
    coded = bytes.fromhex(text)
    return coded[:-2], int.from_bytes(coded[-2:], "big")
