"""Cards that say whatever the fuzzer wants, and what a genuine one says, to begin with."""

from __future__ import annotations

from lpa.card.apdu import Transport
from lpa.errors import CardRemoved

EID = "89049032123451234512345678901235"
_EID_ANSWER = bytes.fromhex(f"BF3E125A10{EID}")


class Parrot:
    """An eUICC that opens like any other, and then answers every ES10 request with `answer`."""

    def __init__(self) -> None:
        self.answer = _EID_ANSWER

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Success for everything, but there is no logical channel to be had."""
        if apdu[1] == 0x70:
            return b"", 0x6881
        return (self.answer, 0x9000) if apdu[1] == 0xE2 else (b"", 0x9000)

    def reset(self) -> None:
        """Forget nothing."""

    def close(self) -> None:
        """Close nothing."""


class Spoken:
    """A card whose answers were all thought up beforehand, and which is pulled out after the last.

    Each answer is 2 bytes of length, so much data, and 2 bytes of status.
    """

    def __init__(self, answers: bytes) -> None:
        self._rest = answers

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """The next answer, whatever is asked."""
        if len(self._rest) < 4:
            raise CardRemoved("There is nothing more to say.")
        size = int.from_bytes(self._rest[:2], "big") % 257
        data, status = self._rest[2 : 2 + size], self._rest[2 + size : 4 + size]
        self._rest = self._rest[4 + size :]
        return data, int.from_bytes(status, "big")

    def reset(self) -> None:
        """Go on where it was."""

    def close(self) -> None:
        """Close nothing."""


class Stenographer:
    """Writes down what a card answers, as `Spoken` reads it."""

    def __init__(self, card: Transport) -> None:
        self._card = card
        self.written = b""

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Pass it on."""
        data, status = self._card.transmit(apdu)
        self.written += len(data).to_bytes(2, "big") + data + status.to_bytes(2, "big")
        return data, status

    def reset(self) -> None:
        """Pass it on."""
        self._card.reset()

    def close(self) -> None:
        """Pass it on."""
        self._card.close()
