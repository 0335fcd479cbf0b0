"""Delete a profile: first a plan of it, then the deletion, its proof and a last look.

The plan looks at everything that speaks against it while nothing has happened. Then, with the person's
consent:

1. make sure that a proof can be kept on this computer,
2. have the card delete the profile,
3. read the card again, whatever it answered: what it lists then, and what it signed, is what happened
   (`aftermath`),
4. keep the notification that the card signed about it, send it to the operator's server, and have the card
   forget it once the server has acknowledged it (`delivery`).

There is no way back after step 2, and nothing in step 4 can fail in a way that loses the proof.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lpa.card.es10 import Euicc
from lpa.deletion import findings, postcheck
from lpa.deletion.findings import Finding
from lpa.errors import BadAnswer, EuiccRefused, LpaError, OutcomeUnknown, Refused, StorageFailed, WireError
from lpa.journal import DELETING, DISABLED, DISABLING, Operation
from lpa.notifications.outbox import Delivery, Happening, Outbox
from lpa.profiles import selection, snapshot, switching, temporary_enable
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Eid, Iccid
from lpa.rsp.records import CHANGE_TAGS, NotificationMetadata, Profile

# What cards say that want to be asked by AID.
_ASK_BY_AID = ("iccidOrAidNotFound", "undefinedError", "commandError")


@dataclass(frozen=True)
class Plan:
    """A deletion, and what speaks against it or should be known before.

    `disable_first`: the profile is in use and will be disabled before. `others`: what stays on the card.
    `findings`: stops, warnings and notes; `review` adds those that take a closer look, and `free_memory`, the
    bytes that were free on the card then. `unreadable`: what the card lists beside, and nobody can read.
    `reader`: what holds the card, for people; empty if it has no name.
    """

    eid: Eid
    profile: Profile
    others: tuple[Profile, ...]
    disable_first: bool
    findings: tuple[Finding, ...]
    free_memory: int | None = None
    unreadable: tuple[bytes, ...] = ()
    reader: str = ""

    @property
    def look(self) -> str:
        """A fingerprint of what the card showed when the plan was made (see `comparison`)."""
        return snapshot.fingerprint(self.eid, (self.profile, *self.others), self.unreadable)

    @property
    def fingerprint(self) -> str:
        """A fingerprint of the whole plan: what the card showed, and what is to be done to which profile."""
        wish = {"iccid": str(self.profile.iccid), "disable_first": self.disable_first}
        return snapshot.digest({"look": self.look} | wish)

    @property
    def deletable(self) -> bool:
        """Whether it can be carried out: nothing makes it impossible. Warnings may want a yes yet."""
        return not self.stops

    @property
    def addresses(self) -> tuple[str, ...]:
        """The servers that will be told."""
        return Happening("delete", self.profile).addresses

    @property
    def untold(self) -> bool:
        """Whether there is an operator who will never hear of it from the card. A test profile has none."""
        return not self.addresses and self.profile.profile_class != "test"

    @property
    def stops(self) -> tuple[Finding, ...]:
        """What makes it impossible."""
        return findings.of_level("stop", self.findings)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What a person should agree to, one by one."""
        return findings.of_level("warning", self.findings)


def plan(euicc: Euicc, name: str | Iccid, *, disable_first: bool = False) -> Plan:
    """Look at everything that the card says of its profiles. Changes nothing.

    `name`: see `selection.read`. `disable_first`: consent to take a profile that is in use out of use.
    Raises `Refused` if there is no such profile.
    """
    profiles, profile = selection.read(euicc, name)
    others = tuple(other for other in profiles if other != profile)
    found = tuple(findings.against(profile, others, disable_first=disable_first))
    return Plan(
        euicc.eid,
        profile,
        others,
        profile.enabled and disable_first,
        found,
        unreadable=profiles.unreadable,
    )


def refuse_if_changed(euicc: Euicc, plan: Plan) -> None:
    """Raise `Refused` with "otherCard", or "cardChanged": it does not show any more what the plan saw."""
    _refuse_other_card(euicc, plan)
    now = euicc.profiles(CHANGE_TAGS)
    if snapshot.fingerprint(euicc.eid, now, now.unreadable) != plan.look:
        differences = [*snapshot.differences((plan.profile, *plan.others), now)]
        differences += snapshot.hidden(plan.unreadable, now.unreadable)
        raise Refused(
            "DeleteProfile",
            "cardChanged",
            " ".join(["The card has changed since the plan was made.", *differences]),
            advice="Make a new plan: 'lpa delete NAME --plan' shows it.",
        )


