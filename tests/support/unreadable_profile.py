"""A card that lists one of its profiles in a form that cannot be read."""

from __future__ import annotations

from lpa.card.apdu import Transport
from lpa.rsp.names import Iccid
from tests.support.disturbed import DisturbedCard

_NEXT = (b"\x4f", b"\x9f\x70")  # AID or state come after the ICCID in a list of profiles, and nowhere else


class UnreadableProfileCard(DisturbedCard):
    """A `DisturbedCard` that gives the ICCID of the profile `hidden` with an unknown tag."""

    def __init__(self, card: Transport, hidden: str) -> None:
        super().__init__(card)
        self._number = b"\x0a" + Iccid.parse(hidden).coded

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Pass a command to the card, and hide the profile in the answer."""
        answer, status = super().transmit(apdu)
        for tag in _NEXT:
            answer = answer.replace(b"\x5a" + self._number + tag, b"\x5b" + self._number + tag)
        return answer, status
