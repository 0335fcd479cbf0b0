"""What happens to a phone number when its profile is deleted.

First a plan: everything that speaks against it is looked at while nothing has happened, and refused here, not
by the card. Then, with the person's consent:

1. make sure that a proof can be kept on this computer,
2. have the card delete the profile; if its answer is lost, read the card and believe what it shows,
3. keep the notification that the card signed about it, send it to the operator's server, and have the card
   forget it once the server has acknowledged it (`delivery`),
4. read the card again, and say what is true.

There is no way back after step 2, and nothing in step 3 can fail in a way that loses the proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lpa import selection, switching
from lpa.card.es10 import Euicc
from lpa.delivery import Delivery, Happening, Outbox
from lpa.errors import BadAnswer, EuiccRefused, LpaError, OutcomeUnknown, Refused
from lpa.rsp.names import Aid, Eid, Iccid
from lpa.rsp.records import CHANGE_TAGS, Profile

# What cards say that want to be asked by AID.
_ASK_BY_AID = ("iccidOrAidNotFound", "undefinedError", "commandError")


@dataclass(frozen=True)
class Plan:
    """A deletion that the card will accept, as far as can be known before.

    `disable_first`: the profile is in use and will be disabled before. `others`: what stays on the card.
    """

    eid: Eid
    profile: Profile
    others: tuple[Profile, ...]
    disable_first: bool

    @property
    def addresses(self) -> tuple[str, ...]:
        """The servers that will be told. If empty, the operator will never hear of it from the card."""
        return Happening("delete", self.profile).addresses


def plan(euicc: Euicc, name: str | Iccid, *, disable_first: bool = False) -> Plan:
    """Look at everything that could say no. Changes nothing.

    `name`: see `selection.read`. `disable_first`: consent to take a profile that is in use out of use.
    Raises `Refused` with the reason that the card would give.
    """
    profiles, profile = selection.read(euicc, name)
    switching.refuse_if_bound(profile, "ppr2", "DeleteProfile")
    if profile.enabled:
        switching.refuse_if_bound(profile, "ppr1", "DisableProfile")
        if not disable_first:
            raise Refused(
                "DeleteProfile",
                "profileNotInDisabledState",
                f"{profile.title} ({profile.iccid}) is in use; only a disabled profile can be deleted.",
                advice=f"'lpa disable {str(profile.iccid)[-4:]}' first, or delete with --disable-first.",
            )
    others = tuple(other for other in profiles if other != profile)
    return Plan(euicc.eid, profile, others, disable_first=profile.enabled)


def delete(outbox: Outbox, plan: Plan) -> switching.Outcome:
    """Carry out a plan: delete the profile, for ever, and tell the servers.

    Raises `StorageFailed` before anything is done, `EuiccRefused` if the card says no, `WireError` if the
    card shows that nothing was done, and `OutcomeUnknown` if it cannot be asked any more.
    """
    euicc, profile = outbox.euicc, plan.profile
    if euicc.eid != plan.eid:
        raise Refused("DeleteProfile", "otherCard", "This is not the card that the plan was made for.")
    outbox.prepare()
    before: tuple[Delivery, ...] = ()
    happenings: tuple[Happening, ...] = ()
    if plan.disable_first:
        disabled = switching.disable(outbox, profile.iccid)
        before, happenings = disabled.deliveries, disabled.happenings
    _delete(euicc, profile)
    happening = Happening("delete", profile)
    deliveries = outbox.settle([happening])
    return switching.Outcome(
        profile, (*happenings, happening), (*before, *deliveries), _still_there(euicc, profile)
    )


def _delete(euicc: Euicc, profile: Profile) -> None:
    """Have the card delete it: by ICCID, and by AID if the card says that it does not know that one."""
    for identifier in _identifiers(euicc, profile):
        try:
            return euicc.delete_profile(identifier)
        except OutcomeUnknown as unknown:
            after = switching.look_again(euicc, unknown)
            if any(left.iccid == profile.iccid for left in after):
                raise switching.nothing_happened(unknown) from unknown
            if after.unreadable:  # It may be the one that cannot be read.
                raise
            return None
        except EuiccRefused as error:
            if error.reason not in _ASK_BY_AID:
                raise
            refused = error
    raise refused


def _identifiers(euicc: Euicc, profile: Profile) -> Iterator[Iccid | Aid]:
    """The AID is read only when it is wanted, which also shows whether the profile is still there."""
    yield profile.iccid
    yield from switching.aids_of(euicc, profile)


def _still_there(euicc: Euicc, profile: Profile) -> LpaError | None:
    """What a last look at the card finds wrong, None if the profile is gone."""
    try:
        left = euicc.profiles(CHANGE_TAGS, only=profile.iccid)
    except LpaError as error:
        return error
    if left or left.unreadable:
        return BadAnswer(f"The card says that {profile.iccid} is deleted, and still lists it.")
    return None
