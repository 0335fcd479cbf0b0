"""A card in which a test can disturb single requests."""

from __future__ import annotations

from lpa.card.apdu import Transport
from lpa.errors import CardRemoved, WireError


class DisturbedCard:
    """A `Transport` in front of another. It records the tag of every ES10 request that reaches the card.

    A disturbance is for the next request with a tag: `lose` carries it out and removes the card before the
    answer, `drop` removes it before the request, `instead` answers for the card. `put_back` inserts it again.
    `break_off` is for several: the connection breaks off before the request, and the card stays.
    """

    def __init__(self, card: Transport) -> None:
        self._card = card
        self._lost: set[int] = set()
        self._dropped: set[int] = set()
        self._instead: dict[int, list[str]] = {}
        self._broken: dict[int, int] = {}
        self.pulled = False
        self.requests: list[int] = []
        self.resets = 0

    def lose(self, tag: int) -> None:
        """Remove the card after it carried out the next request with `tag`, before it can answer."""
        self._lost.add(tag)

    def drop(self, tag: int) -> None:
        """Remove the card just before the next request with `tag`."""
        self._dropped.add(tag)

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

    def put_back(self) -> None:
        """Insert the card again; `reset` then reaches it."""
        self.pulled = False

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Pass a command to the card, or disturb it."""
        if self.pulled:
            raise CardRemoved("the card was pulled")
        tag = int.from_bytes(apdu[5:7], "big") if apdu[1] == 0xE2 else 0
        if self._broken.get(tag) and (not self._breaks_after or self._breaks_after in self.requests):
            self._broken[tag] -= 1
            raise WireError("the connection broke off")
        if tag in self._dropped:
            self._dropped.remove(tag)
            self._pull()
        if tag:
            self.requests.append(tag)
        if self._instead.get(tag):
            if self._carried_out:
                self._card.transmit(apdu)
            answer = bytes.fromhex(self._instead[tag].pop(0))
            return answer[:-2], int.from_bytes(answer[-2:], "big")
        answered = self._card.transmit(apdu)
        if tag in self._lost:
            self._lost.remove(tag)
            self._pull()
        return answered

    def reset(self) -> None:
        """Reset the card, if it is in the reader."""
        if self.pulled:
            raise CardRemoved("the card was pulled")
        self.resets += 1
        self._card.reset()

    def close(self) -> None:
        """Close the card."""
        self._card.close()

    def _pull(self) -> None:
        self.pulled = True
        self._card.reset()
        raise CardRemoved("the card was pulled")
