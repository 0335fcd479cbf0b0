"""Enable and disable profiles, and reset the card, which deletes many at once.

Law: the card's answer to a switch proves nothing, because the switch itself can swallow it. So after every
attempt the card is reset and read again, and what it lists then is reported. The next attempt is made only
after that, and never after an answer that was lost.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from lpa.card.es10 import Euicc
from lpa.errors import BadAnswer, EuiccRefused, LpaError, OutcomeUnknown, Refused, WireError
from lpa.journal import DELETING, DISABLING, ENABLING, Journal, Operation
from lpa.notifications.card_context import CardContext
from lpa.notifications.changes import ProfileChange
from lpa.notifications.delivery import Delivery
from lpa.notifications.on_card import OnCard
from lpa.notifications.outbox import Outbox
from lpa.profiles import blockers, selection, snapshot
from lpa.profiles.selection import Selector
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Iccid
from lpa.rsp.records import AID_TAGS, CHANGE_TAGS, NotificationEvent, NotificationMetadata, Profile

# Refusals that no other variant of the request will change. The others are known from cards that want the
# AID instead of the ICCID, or the other refresh flag (Eastcompeace: 5ber, eSIM.me), or a reset (catBusy).
_FINAL = (
    "disallowedByPolicy",
    "wrongProfileReenabling",
    "disallowedByEnterpriseRule",
    "disallowedForRpm",
    "noEsimPortAvailable",
    "nothingToDelete",
)
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

Attempt = Callable[[], None]


class Switch(Protocol):
    """`Euicc.enable_profile` or `Euicc.disable_profile`."""

    def __call__(self, profile: Iccid | Aid, *, refresh: bool) -> None:
        """Send the request once."""


@dataclass(frozen=True)
class Outcome:
    """What was done to the card, and the notifications of it.

    `profile`: the one that was to be changed, as it was before; None for a reset. `changes`: empty if nothing
    had to be done. `problem`: what was found wrong when the card was read at the end; None if nothing was.
    `memory_after`: the bytes that are free on the card now, None if they were not read. `enabled`: the
    profiles that are enabled now, None if they were not read, or one of the profiles cannot be read.
    """

    profile: Profile | None = None
    changes: tuple[ProfileChange, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    problem: LpaError | None = None
    memory_after: int | None = None
    enabled: tuple[Profile, ...] | None = None

    @property
    def unacknowledged(self) -> tuple[Delivery, ...]:
        """The notifications that no server has acknowledged yet."""
        return tuple(delivery for delivery in self.deliveries if not delivery.acknowledged)


def enable(card: CardContext, outbox: Outbox, name: Iccid | Selector) -> Outcome:
    """Enable a profile, and notify its servers and those of the profile that it replaces.

    Raises `Refused` before the card is asked if that is not possible, `EuiccRefused` if the card refuses,
    `WireError` if the card shows that it was not changed, `BadAnswer` if it reports success and does not show
    the change, and `OutcomeUnknown` if it can no longer be read.
    """
    euicc = card.euicc
    before, target = selection.read(euicc, name)
    if target.enabled:
        return Outcome(target)
    for profile in before:
        # PPR1 of the enabled profile binds only an operational one, no test or provisioning profile.
        if profile.enabled and target.profile_class == "operational":
            for blocker in blockers.blocked_by_ppr(profile, "ppr1"):
                raise blocker.refused
    with card.operation("enable", before, target=target.iccid) as operation:
        operation.set_state(ENABLING)
        after = _switch_until(
            euicc, _request_variants(euicc, euicc.enable_profile, target), _shows(target, enabled=True)
        )
        return _completed(
            outbox, operation, target, after, changes_since(operation, after, before.unreadable)
        )


def disable(card: CardContext, outbox: Outbox, name: Iccid | Selector) -> Outcome:
    """Disable the enabled profile, and notify its servers. Raises as `enable` does."""
    euicc = card.euicc
    before, target = selection.read(euicc, name)
    if not target.enabled:
        return Outcome(target)
    for blocker in blockers.blocked_by_ppr(target, "ppr1"):
        raise blocker.refused
    with card.operation("disable", before, target=target.iccid) as operation:
        operation.set_state(DISABLING)
        after = disable_on_card(euicc, target)
        return _completed(
            outbox, operation, target, after, changes_since(operation, after, before.unreadable)
        )


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
            after = _switch_until(euicc, (attempt, attempt), lambda after: _count(after) < _count(before))
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
            advice="'lpa protect --list' lists the protected profiles; 'lpa delete' deletes one profile.",
        )


def disable_on_card(euicc: Euicc, target: Profile) -> Listing[Profile]:
    """Have the card disable a profile; returns what it lists then. Raises as `enable` does."""
    return _switch_until(
        euicc, _request_variants(euicc, euicc.disable_profile, target), _shows(target, enabled=False)
    )


def reset_and_read(euicc: Euicc, error: LpaError | None = None) -> Listing[Profile]:
    """Reset the card and read which profiles it lists now. Raises `OutcomeUnknown` if that fails.

    `error`: the error that made it necessary, if an answer was lost.
    """
    try:
        euicc.restart()
        return euicc.profiles(CHANGE_TAGS)
    except LpaError as failed:
        before = error.message if error else "The card was asked to make a change."
        raise OutcomeUnknown(f"{before} The card cannot be read again: {failed.message}") from failed


def _switch_until(
    euicc: Euicc, attempts: Iterable[Attempt], done: Callable[[Listing[Profile]], bool]
) -> Listing[Profile]:
    """Make the attempts in order until the card, read again, shows the change; returns what it lists then."""
    refused: LpaError = BadAnswer("The card reported success, but does not show the change.")
    for attempt in attempts:
        try:
            attempt()
        except OutcomeUnknown as unknown:
            after = reset_and_read(euicc, unknown)
            if done(after):
                return after
            message = f"{unknown.message} The card was read again: the change was not made."
            raise WireError(message) from unknown
        except EuiccRefused as error:
            refused = error
        after = reset_and_read(euicc)
        if done(after):
            return after
        if refused.reason in _FINAL:
            break
    raise refused


def _request_variants(euicc: Euicc, switch: Switch, profile: Profile) -> Iterator[Attempt]:
    """The variants of a request that cards want. No refresh first: a reader has no device to restart."""
    yield partial(switch, profile.iccid, refresh=False)
    yield partial(switch, profile.iccid, refresh=True)
    for aid in aids_of(euicc, profile):
        yield partial(switch, aid, refresh=False)
        yield partial(switch, aid, refresh=True)


def aids_of(euicc: Euicc, profile: Profile) -> Iterator[Aid]:
    """The AID of `profile`, if the card has one. Read only when it is wanted: hardly any card needs it."""
    for found in euicc.profiles(AID_TAGS, only=profile.iccid):
        if found.iccid == profile.iccid and found.aid:
            yield found.aid


def _shows(profile: Profile, *, enabled: bool) -> Callable[[Listing[Profile]], bool]:
    return lambda after: any(now.iccid == profile.iccid and now.enabled is enabled for now in after)


def _completed(
    outbox: Outbox,
    operation: Operation,
    target: Profile | None,
    after: Listing[Profile],
    changes: Iterable[ProfileChange],
) -> Outcome:
    changes = tuple(changes)
    enabled = None if after.unreadable else tuple(profile for profile in after if profile.enabled)
    return Outcome(target, changes, outbox.complete(operation, changes), enabled=enabled)


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
                yield _attributed(operation, _switched(profile), profile)
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


def _switched(before: Profile) -> NotificationEvent:
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
