"""A list from a card's answer, in which an unreadable item does not hide the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lpa.errors import BadAnswer
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.limits import LIST_ITEMS

T_co = TypeVar("T_co", covariant=True)


class Listing(tuple[T_co, ...]):
    """The readable items, in the card's order; `unreadable` holds the others, as they came.

    If the list is truncated, or longer than `LIST_ITEMS`, the last unreadable item is the rest of it: bytes
    that are not one complete TLV.
    """

    unreadable: tuple[Tlv, ...] = ()

    @classmethod
    def of(cls, read: Callable[[Tlv], T_co], container: Tlv) -> Listing[T_co]:
        """What `read` makes of each child of `container`. Where it raises `BadAnswer`, one is unreadable."""
        items: list[T_co] = []
        unreadable: list[Tlv] = []
        rest = container.value
        while rest:
            if len(items) + len(unreadable) >= LIST_ITEMS:
                unreadable.append(Tlv(rest))
                break
            item, rest = _cut(rest)
            try:
                items.append(read(item))
            except BadAnswer:
                unreadable.append(item)
        listing = Listing(items)
        listing.unreadable = tuple(unreadable)
        return listing


def _cut(data: bytes) -> tuple[Tlv, bytes]:
    try:
        return Tlv.cut(data)
    except BadAnswer:
        return Tlv(data), b""
