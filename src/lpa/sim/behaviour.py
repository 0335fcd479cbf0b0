"""How one simulated card differs from a strict and well-behaved one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from lpa.rsp.names import Aid
from lpa.sim import plain

STANDARD_ISDR = "A0000005591010FFFFFFFF8900000100"
_EVERY_WAY = (("iccid", True), ("iccid", False), ("isdpAid", True), ("isdpAid", False))


@dataclass(frozen=True)
class Behaviour:
    """A card's character. The defaults are a strict, well-behaved, removable T=0 card."""

    protocol: Literal["T=0", "T=1"] = "T=0"
    channels: int = 3
    """Logical channels beside the basic one, 0 to 19. With 0 it refuses MANAGE CHANNEL (6881)."""
    block_size: int = 255
    """The longest STORE DATA block in bytes; a longer one is refused (6700)."""
    announces_terminal_capability: bool = False
    """Announce TERMINAL CAPABILITY in the MF, and refuse ES10 (6982) until it came in this card session."""
    isdr_aid: str = STANDARD_ISDR
    not_an_euicc: bool = False
    """A plain SIM: it has no ISD-R (6A82)."""
    notification_capacity: int = 64
    """When so many notifications wait, the oldest gives way to the next."""
    first_sequence_number: int = 1
    cat_busy: bool = False
    """A proactive session is open when the card is handed over: switching is refused until a reset."""
    accepted: tuple[tuple[str, bool], ...] = _EVERY_WAY
    """The (kind of identifier, refreshFlag) it takes to enable and disable. Eastcompeace cards take few."""
    answers_9x: bool = True
    """A switch that waits for a REFRESH ends with 91xx; without, with 9000."""

    def __post_init__(self) -> None:
        if not 0 <= self.channels <= 19:
            raise ValueError(f"a card has 0 to 19 further channels, not {self.channels}")
        if not 1 <= self.block_size <= 255:
            raise ValueError(f"a block has 1 to 255 bytes, not {self.block_size}")
        if self.notification_capacity < 1:
            raise ValueError("a card keeps at least one notification")
        if not set(self.accepted) <= set(_EVERY_WAY):
            raise ValueError(f"a profile is switched by some of {_EVERY_WAY}, not by {self.accepted}")
        if self.first_sequence_number < 0:
            raise ValueError("a sequence number is not negative")
        Aid.parse(self.isdr_aid)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The way back from `to_json`. Raises KeyError, TypeError or ValueError if it does not fit."""
        accepted = tuple((kind, refresh) for kind, refresh in value["accepted"])
        return plain.restored(cls, value | {"accepted": accepted})

    def to_json(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return asdict(self)
