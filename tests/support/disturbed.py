"""A card in which a test can disturb single requests."""

from __future__ import annotations

from lpa.card.apdu import Transport
from lpa.errors import WireError


class DisturbedCard:
    """A `Transport` in front of another. It records the tag of every ES10 request that reaches the card.

    `instead` answers the next requests with a tag for the card. `break_off`: the connection breaks off before
    the next requests, and the card stays. What a `Fault` can express happens to the simulated card itself.
    """

    def __init__(self, card: Transport) -> None:
        self._card = card
        self._instead: dict[int, list[str]] = {}
        self._broken: dict[int, int] = {}
        self.requests: list[int] = []
        self.resets = 0

    def break_off(self, tag: int, times: int, *, after: int = 0) -> None:
        """Break off the connection before the next requests with `tag`; 0 is any command but a request.

        `after`: the tag of the request that must be carried out before.
        """
        self._broken[tag] = times
        self._breaks_after = after

    def instead(self, tag: int, *answers: str, carried_out: bool = False) -> None:
        """Answer the next requests with `tag` with `answers`, in hexadecimal with status word."""
        self._instead[tag] = list(answers)
        self._carried_out = carried_out

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Pass a command to the card, or disturb it."""
        tag = int.from_bytes(apdu[5:7], "big") if apdu[1] == 0xE2 else 0
        if self._broken.get(tag) and (not self._breaks_after or self._breaks_after in self.requests):
            self._broken[tag] -= 1
            raise WireError("the connection broke off")
        if tag:
            self.requests.append(tag)
        if self._instead.get(tag):
            if self._carried_out:
                self._card.transmit(apdu)
            answer = bytes.fromhex(self._instead[tag].pop(0))
            return answer[:-2], int.from_bytes(answer[-2:], "big")
        return self._card.transmit(apdu)

    def reset(self) -> None:
        """Reset the card."""
        self.resets += 1
        self._card.reset()

    def close(self) -> None:
        """Close the card."""
        self._card.close()
