"""Delete a profile, as planned and confirmed.

1. Check that a proof can be kept on this computer (`CardContext.operation`).
2. If the plan says so, disable the profile, and keep the notification that the card signs about that.
3. Have the card delete the profile.
4. Read the card, whatever it answered: what it lists now, and what it signed, is what has happened
   (`postcheck`).
5. Keep the notification that the card signed, send it to the operator's server, and remove it from the card
   once the server acknowledged it (`notifications.outbox`).

After step 3 there is no way back. Nothing in step 5 can fail in a way that loses the proof. A command whose
answer was lost is never repeated: the card is reset and read instead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from lpa.advice.defaults import TRY_AGAIN
from lpa.advice.profiles import REINSERT_BEFORE_RETRY, RESUME_THEN_DELETE
from lpa.card.es10 import Euicc
from lpa.deletion import postcheck
from lpa.deletion.plan import Plan, protection_of, refuse_other_card
from lpa.errors import BadAnswer, EuiccRefused, LpaError, OutcomeUnknown, Refused, StorageFailed, WireError
from lpa.journal import DELETING, DISABLED, DISABLING, Operation
from lpa.notifications.card_context import CardContext
from lpa.notifications.changes import ProfileChange
from lpa.notifications.delivery import Delivery
from lpa.notifications.outbox import Outbox
from lpa.profiles import remotely_managed, snapshot
from lpa.profiles.switch_on_card import aids_of, disable_on_card, reset_and_read, though_listed
from lpa.profiles.switching import Outcome, changes_since, require_kept
from lpa.rsp.arguments import expect
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Iccid
from lpa.rsp.records import CHANGE_TAGS, NotificationEvent, Profile

# Refusals of cards that know their profiles by AID only.
_ASK_BY_AID = ("iccidOrAidNotFound", "undefinedError", "commandError")


def delete(card: CardContext, outbox: Outbox, plan: Plan, reason: str = "") -> Outcome:
    """Carry out a plan: delete the profile for ever, and notify its servers.

    `reason`: the person's own words, for the journal, which also notes the free memory before and after if
    the plan was reviewed. Raises `Refused` if the plan has a blocker or is for another card, `StorageFailed`
    before anything is done, `EuiccRefused` if the card refuses, `WireError` if the card shows that nothing
    was done, `BadAnswer` if it reports success and does not show it, and `OutcomeUnknown` if it can no longer
    be asked.
    """
    expect("reason", reason, str)
    euicc, profile = card.euicc, plan.profile
    refuse_other_card(euicc, plan)
    for blocker in (*plan.blockers, *protection_of(card, plan)):
        raise blocker.refused
    with card.operation(
        "delete",
        (profile, *plan.others),
        target=profile.iccid,
        reason=reason,
        memory_before=plan.free_memory,
    ) as operation:
        disabled = _disable_first(card, outbox, operation, plan) if plan.disable_first else ()
        try:
            operation.set_state(DELETING)
            _delete_on_card(euicc, profile)
            problem = _check_deleted(card, outbox, operation, plan, disabled)
        except LpaError as error:
            if disabled:
                error.add("The profile was disabled first, and was not enabled again.")
                _complete_unless_unknown(outbox, operation, disabled, error)
            raise
        changes = (*disabled, ProfileChange(NotificationEvent.DELETE, profile))
        deliveries = outbox.complete(operation, changes)
    problem = problem or _check_same_card(euicc, plan, deliveries)
    return Outcome(profile, changes, deliveries, problem, operation.memory_after)


def _disable_first(
    card: CardContext, outbox: Outbox, operation: Operation, plan: Plan
) -> tuple[ProfileChange, ...]:
    """Disable the profile, and keep what the card signed about that before anything else is done."""
    operation.set_state(DISABLING)
    switched = disable_on_card(card.euicc, operation.before, plan.profile)
    if switched.problem:
        switched.problem.add("The profile was not deleted.")
    after = require_kept(outbox, operation, switched, plan.unreadable)
    changes = tuple(changes_since(operation, after, plan.unreadable))
    try:
        operation.set_state(DISABLED)
        outbox.collect(operation, changes, switched.on_card)
    except LpaError as error:
        raise StorageFailed(
            f"{plan.profile.title} was disabled but not deleted: its notifications could not be kept. "
            f"{error.message}",
            advice=RESUME_THEN_DELETE,
            reason="disabledOnly",
        ) from error
    return changes


def _delete_on_card(euicc: Euicc, profile: Profile) -> None:
    """Have the card delete it. A refusal counts only if the card still lists the profile."""
    try:
        _delete_by_name(euicc, profile)
    except EuiccRefused as refused:
        if _is_still_listed(euicc, profile):
            remotely_managed.explain(euicc, refused)
            raise though_listed(refused) from None


def _delete_by_name(euicc: Euicc, profile: Profile) -> None:
    """Have the card delete it by ICCID, and by AID if the card says that it does not know that one."""
    for identifier in _identifiers(euicc, profile):
        try:
            return euicc.delete_profile(identifier)
        except OutcomeUnknown as unknown:
            after = reset_and_read(euicc, unknown)
            if any(left.iccid == profile.iccid for left in after):
                raise WireError(
                    f"{unknown.message} The card was read again: it still has the profile.",
                    advice=TRY_AGAIN,
                    reason="notDone",
                ) from unknown
            return None  # It may still be an unreadable item: `_check_deleted` finds that out.
        except EuiccRefused as error:
            if error.reason not in _ASK_BY_AID:
                raise
            refused = error
    raise refused


def _identifiers(euicc: Euicc, profile: Profile) -> Iterator[Iccid | Aid]:
    """The ICCID, then the AID, read only when it is wanted: that shows whether the profile is still there."""
    yield profile.iccid
    yield from aids_of(euicc, profile)


def _is_still_listed(euicc: Euicc, profile: Profile) -> bool:
    """Whether the card lists the profile, or may."""
    try:
        left = euicc.read_again(lambda: euicc.profiles(CHANGE_TAGS, only=profile.iccid))
    except LpaError:
        return True
    return bool(left or left.unreadable)


def _check_deleted(
    card: CardContext, outbox: Outbox, operation: Operation, plan: Plan, disabled: Iterable[ProfileChange]
) -> LpaError | None:
    """Check that the profile is deleted, and return what else is wrong on the card.

    Raises `BadAnswer` if the card still lists the profile, and `OutcomeUnknown` if that cannot be read and
    the card has signed nothing either.
    """
    iccid, deleted = plan.profile.iccid, ProfileChange(NotificationEvent.DELETE, plan.profile)
    try:
        listed = _read_after(card.euicc, plan)
    except OutcomeUnknown as unknown:
        if outbox.has_signed(operation, deleted):
            return unknown
        raise
    if any(profile.iccid == iccid for profile in listed):
        raise BadAnswer(
            f"The card reports that {iccid} is deleted, but still lists it.",
            advice=REINSERT_BEFORE_RETRY,
            reason="stillListed",
        )
    if snapshot.has_new_unreadable(listed, plan.unreadable) and not outbox.has_signed(operation, deleted):
        raise OutcomeUnknown(
            f"The card reports that {iccid} is deleted, but has signed no notification and lists a profile "
            "that cannot be read."
        )
    others = postcheck.expected_others(plan.others, disabled)
    return postcheck.problem(listed, iccid, others, plan.unreadable)


def _read_after(euicc: Euicc, plan: Plan) -> Listing[Profile]:
    """What the card lists now; after a reset, unless the list shows without one that the profile is gone."""
    with contextlib.suppress(LpaError):
        listed = euicc.profiles(CHANGE_TAGS)
        remains = any(profile.iccid == plan.profile.iccid for profile in listed)
        if not remains and not snapshot.has_new_unreadable(listed, plan.unreadable):
            return listed
    return reset_and_read(euicc)


def _check_same_card(euicc: Euicc, plan: Plan, deliveries: Iterable[Delivery]) -> LpaError | None:
    """What is wrong if it is another card now. Checked for a reviewed plan only."""
    if plan.free_memory is None:
        return None
    own = (one for one in deliveries if (one.event, one.iccid) == ("delete", plan.profile.iccid))
    signed = (one.receipt.notification for one in own if one.receipt)
    return postcheck.other_card(euicc, plan.eid, signed)


def _complete_unless_unknown(
    outbox: Outbox, operation: Operation, changes: Iterable[ProfileChange], error: LpaError
) -> None:
    """After a refusal, complete the operation: the servers are notified that the profile is disabled.

    After any other error the outcome is unknown, and the operation stays open.
    """
    if isinstance(error, Refused | WireError):
        outbox.complete(operation, changes)
