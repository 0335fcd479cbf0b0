"""A card as it exists in the field: it refuses some functions, and answers others in its own way."""

from __future__ import annotations

from lpa.card.apdu import Transport
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.records import Notification
from tests.support.passing_card import PassingCard, answer_in

LIST, ALL, BY_NUMBER, ANY = "BF2800", "BF2B00", "BF2B05A003", "BF2B"
REFUSED = "BF2B0381017F 9000"  # a criterion: undefinedError
EMPTY = "BF2B02A000 9000"
_LISTED, _GIVEN, _METADATA, _RESULT_DATA = 0xBF28, 0xBF2B, 0xBF2F, 0xBF27


class FieldCard(PassingCard):
    """A `Transport` that answers some ES10 requests itself, each time they come.

    `answers`: from the beginning of a request, in hexadecimal, to the answer with its status word.
    `requests`: all requests, in hexadecimal. `apdus`: the number of commands.
    """

    def __init__(self, card: Transport, answers: dict[str, str]) -> None:
        super().__init__(card)
        self.answers = answers
        self.requests: list[str] = []
        self.apdus = 0

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Pass a command to the card, or answer it."""
        self.apdus += 1
        if apdu[1] != 0xE2:
            return self._card.transmit(apdu)
        request = apdu[5 : 5 + apdu[4]].hex().upper()
        self.requests.append(request)
        for beginning, answer in self.answers.items():
            if request.startswith(beginning):
                return answer_in(answer)
        return self._card.transmit(apdu)


def holding(*notifications: Notification) -> dict[str, str]:
    """The answers of a card that has these notifications, with numbers below 128, in this order."""
    bodies = (one.raw.child(_RESULT_DATA) or one.raw for one in notifications)
    metadata = b"".join(bytes(body.child(_METADATA) or b"") for body in bodies)
    given = {
        f"{BY_NUMBER}8001{one.metadata.sequence_number:02X}": _answer(_GIVEN, bytes(one.raw))
        for one in notifications
    }
    every = _answer(_GIVEN, b"".join(bytes(one.raw) for one in notifications))
    return {LIST: _answer(_LISTED, metadata), ALL: every, **given}


def _answer(tag: int, items: bytes) -> str:
    return Tlv.build(tag, Tlv.build(0xA0, items)).hex() + "9000"
