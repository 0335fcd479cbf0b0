"""The card readers of this computer, and the cards in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, overload

from lpa.card.apdu import LARGEST_BLOCK
from lpa.card.es10 import ISDR_AIDS

if TYPE_CHECKING:
    from lpa.card.pcsc import Reader
    from lpa.card.probing import Probe
    from lpa.rsp.names import Aid


@overload
def readers(*, probe: Literal[False] = False) -> tuple[Reader, ...]: ...


@overload
def readers(
    *, probe: Literal[True], aids: Sequence[Aid] = ISDR_AIDS, block_size: int = LARGEST_BLOCK
) -> tuple[Probe, ...]: ...


def readers(
    *, probe: bool = False, aids: Sequence[Aid] = ISDR_AIDS, block_size: int = LARGEST_BLOCK
) -> tuple[Reader, ...] | tuple[Probe, ...]:
    """The card readers, in the order of the smart card service; empty if there is none.

    `probe`: open each card, all at once, and read its EID: a `Probe` for each reader, which says what is
    wrong with one. No card is opened without it. `aids`, `block_size`: as for `Assistant.open`. Simulated
    cards without a reader are not listed. Raises `NoService`, and `TimedOut` if the service does not answer.
    """
    from lpa.card import pcsc, probing

    connected = pcsc.readers()
    return tuple(probing.probe_all(connected, aids, block_size)) if probe else connected
