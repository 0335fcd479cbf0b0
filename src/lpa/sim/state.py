"""What the simulated card remembers without power, as one value that is replaced as a whole.

So every change is all or nothing: a deleted profile and the notification of its deletion appear together,
in memory and on disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from lpa.rsp.names import Eid
from lpa.sim import plain
from lpa.sim.behaviour import Behaviour
from lpa.sim.notifications import Notary, SimulatedNotification
from lpa.sim.profiles import SimulatedProfile

Event = tuple[str, SimulatedProfile]

FACTORY_DP_ADDRESS = "smdp.example"

_FIRST_ISDP = 0xA0000005591010FFFFFFFF8900001000
_SPARE_MEMORY = 400_000


@dataclass(frozen=True)
class CardState:
    """Everything that survives a power cut. `memory` is the size of the card in bytes."""

    eid: str
    behaviour: Behaviour
    profiles: tuple[SimulatedProfile, ...]
    memory: int
    next_sequence_number: int
    notifications: tuple[SimulatedNotification, ...] = ()
    default_dp_address: str = ""
    remembered: str = ""
    """While a test profile is enabled: the ICCID of the operational one that was enabled before."""
    awaiting_refresh: str | None = None
    """While a REFRESH waits to be executed: the ICCID of the profile to be enabled then, "" for none."""

    @classmethod
    def new(cls, eid: str, behaviour: Behaviour, profiles: Iterable[SimulatedProfile]) -> Self:
        """A card as it leaves its maker. Raises ValueError if the profiles cannot be on one card."""
        installed = tuple(
            profile if profile.aid else replace(profile, aid=f"{_FIRST_ISDP + 0x100 * index:032X}")
            for index, profile in enumerate(profiles)
        )
        if len({profile.coded_iccid for profile in installed}) < len(installed):
            raise ValueError("two profiles have the same ICCID")
        if len({profile.coded_aid for profile in installed}) < len(installed):
            raise ValueError("two profiles have the same ISD-P AID")
        if sum(profile.enabled for profile in installed) > 1:
            raise ValueError("only one profile can be enabled")
        return cls(
            eid=str(Eid.parse(eid)),
            behaviour=behaviour,
            profiles=installed,
            memory=sum(profile.size for profile in installed) + _SPARE_MEMORY,
            next_sequence_number=behaviour.first_sequence_number,
            default_dp_address=FACTORY_DP_ADDRESS,
        )

    @property
    def enabled(self) -> SimulatedProfile | None:
        """The profile in use."""
        return next((profile for profile in self.profiles if profile.enabled), None)

    @property
    def free_memory(self) -> int:
        """How many bytes are left for profiles."""
        return self.memory - sum(profile.size for profile in self.profiles)

    def without(self, *gone: SimulatedProfile) -> Self:
        """The state after these profiles were erased."""
        kept = tuple(profile for profile in self.profiles if profile not in gone)
        remembered = "" if any(profile.iccid == self.remembered for profile in gone) else self.remembered
        return replace(self, profiles=kept, remembered=remembered)

    def notified(self, notary: Notary, events: Iterable[Event]) -> Self:
        """The state with one signed notification for each event and each server that wants to hear of it."""
        number = self.next_sequence_number
        waiting = list(self.notifications)
        for event, profile in events:
            for address in profile.addresses(event):
                waiting.append(notary.sign(number, event, address, profile.iccid))
                number += 1
        kept = tuple(waiting[-self.behaviour.notification_capacity :])
        return replace(self, notifications=kept, next_sequence_number=number)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The way back from `to_json`. Raises KeyError, TypeError or ValueError if it does not fit."""
        changed = {
            "eid": str(Eid.parse(value["eid"])),
            "behaviour": Behaviour.from_json(value["behaviour"]),
            "profiles": tuple(SimulatedProfile.from_json(item) for item in value["profiles"]),
            "memory": int(value["memory"]),
            "next_sequence_number": int(value["next_sequence_number"]),
            "notifications": tuple(SimulatedNotification.from_json(item) for item in value["notifications"]),
        }
        return plain.restored(cls, value | changed)

    def to_json(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return vars(self) | {
            "behaviour": self.behaviour.to_json(),
            "profiles": [profile.to_json() for profile in self.profiles],
            "notifications": [notification.to_json() for notification in self.notifications],
        }
