"""Enable and disable profiles, and reset the card, which deletes many at once.

Each is an operation in the journal. How the card is asked, and what it lists afterwards, is in
`switch_on_card`; here the differences become changes, whose notifications are kept and delivered.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator
from functools import partial

from lpa.advice.profiles import LIST_PROTECTED
from lpa.errors import LpaError, Refused
from lpa.journal import DELETING, DISABLING, ENABLING, Journal, Operation
from lpa.notifications.card_context import CardContext
from lpa.notifications.changes import ProfileChange
from lpa.notifications.delivery import Delivery, raise_for_pending
from lpa.notifications.on_card import OnCard
from lpa.notifications.outbox import Outbox
from lpa.profiles import blockers, selection, snapshot
from lpa.profiles.selection import Selector
from lpa.profiles.switch_on_card import Switched, attempt_until, disable_on_card, enable_on_card
from lpa.rsp.facts import Fact, fact
from lpa.rsp.listing import Listing
from lpa.rsp.names import Iccid
from lpa.rsp.records import CHANGE_TAGS, NotificationEvent, NotificationMetadata, Profile

_DEFAULT_SERVER = "resetDefaultSmdpAddress"  # the option of a reset that deletes no profile
# The class of profiles that an option of a reset deletes.
_RESETS = {"deleteOperationalProfiles": "operational", "deleteFieldLoadedTestProfiles": "test"}
# The changes that an operation may make to profiles.
_EVENTS = {
    "enable": ("enable", "disable"),
    "disable": ("disable",),
    "delete": ("disable", "delete"),
    "reset": ("delete",),
}


@fact
class Outcome(Fact):
    """What was done to the card, and the notifications of it.

    `profile`: the one that was to be changed, as it was before; None for a reset. `changes`: empty if nothing
    had to be done. `problem`: what was found wrong when the card was read at the end; None if nothing was.
    `free_memory`: the bytes that are free on the card now, None if they were not read. `enabled`: the
    profiles that are enabled now, None if they were not read, or one of the profiles cannot be read.
    """

    profile: Profile | None = None
    changes: tuple[ProfileChange, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    problem: LpaError | None = None
    free_memory: int | None = None
    enabled: tuple[Profile, ...] | None = None

    def raise_for_pending(self) -> None:
        """Raise what keeps the first unacknowledged notification pending, with this as its `outcome`.

        Returns if the servers acknowledged all, or there is none. After `deliver` "later" or "never" it
        raises `Postponed`.
        """
        raise_for_pending(self.deliveries, self)

    @property
    def unacknowledged(self) -> tuple[Delivery, ...]:
        """The notifications that no server has acknowledged yet."""
        return tuple(delivery for delivery in self.deliveries if not delivery.acknowledged)


def enable(
    card: CardContext, outbox: Outbox, name: Iccid | Selector, *, refresh: bool | None = None
) -> Outcome:
    """Enable a profile, and notify its servers and those of the profile that it replaces.

    Raises `Refused` before the card is asked if that is not possible, `EuiccRefused` if the card refuses,
    `WireError` if the card shows that it was not changed, `BadAnswer` if it reports success and does not show
    the change, and `OutcomeUnknown` if it can no longer be read. A `BadAnswer` with "changedAtReset" says
    which profile the card enabled by itself; the notifications of that are kept and delivered. `refresh`: see
    `switch_on_card.enable_on_card`.
    """
    euicc = card.euicc
    before, target = selection.read(euicc, name, "EnableProfile")
    if target.enabled:
        return Outcome(target)
    for profile in before:
        # PPR1 of the enabled profile binds only an operational one, no test or provisioning profile.
        if profile.enabled and target.profile_class == "operational":
            for blocker in blockers.blocked_by_ppr(profile, "ppr1", "EnableProfile"):
                raise blocker.refused
    with card.operation("enable", before, target=target.iccid) as operation:
        operation.set_state(ENABLING)
        switched = enable_on_card(euicc, before, target, refresh=refresh)
        after = require_kept(outbox, operation, switched, before.unreadable)
        changes = changes_since(operation, after, before.unreadable)
        return _completed(outbox, operation, target, after, changes, on_card=switched.on_card)


def disable(
    card: CardContext, outbox: Outbox, name: Iccid | Selector, *, refresh: bool | None = None
) -> Outcome:
    """Disable the enabled profile, and notify its servers. `refresh`, and what is raised: as `enable`."""
    euicc = card.euicc
    before, target = selection.read(euicc, name, "DisableProfile")
    if not target.enabled:
        return Outcome(target)
    for blocker in blockers.blocked_by_ppr(target, "ppr1", "DisableProfile"):
        raise blocker.refused
    with card.operation("disable", before, target=target.iccid) as operation:
        operation.set_state(DISABLING)
        switched = disable_on_card(euicc, before, target, refresh=refresh)
        after = require_kept(outbox, operation, switched, before.unreadable)
        changes = changes_since(operation, after, before.unreadable)
        return _completed(outbox, operation, target, after, changes, on_card=switched.on_card)


def reset(card: CardContext, outbox: Outbox, options: Collection[str]) -> Outcome:
    """Delete many profiles at once, by the `options` of `Euicc.memory_reset`, and notify their servers.

    Raises ValueError for an unknown option, `Refused` before the card is asked if one of the profiles is
    protected on this computer, or may be; then as `enable` does.
    """
    unknown = set(options) - {*_RESETS, _DEFAULT_SERVER}
    if unknown:
        raise ValueError(f"{', '.join(map(repr, sorted(unknown)))} is no option of a reset")
    euicc = card.euicc
    before = euicc.profiles(CHANGE_TAGS)
    refuse_protected(card.journal, before, options)
    listed = OnCard(euicc).listed() if possibly_affected(before, options) else ()
    attempt = partial(euicc.memory_reset, options)
    with card.operation("reset", before) as operation:
        operation.set_state(DELETING)
        if set(options) == {_DEFAULT_SERVER}:
            attempt()
            after = before
        else:
            after = attempt_until(euicc, (attempt, attempt), lambda after: _count(after) < _count(before))
        changes = [*changes_since(operation, after, before.unreadable)]
        if possibly_affected(before, options):
            changes += _unreadable_deleted(outbox, before, listed)
        return _completed(outbox, operation, None, after, changes)


def affected_by_reset(profiles: Iterable[Profile], options: Collection[str]) -> tuple[Profile, ...]:
    """The profiles that a reset with these options may delete: the card keeps test profiles it came with."""
    classes = {_RESETS[option] for option in options if option in _RESETS}
    return tuple(profile for profile in profiles if profile.profile_class in classes)


def possibly_affected(profiles: Listing[Profile], options: Collection[str]) -> tuple[bytes, ...]:
    """The unreadable items that a reset with these options may delete: their class is not known."""
    return profiles.unreadable if _RESETS.keys() & options else ()


def refuse_protected(journal: Journal, profiles: Listing[Profile], options: Collection[str]) -> None:
    """Raise `Refused` with "protected" if a reset with these options deletes a protected profile, or may."""
    protected = journal.protected()
    affected = (profile for profile in affected_by_reset(profiles, options) if profile.iccid in protected)
    for blocker in blockers.protection(affected, "EuiccMemoryReset"):
        raise blocker.refused
    readable = [profile.iccid for profile in profiles]
    unlisted = [iccid for iccid in protected if iccid not in readable]
    if unlisted and possibly_affected(profiles, options):
        raise Refused(
            "EuiccMemoryReset",
            "protected",
            "The card lists a profile that cannot be read. It may be one that is protected on this "
            f"computer: {', '.join(map(str, unlisted))}.",
            advice=LIST_PROTECTED,
        )


def require_kept(
    outbox: Outbox, operation: Operation, switched: Switched, unreadable: Collection[bytes]
) -> Listing[Profile]:
    """What the card lists after a switch. Raises its `problem`, if the card has switched by itself.

    What the card signed about all its switches is kept and delivered before, and the operation completed.
    `unreadable`: the items that could not be read before either.
    """
    if switched.problem is None:
        return switched.after
    deliveries = outbox.complete(operation, _signed_changes(operation, switched, unreadable))
    for sentence in _delivery_sentences(deliveries):
        switched.problem.add(sentence)
    raise switched.problem


def _signed_changes(
    operation: Operation, switched: Switched, unreadable: Collection[bytes]
) -> Iterator[ProfileChange]:
    """What the card signed, in that order, then what only its list shows."""
    profiles = {profile.iccid: profile for profile in operation.before}
    signed = dict.fromkeys((one.event, one.iccid) for one in switched.signed)
    for event, iccid in signed:
        if isinstance(event, NotificationEvent) and iccid in profiles:
            yield _attributed(operation, event, profiles[iccid])
    for change in changes_since(operation, switched.after, unreadable):
        if (change.event, change.profile.iccid) not in signed:
            yield change


def _delivery_sentences(deliveries: Collection[Delivery]) -> Iterator[str]:
    """For a person: which notifications are acknowledged, after the card has switched by itself."""
    left = [delivery for delivery in deliveries if not delivery.acknowledged]
    if deliveries and not left:
        yield "All notifications were acknowledged."
    yield from dict.fromkeys(delivery.problem.message for delivery in left if delivery.problem)
    if left:
        yield "'lpa notifications send' sends pending notifications."


def _completed(
    outbox: Outbox,
    operation: Operation,
    target: Profile | None,
    after: Listing[Profile],
    changes: Iterable[ProfileChange],
    *,
    on_card: OnCard | None = None,
) -> Outcome:
    changes = tuple(changes)
    enabled = None if after.unreadable else tuple(profile for profile in after if profile.enabled)
    return Outcome(target, changes, outbox.complete(operation, changes, on_card), enabled=enabled)


def changes_since(
    operation: Operation, after: Listing[Profile], unreadable: Collection[bytes] = ()
) -> Iterator[ProfileChange]:
    """What has changed since an operation began. A profile that may be an unreadable item is left out.

    `unreadable`: the items that could not be read before either, so that no profile of then can be one.
    """
    now = {profile.iccid: profile for profile in after}
    for profile in operation.before:
        if profile.iccid in now:
            if now[profile.iccid].enabled != profile.enabled:
                yield _attributed(operation, _event_of_switch(profile), profile)
        elif not snapshot.has_new_unreadable(after, unreadable):
            yield _attributed(operation, NotificationEvent.DELETE, profile)


def _unreadable_deleted(
    outbox: Outbox, before: Listing[Profile], listed: Collection[NotificationMetadata]
) -> tuple[ProfileChange, ...]:
    """The deletions that the card has just signed, of profiles that could not be read. Raises no `LpaError`.

    `listed`: the notifications that were on the card before. What cannot be read now stays on the card.
    """
    readable = {profile.iccid for profile in before}
    new: list[NotificationMetadata] = []
    with contextlib.suppress(LpaError):
        new += [signed.metadata for signed in outbox.unkept("delete", but=listed)]
    deleted = dict.fromkeys(one.iccid for one in new if one.iccid and one.iccid not in readable)
    return tuple(ProfileChange(NotificationEvent.DELETE, Profile(iccid)) for iccid in deleted)


def _event_of_switch(before: Profile) -> NotificationEvent:
    return NotificationEvent.DISABLE if before.enabled else NotificationEvent.ENABLE


def _attributed(operation: Operation, event: NotificationEvent, profile: Profile) -> ProfileChange:
    """A change, marked as external unless the operation made it, or the card by itself along with it."""
    own = operation.target in (profile.iccid, None) and event in _EVENTS.get(operation.function, ())
    replaced = (operation.function, event) == ("enable", "disable")
    return ProfileChange(event, profile, external=not (own or replaced or _returned(operation, event)))


def _returned(operation: Operation, event: NotificationEvent) -> bool:
    """Whether a card enables a profile again because the test profile that replaced it is disabled."""
    leaving = operation.target
    ended = (one for one in operation.before if one.enabled and leaving in (one.iccid, None))
    return (
        event == "enable"
        and operation.function in ("disable", "delete", "reset")
        and any(one.profile_class == "test" for one in ended)
    )


def _count(profiles: Listing[Profile]) -> int:
    return len(profiles) + len(profiles.unreadable)
