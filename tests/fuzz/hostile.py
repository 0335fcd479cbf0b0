"""Cards and servers that answer with the fuzzer's bytes, and a recorder for genuine answers."""

from __future__ import annotations

from lpa.card.apdu import Transport
from lpa.errors import CardRemoved
from lpa.server.http_answer import HttpAnswer

EID = "89049032123451234512345678901235"
_EID_ANSWER = bytes.fromhex(f"BF3E125A10{EID}")


class FixedCard:
    """An eUICC that opens normally, and then answers every ES10 request with `answer`."""

    def __init__(self) -> None:
        self.answer = _EID_ANSWER

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Success for every command, but no logical channel."""
        if apdu[1] == 0x70:
            return b"", 0x6881
        return (self.answer, 0x9000) if apdu[1] == 0xE2 else (b"", 0x9000)

    def reset(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class RecordedCard:
    """A card with prepared answers, which is removed after the last.

    Each answer is 2 bytes of length, the data, and 2 bytes of status.
    """

    def __init__(self, answers: bytes) -> None:
        self._rest = answers

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """The next answer, for any command."""
        if len(self._rest) < 4:
            raise CardRemoved("There is no further answer.")
        size = int.from_bytes(self._rest[:2], "big") % 257
        data, status = self._rest[2 : 2 + size], self._rest[2 + size : 4 + size]
        self._rest = self._rest[4 + size :]
        return data, int.from_bytes(status, "big")

    def reset(self) -> None:
        """Continue with the next answer."""

    def close(self) -> None:
        """Do nothing."""


class Recorder:
    """Records the answers of a card, as `RecordedCard` reads them."""

    def __init__(self, card: Transport) -> None:
        self._card = card
        self.recorded = b""

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Forward it."""
        data, status = self._card.transmit(apdu)
        self.recorded += len(data).to_bytes(2, "big") + data + status.to_bytes(2, "big")
        return data, status

    def reset(self) -> None:
        """Forward it."""
        self._card.reset()

    def close(self) -> None:
        """Forward it."""
        self._card.close()


class FixedHttps:
    """An `Https` whose server answers every request with status 200 and `body`."""

    def __init__(self, body: bytes) -> None:
        self._answer = HttpAnswer(200, body)

    def post(self, *_: object, **__: object) -> HttpAnswer:
        """The answer, for any request."""
        return self._answer
