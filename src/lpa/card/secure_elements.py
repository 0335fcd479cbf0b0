"""Cards with two secure elements, each an eUICC of its own with its own EID, profiles and notifications.

A person reaches the second one with `#2` behind the name of the reader. What of PC/SC and the card is shared
stays shared: one program at a time works with the card, whichever secure element it uses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from lpa.advice.cards import LEAVE_OUT_AID
from lpa.errors import NoReader
from lpa.rsp.facts import Fact, fact
from lpa.rsp.names import Aid, Eid

# The ISD-Rs of eSTK.me. The standard AID may answer, too: it is another name for one of them.
ELEMENT_AIDS = (
    Aid.parse("A06573746B6D65FFFF4953442D522030"),
    Aid.parse("A06573746B6D65FFFF4953442D522031"),
)
_ATR_MARK = b"estk.me"  # in the historical bytes of these cards, also of those with one secure element


@fact
class SecureElement(Fact):
    """A secure element of a card: its `number`, 1 or 2, and its EID."""

    number: int
    eid: Eid


@runtime_checkable
class HasAtr(Protocol):
    """A transport that knows the card's answer to reset."""

    @property
    def atr(self) -> bytes:
        """The answer to reset."""


def possible(transport: object, aid: Aid) -> bool:
    """Whether a card may have two secure elements, by what is known of it without another command.

    `aid`: of the ISD-R that answered.
    """
    return aid in ELEMENT_AIDS or (isinstance(transport, HasAtr) and _ATR_MARK in transport.atr)


def split(name: str) -> tuple[str, int | None]:
    """A reader's name without the number of a secure element (`#1`, `#2`) behind it, and the number."""
    found = re.fullmatch(r"(.*)#([12])", name, re.DOTALL)
    return (found[1], int(found[2])) if found else (name, None)


def joined(name: str, number: int | None) -> str:
    """The inverse of `split`."""
    return f"{name}#{number}" if number else name


def aids_of(number: int | None, aids: Sequence[Aid]) -> tuple[Aid, ...]:
    """Those of `aids` under which the secure element may answer; all if none was chosen (None).

    Raises `NoReader` if none of them can be meant.
    """
    if number is None:
        return tuple(aids)
    own = ELEMENT_AIDS[number - 1]
    only_one = [aid for aid in aids if aid not in ELEMENT_AIDS] if number == 1 else []
    chosen = (*(aid for aid in aids if aid == own), *only_one)
    if not chosen:
        raise NoReader(
            f"None of the AIDs of ISD-Rs is that of secure element {number}, which is {own}.",
            advice=LEAVE_OUT_AID.filled(number=number),
            reason="otherElement",
        )
    return chosen
