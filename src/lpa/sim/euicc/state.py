"""The state of the simulated card that survives without power: one immutable value, replaced as a whole.

So every change is atomic: a deletion and its notification take effect together, in memory and on disk.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from lpa.rsp.names import Eid
from lpa.sim import plain_json
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.one_time_keys import MOST_KEPT, OneTimeKey
from lpa.sim.euicc.signed_notifications import EuiccSigner, SimulatedNotification
from lpa.sim.simulated_profile import SimulatedProfile

ProfileEvent = tuple[str, SimulatedProfile]  # such as "enable", and the profile before or after it

FACTORY_DP_ADDRESS = "smdp.example"

_FIRST_ISDP = 0xA0000005591010FFFFFFFF8900001000
SPARE_MEMORY = 400_000


@dataclass(frozen=True)
class CardState:
    """Everything that survives a power cut. `memory`: the size of the card in bytes."""

    eid: str
    behaviour: Behaviour
    profiles: tuple[SimulatedProfile, ...]
    memory: int
    next_sequence_number: int
    notifications: tuple[SimulatedNotification, ...] = ()
    default_dp_address: str = ""
    remembered: str = ""
    """While a test profile is enabled: the ICCID of the operational profile that was enabled before."""
    one_time_keys: tuple[OneTimeKey, ...] = ()
    """The keys of packages that are not loaded yet, the oldest first."""
    awaiting_refresh: str | None = None
    """While a REFRESH is pending: the ICCID of the profile that it enables, "" for none."""

    @classmethod
    def new(
        cls,
        eid: str,
        behaviour: Behaviour,
        profiles: Iterable[SimulatedProfile],
        *,
        free_memory: int = SPARE_MEMORY,
    ) -> Self:
        """A card in its factory state, with `free_memory` bytes for further profiles.

        Raises ValueError if the profiles cannot be on one card.
        """
        installed = tuple(
            profile if profile.aid else _with_aid(profile, _isdp_aid(index))
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
            memory=sum(profile.size for profile in installed) + free_memory,
            next_sequence_number=behaviour.first_sequence_number,
            default_dp_address=FACTORY_DP_ADDRESS,
        )

    @property
    def enabled(self) -> SimulatedProfile | None:
        """The enabled profile."""
        return next((profile for profile in self.profiles if profile.enabled), None)

    @property
    def enabled_iccid(self) -> str:
        """The ICCID of the enabled profile, "" for none."""
        return self.enabled.iccid if self.enabled else ""

    @property
    def free_memory(self) -> int:
        """The free memory for profiles, in bytes."""
        return self.memory - sum(profile.size for profile in self.profiles)

    def without(self, *deleted: SimulatedProfile) -> Self:
        """The state after these profiles are deleted."""
        kept = tuple(profile for profile in self.profiles if profile not in deleted)
        remembered = "" if any(profile.iccid == self.remembered for profile in deleted) else self.remembered
        return replace(self, profiles=kept, remembered=remembered)

    @property
    def free_aid(self) -> str:
        """The AID of the next ISD-P: the lowest that no profile has."""
        taken = {profile.aid for profile in self.profiles}
        return next(aid for aid in (_isdp_aid(index) for index in itertools.count()) if aid not in taken)

    def with_profile(self, profile: SimulatedProfile) -> Self:
        """The state with a further profile."""
        return replace(self, profiles=(*self.profiles, profile))

    def with_key(self, key: OneTimeKey) -> Self:
        """The state with a further one-time key, which may replace the oldest."""
        return replace(self, one_time_keys=(*self.one_time_keys, key)[-MOST_KEPT:])

    def without_key(self, key: OneTimeKey) -> Self:
        """The state after this one-time key is used or discarded."""
        return replace(self, one_time_keys=tuple(kept for kept in self.one_time_keys if kept != key))

    def with_notification(self, notification: SimulatedNotification) -> Self:
        """The state with the notification of the next sequence number, which may replace the oldest."""
        kept = (*self.notifications, notification)[-self.behaviour.notification_capacity :]
        number = self.next_sequence_number + self.behaviour.sequence_step
        return replace(self, notifications=kept, next_sequence_number=number)

    def with_room_for(self, notifications: int) -> Self:
        """The state without its oldest notifications, if there are more than so many (and more than one)."""
        return replace(self, notifications=self.notifications[-max(notifications, 1) :])

    def notified(self, signer: EuiccSigner, events: Iterable[ProfileEvent]) -> Self:
        """The state with a signed notification for each event and each of its servers."""
        state = self
        for event, profile in events:
            for address in profile.addresses(event):
                number = state.next_sequence_number
                signed = signer.sign(number, event, address, profile.iccid, profile.issuer)
                state = state.with_notification(signed)
        return state

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError if it does not fit."""
        changed = {
            "eid": str(Eid.parse(value["eid"])),
            "behaviour": Behaviour.from_json(value["behaviour"]),
            "profiles": tuple(SimulatedProfile.from_json(item) for item in value["profiles"]),
            "memory": int(value["memory"]),
            "next_sequence_number": int(value["next_sequence_number"]),
            "one_time_keys": tuple(OneTimeKey.from_json(item) for item in value["one_time_keys"]),
            "notifications": tuple(SimulatedNotification.from_json(item) for item in value["notifications"]),
        }
        return plain_json.restored(cls, value | changed)

    def to_json(self) -> dict[str, Any]:
        """The state as JSON values."""
        return vars(self) | {
            "behaviour": self.behaviour.to_json(),
            "profiles": [profile.to_json() for profile in self.profiles],
            "one_time_keys": [key.to_json() for key in self.one_time_keys],
            "notifications": [notification.to_json() for notification in self.notifications],
        }


@functools.lru_cache(maxsize=64)
def _with_aid(profile: SimulatedProfile, aid: str) -> SimulatedProfile:
    """The same with an AID: one object for all cards that have this profile in this place."""
    return replace(profile, aid=aid)


def _isdp_aid(index: int) -> str:
    return f"{_FIRST_ISDP + 0x100 * index:032X}"