def _refuse_other_card(euicc: Euicc, plan: Plan) -> None:
    if euicc.eid != plan.eid:
        raise Refused("DeleteProfile", "otherCard", "This is not the card that the plan was made for.")


def review(outbox: Outbox, plan: Plan) -> Plan:
    """The plan with what a closer look finds: protection, what waits for servers, who can be reached.

    Changes nothing. What the card cannot say is left out.
    """
    profile, found = plan.profile, [*_with_unfinished(outbox, plan), *_protection(outbox, plan)]
    found += _pending(outbox, plan)
    free = outbox.free_memory()
    found += findings.memory(free)
    found += (findings.reach(address, outbox.obstacle(address)) for address in plan.addresses)
    found += (findings.backup(profile, plan.others, plan.unreadable), *findings.reminders(profile))
    return replace(plan, findings=tuple(found), free_memory=free)


def _with_unfinished(outbox: Outbox, plan: Plan) -> Iterator[Finding]:
    """What the plan found, and what was begun and not finished; that says more of a profile in use by it."""
    begun = outbox.journal.unfinished(plan.eid)
    moments = [one.target for one in begun if one.function == temporary_enable.OPERATION]
    for finding in plan.findings:
        if finding.name != "profileNotInDisabledState" or plan.profile.iccid not in moments:
            yield finding
    stops = [*findings.for_a_moment((plan.profile, *plan.others), moments)]
    yield from stops
    told = [temporary_enable.OPERATION] if stops else []
    yield from findings.unfinished(one.function for one in begun if one.function not in told)


def _protection(outbox: Outbox, plan: Plan) -> Iterator[Finding]:
    yield from findings.protection([plan.profile] if outbox.journal.protects(plan.profile.iccid) else [])


def _pending(outbox: Outbox, plan: Plan) -> Iterator[Finding]:
    """What servers have yet to hear: what waits on the card, and what is kept here while the card may not."""
    listed: tuple[NotificationMetadata, ...] = ()
    with contextlib.suppress(BadAnswer, EuiccRefused):
        listed = tuple(outbox.euicc.list_notifications())
    kept = outbox.journal.outbox(plan.eid)
    unsent = [entry.notification.metadata for entry in kept if entry.sent is None]
    acknowledged = [entry.notification.metadata for entry in kept if entry.sent is not None]
    yield from findings.pending(plan.profile, plan.others, listed, unsent, acknowledged)


def delete(outbox: Outbox, plan: Plan, reason: str = "") -> switching.Outcome:
    """Carry out a plan: delete the profile, for ever, and tell the servers.

    `reason`: the person's own words, for the journal, which also notes the free memory before and after if
    the plan was reviewed. Raises `Refused` if the plan has a stop or is for another card, `StorageFailed`
    before anything is done, `EuiccRefused` if the card says no, `WireError` if the card shows that nothing
    was done, `BadAnswer` if it says that it is done and shows that it is not, and `OutcomeUnknown` if it can
    no longer be asked.
    """
    euicc, profile = outbox.euicc, plan.profile
    _refuse_other_card(euicc, plan)
    for stop in (*plan.stops, *_protection(outbox, plan)):
        raise stop.refused
    with outbox.operation(
        "delete",
        (profile, *plan.others),
        target=profile.iccid,
        reason=reason,
        memory_before=plan.free_memory,
    ) as operation:
        disabled = _disabled(outbox, operation, plan) if plan.disable_first else ()
        try:
            operation.enter(DELETING)
            _delete(euicc, profile)
            problem = _problem(outbox, operation, plan, disabled)
        except LpaError as error:
            if disabled:
                error.add("It was disabled before, and is out of use now.")
                _settle_unless_open(outbox, operation, disabled, error)
            raise
        happenings = (*disabled, Happening("delete", profile))
        deliveries = outbox.settle(operation, happenings)
    problem = problem or _other_card(euicc, plan, deliveries)
    return switching.Outcome(profile, happenings, deliveries, problem, operation.memory_after)


