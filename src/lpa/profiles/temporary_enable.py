"""Enable a profile temporarily: a card shows the files of the enabled profile only, and a backup needs them.

Law: the card is changed only if the previous profile can be restored, as far as the operators' rules and the
card's list show; and it is restored whatever happens meanwhile. The journal knows of it from before the first
switch until after the last, so a process that is killed in between leaves the restoration to the next one: a
person who agreed to enable a profile temporarily agreed to the end of that too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from lpa import stop
from lpa.advice import joined
from lpa.advice.profiles import DISABLE_RESTORES, ENABLE_RESTORES, RESUME_RESTORES, WAIT_FOR_RESTORATION
from lpa.errors import BadAnswer, CardBusy, LpaError, OutcomeUnknown, Refused, StorageFailed, WireError
from lpa.journal import Operation
from lpa.notifications.card_context import CardContext
from lpa.notifications.outbox import Outbox
from lpa.profiles import blockers, selection, switching
from lpa.profiles.selection import Selector
from lpa.profiles.snapshot import named
from lpa.profiles.switch_on_card import CHANGED_AT_RESET
from lpa.profiles.switching import Outcome
from lpa.rsp import steps
from lpa.rsp.deliver import most_reluctant
from lpa.rsp.facts import Fact, fact
from lpa.rsp.listing import Listing
from lpa.rsp.names import Iccid
from lpa.rsp.records import CHANGE_TAGS, Profile

OPERATION = "temporary-enable"


@fact
class Restoration(Fact):
    """How a temporary enable was ended after its process had died: which profile is enabled, in a `summary`.

    `outcome`: what was done to restore the previous profile; None if nothing was. `problem`: why the card
    refused that.
    """

    summary: str
    outcome: Outcome | None = None
    problem: LpaError | None = None


@contextlib.contextmanager
def temporarily_enabled(card: CardContext, outbox: Outbox, name: Iccid | Selector) -> Iterator[list[Outcome]]:
    """Enable a profile while the `with` block runs; then restore the previous one, or disable it again.

    Gives a list of what was done, to which the restoration adds its own at the end. Servers are notified of
    each switch. Raises `Refused` before anything is done if an operator's rule forbids the restoration or the
    card does not say what is enabled, and as `switching.enable` does.
    """
    before, target = selection.read(card.euicc, name, "EnableProfile")
    if target.enabled:
        yield [Outcome(target)]
        return
    forbidden = blockers.blocked_by_ppr(target, "ppr1", "EnableProfile")
    for blocker in (*forbidden, *blockers.unreadable(before.unreadable)):
        raise blocker.refused
    with card.journal.temporary_enable_lock(card.eid) as held:
        if not held:
            raise CardBusy(
                "Another process has enabled a profile of this card temporarily.",
                advice=WAIT_FOR_RESTORATION,
                reason="temporarilyEnabled",
            )
        operation = card.journal.begin(
            card.eid, OPERATION, tuple(before), target=target.iccid, deliver=card.deliver
        )
        with steps.must_complete():
            outcomes = [_enable(card, outbox, operation, target)]
        try:
            steps.raise_failure()
            yield outcomes
        finally:
            with steps.must_complete(), stop.ending():
                outcomes.append(_restore_previous(card, outbox, operation, target))


def restore(card: CardContext, outbox: Outbox, operation: Operation) -> Restoration:
    """Restore what was enabled before a temporary enable whose process died.

    Only if the card is as that process left it: a switch that another program, or the card by itself, made
    since stays. Raises what leaves the operation open: `WireError`, `OutcomeUnknown` and `StorageFailed`.
    """
    card = replace(card, deliver=most_reluctant(card.deliver, operation.deliver))
    profiles = card.euicc.profiles(CHANGE_TAGS)
    previous, now = _enabled(operation.before), _enabled(profiles)
    target = _target(operation)
    _refuse_if_unreadable(target, previous, profiles)
    numbers = [profile.iccid for profile in now]
    if numbers == [profile.iccid for profile in previous]:
        operation.complete("everything is as before")
        return Restoration(f"{_named(now)} enabled, as before.")
    if numbers != [target.iccid]:
        operation.complete("another program, or the card itself, has switched since")
        return Restoration(
            f"{_named(now)} enabled: another program, or the card itself, has switched since. That is kept."
        )
    if not _among(profiles, previous):
        operation.complete("the previous profile is not on the card")
        return Restoration(f"{_named(now)} still enabled; {_named(previous)} no longer on the card.")
    try:
        outcome = _restore_previous(card, outbox, operation, target)
    except (BadAnswer, Refused) as problem:
        still = f"{_named(now)} still enabled; " if problem.reason != CHANGED_AT_RESET else ""
        return Restoration(f"{still}{_named(previous, 'was')} enabled before.", problem=problem)
    return Restoration(f"{_named(previous)} enabled again.", outcome)


def _refuse_if_unreadable(target: Profile, previous: Sequence[Profile], profiles: Listing[Profile]) -> None:
    """Raise `OutcomeUnknown` if the profile that is enabled, or was, may be an item that cannot be read."""
    if profiles.unreadable and not (_enabled(profiles) and _among(profiles, previous)):
        raise OutcomeUnknown(
            f"{target.title} was enabled temporarily, and the card lists a profile that cannot be read: "
            "which profile is enabled now is unknown."
        )


def _among(profiles: Sequence[Profile], some: Sequence[Profile]) -> bool:
    return {profile.iccid for profile in some} <= {profile.iccid for profile in profiles}


def _enable(card: CardContext, outbox: Outbox, operation: Operation, target: Profile) -> Outcome:
    try:
        return switching.enable(card, outbox, target.iccid)
    except (Refused, WireError) as error:  # The card was not changed.
        with contextlib.suppress(StorageFailed):
            operation.complete(error.message)
        raise
    except stop.StopRequested as stopped:
        if not stopped.described:  # The card was not changed.
            with contextlib.suppress(StorageFailed):
                operation.complete(stopped.message)
        raise
    except BadAnswer as error:
        if error.reason == CHANGED_AT_RESET:
            _restore_after_own_choice(card, outbox, operation, error)
        raise


def _restore_after_own_choice(
    card: CardContext, outbox: Outbox, operation: Operation, error: BadAnswer
) -> None:
    """Restore what was enabled before, after the card has enabled a profile by itself instead of the target.

    Adds to `error` what came of that. Raises no `LpaError`.
    """
    for previous in _enabled(operation.before)[:1]:
        try:
            if switching.enable(card, outbox, previous.iccid).changes:
                error.add(f"{named(previous)} is enabled again.")
        except LpaError as problem:
            error.add(f"{named(previous)} was enabled before, and could not be enabled again.")
            error.add(problem.message)
            error.advice = joined(ENABLE_RESTORES.filled(restored=previous.iccid), error.advice)
    with contextlib.suppress(StorageFailed):
        operation.complete(error.message)


def _restore_previous(card: CardContext, outbox: Outbox, operation: Operation, target: Profile) -> Outcome:
    """Restore, and complete; after a refusal of the card too, for then a person decides what to do."""
    previous = _enabled(operation.before)
    try:
        outcome = _switch_back(card, outbox, previous, target)
    except (BadAnswer, Refused) as error:
        restores = (
            ENABLE_RESTORES.filled(restored=previous[0].iccid)
            if previous
            else DISABLE_RESTORES.filled(restored=target.iccid)
        )
        if error.reason != CHANGED_AT_RESET:  # Then it says itself what is enabled.
            error.add(f"{target.title}, which was enabled temporarily, is still enabled.")
        error.advice = joined(restores, error.advice)
        with contextlib.suppress(StorageFailed):
            operation.complete(error.message)
        raise
    except LpaError as error:
        error.add(f"{target.title} was enabled temporarily, and may still be enabled.")
        error.advice = joined(RESUME_RESTORES, error.advice)
        raise
    with contextlib.suppress(StorageFailed):  # Recovery finds everything as before, and completes it then.
        operation.complete()
    return outcome


def _switch_back(card: CardContext, outbox: Outbox, previous: Sequence[Profile], target: Profile) -> Outcome:
    if previous:
        return switching.enable(card, outbox, previous[0].iccid)
    return switching.disable(card, outbox, target.iccid)


def _enabled(profiles: Sequence[Profile]) -> list[Profile]:
    return [profile for profile in profiles if profile.enabled]


def _target(operation: Operation) -> Profile:
    """The profile that was enabled temporarily, as it was before."""
    return next(profile for profile in operation.before if profile.iccid == operation.target)


def _named(profiles: Sequence[Profile], verb: str = "is") -> str:
    """The subject and the verb of a sentence about what is enabled."""
    return f"{profiles[0].title} ({profiles[0].iccid}) {verb}" if profiles else f"No profile {verb}"