def _problem(
    outbox: Outbox, operation: Operation, plan: Plan, disabled: Iterable[Happening]
) -> LpaError | None:
    """What a look at the card finds wrong beside the deletion, which is true if this does not raise.

    Raises `BadAnswer` if the card still lists the profile; and `OutcomeUnknown` if it cannot be known whether
    it does, and nothing is signed either.
    """
    gone, deleted = plan.profile.iccid, Happening("delete", plan.profile)
    try:
        left = _look(outbox.euicc, plan)
    except OutcomeUnknown as unknown:
        if outbox.has_signed(operation, deleted):
            return unknown
        raise
    if any(profile.iccid == gone for profile in left):
        raise BadAnswer(
            f"The card says that {gone} is deleted, and still lists it.",
            advice="Take the card out and put it back, and look at 'lpa list' before you try again.",
        )
    if snapshot.may_hide(left, plan.unreadable) and not outbox.has_signed(operation, deleted):
        raise OutcomeUnknown(
            f"The card says that {gone} is deleted, but has signed nothing, and lists what cannot be read."
        )
    others = postcheck.expected(plan.others, disabled)
    return postcheck.problem(left, gone, others, plan.unreadable)


def _look(euicc: Euicc, plan: Plan) -> Listing[Profile]:
    """What the card lists now; after a reset, if it is not clear before that the profile is gone."""
    with contextlib.suppress(LpaError):
        left = euicc.profiles(CHANGE_TAGS)
        listed = any(profile.iccid == plan.profile.iccid for profile in left)
        if not listed and not snapshot.may_hide(left, plan.unreadable):
            return left
    return switching.look_again(euicc)


def _other_card(euicc: Euicc, plan: Plan, deliveries: Iterable[Delivery]) -> LpaError | None:
    """What is wrong if it is another card now. Nobody asks after a plan that took no closer look."""
    if plan.free_memory is None:
        return None
    told = (one for one in deliveries if (one.event, one.iccid) == ("delete", plan.profile.iccid))
    signed = (one.receipt.notification for one in told if one.receipt)
    return postcheck.other_card(euicc, plan.eid, signed)


def _disabled(outbox: Outbox, operation: Operation, plan: Plan) -> tuple[Happening, ...]:
    """Take it out of use, and keep what the card signed about that before anything else is done."""
    operation.enter(DISABLING)
    after = switching.take_out_of_use(outbox.euicc, plan.profile)
    happenings = tuple(switching.differences(operation, after, plan.unreadable))
    try:
        operation.enter(DISABLED)
        outbox.take(operation, happenings)
    except LpaError as error:
        raise StorageFailed(
            f"{plan.profile.title} is out of use now, but was not deleted: what the card says of it was not "
            f"kept. {error.message}",
            advice="Run 'lpa resume', then delete it.",
        ) from error
    return happenings


def _settle_unless_open(
    outbox: Outbox, operation: Operation, happenings: Iterable[Happening], error: LpaError
) -> None:
    """After a no, the profile stays, and its servers hear that it is out of use. Else nobody knows yet."""
    if isinstance(error, Refused | WireError):
        outbox.settle(operation, happenings)


def _delete(euicc: Euicc, profile: Profile) -> None:
    """Have the card delete it. A card that says no is believed only if it still lists the profile."""
    try:
        _ask(euicc, profile)
    except EuiccRefused:
        if _still_there(euicc, profile):
            raise


def _ask(euicc: Euicc, profile: Profile) -> None:
    """Have the card delete it: by ICCID, and by AID if the card says that it does not know that one."""
    for identifier in _identifiers(euicc, profile):
        try:
            return euicc.delete_profile(identifier)
        except OutcomeUnknown as unknown:
            after = switching.look_again(euicc, unknown)
            if any(left.iccid == profile.iccid for left in after):
                raise WireError(
                    f"{unknown.message} The card was read again: it still has the profile.",
                    advice="Try again.",
                ) from unknown
            return None  # It may be one that cannot be read: `_problem` finds that out.
        except EuiccRefused as error:
            if error.reason not in _ASK_BY_AID:
                raise
            refused = error
    raise refused


def _identifiers(euicc: Euicc, profile: Profile) -> Iterator[Iccid | Aid]:
    """The AID is read only when it is wanted, which also shows whether the profile is still there."""
    yield profile.iccid
    yield from switching.aids_of(euicc, profile)


def _still_there(euicc: Euicc, profile: Profile) -> bool:
    """Whether the card lists the profile, or may."""
    try:
        left = euicc.profiles(CHANGE_TAGS, only=profile.iccid)
    except LpaError:
        return True
    return bool(left or left.unreadable)
