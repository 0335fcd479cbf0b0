"""Which profile is in use: enable, disable, and the reset that deletes many.

Law: the card's answer to a switch proves nothing, because the switch itself can swallow it. So after every
attempt the card is reset and read again, and what it then lists is what we say. A next attempt is made only
after such a look, and never after an answer that was lost.
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
from lpa.notifications.outbox import Outbox
from lpa.profiles import blockers, selection, snapshot
from lpa.profiles.selection import Selector
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Iccid
from lpa.rsp.records import AID_TAGS, CHANGE_TAGS, NotificationMetadata, Profile

# Refusals that no other way of asking will change. The others are known from cards that want the AID
# instead of the ICCID, or the other refresh flag (Eastcompeace: 5ber, eSIM.me), or a reset (catBusy).
_FINAL = (
    "disallowedByPolicy",
    "wrongProfileReenabling",
    "disallowedByEnterpriseRule",
    "disallowedForRpm",
    "noEsimPortAvailable",
    "nothingToDelete",
)
# What an option of a reset deletes: profiles of this class.
_RESETS = {"deleteOperationalProfiles": "operational", "deleteFieldLoadedTestProfiles": "test"}
# What an operation does to profiles.
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
        """Ask the card once."""


@dataclass(frozen=True)
class Outcome:
    """What was done to the card, and who was told.

    `profile`: the one it was about, as it was before; None for a reset. `changes`: empty if nothing
    had to be done. `problem`: what the last look at the card found wrong; None if it shows what was wanted.
    `memory_after`: the bytes that are free on the card now, `in_use`: the profiles that are in use now; None
    if nobody looked, or could see all.
    """

    profile: Profile | None = None
    changes: tuple[ProfileChange, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    problem: LpaError | None = None
    memory_after: int | None = None
    in_use: tuple[Profile, ...] | None = None

    @property
    def unacknowledged(self) -> tuple[Delivery, ...]:
        """The notifications that a server has yet to hear."""
        return tuple(delivery for delivery in self.deliveries if not delivery.acknowledged)


def enable(card: CardContext, outbox: Outbox, name: Iccid | Selector) -> Outcome:
    """Enable a profile and tell the servers, also those of the profile that it replaces.

    Raises `Refused` before the card is asked if it cannot be, `OutcomeUnknown` if the card no longer says.
    """
    euicc = card.euicc
    before, target = selection.read(euicc, name)
    if target.enabled:
        return Outcome(target)
    for profile in before:
        # Only an operational profile is bound by PPR1 of another; tests and provisioning go ahead.
        if profile.enabled and target.profile_class == "operational":
            for stop in blockers.blocked_by_ppr(profile, "ppr1"):
                raise stop.refused
    with card.operation("enable", before, target=target.iccid) as operation:
        operation.set_state(ENABLING)
        after = _switch_until(
            euicc, _request_variants(euicc, euicc.enable_profile, target), _shows(target, enabled=True)
        )
        return _completed(
            outbox, operation, target, after, changes_since(operation, after, before.unreadable)
        )


def disable(card: CardContext, outbox: Outbox, name: Iccid | Selector) -> Outcome:
    """Disable the profile in use and tell its servers. Raises as `enable` does."""
    euicc = card.euicc
    before, target = selection.read(euicc, name)
    if not target.enabled:
        return Outcome(target)
    for stop in blockers.blocked_by_ppr(target, "ppr1"):
        raise stop.refused
    with card.operation("disable", before, target=target.iccid) as operation:
        operation.set_state(DISABLING)
        after = disable_on_card(euicc, target)
        return _completed(
            outbox, operation, target, after, changes_since(operation, after, before.unreadable)
        )


def reset(card: CardContext, outbox: Outbox, options: Collection[str]) -> Outcome:
    """Delete many profiles at once, by the `options` of `Euicc.memory_reset`, and tell their servers.

    Raises `Refused` before the card is asked if one of them is protected on this computer, or may be.
    """
    euicc = card.euicc
    before = euicc.profiles(CHANGE_TAGS)
    refuse_protected(card.journal, before, options)
    waiting = euicc.list_notifications() if possibly_affected(before, options) else ()
    attempt = partial(euicc.memory_reset, options)
    with card.operation("reset", before) as operation:
        operation.set_state(DELETING)
        if set(options) == {"resetDefaultSmdpAddress"}:
            attempt()
            after = before
        else:
            after = _switch_until(euicc, (attempt, attempt), lambda after: _count(after) < _count(before))
        changes = [*changes_since(operation, after, before.unreadable)]
        if possibly_affected(before, options):
            changes += _unread_and_gone(outbox, before, waiting)
        return _completed(outbox, operation, None, after, changes)


def affected_by_reset(profiles: Iterable[Profile], options: Collection[str]) -> tuple[Profile, ...]:
    """Those that a reset with these options deletes; the card keeps test profiles that came with it."""
    classes = {_RESETS[option] for option in options if option in _RESETS}
    return tuple(profile for profile in profiles if profile.profile_class in classes)


def possibly_affected(profiles: Listing[Profile], options: Collection[str]) -> tuple[bytes, ...]:
    """What cannot be read, and a reset with these options may delete: nobody knows of which class it is."""
    return profiles.unreadable if _RESETS.keys() & options else ()


def refuse_protected(journal: Journal, profiles: Listing[Profile], options: Collection[str]) -> None:
    """Raise `Refused` with "protected" if a reset with these options deletes what is protected, or may."""
    protected = journal.protected()
    doomed = (profile for profile in affected_by_reset(profiles, options) if profile.iccid in protected)
    for stop in blockers.protection(doomed, "EuiccMemoryReset"):
        raise stop.refused
    readable = [profile.iccid for profile in profiles]
    hidden = [iccid for iccid in protected if iccid not in readable]
    if hidden and possibly_affected(profiles, options):
        raise Refused(
            "EuiccMemoryReset",
            "protected",
            "The card lists what cannot be read, and that may be a profile which is protected on this "
            f"computer: {', '.join(map(str, hidden))}.",
            advice="'lpa protect --list' shows what is protected; 'lpa delete' deletes one by one.",
        )


def disable_on_card(euicc: Euicc, target: Profile) -> Listing[Profile]:
    """Have the card disable a profile, as a part of an operation; what it shows then. Raises as `enable`."""
    return _switch_until(
        euicc, _request_variants(euicc, euicc.disable_profile, target), _shows(target, enabled=False)
    )


def reset_and_read(euicc: Euicc, error: LpaError | None = None) -> Listing[Profile]:
    """Reset the card and read which profiles it shows now. Raises `OutcomeUnknown` if that fails.

    `error`: why, if an answer was lost.
    """
    try:
        euicc.restart()
        return euicc.profiles(CHANGE_TAGS)
    except LpaError as failed:
        before = error.message if error else "The card was told to change."
        raise OutcomeUnknown(f"{before} It cannot be read again: {failed.message}") from failed


def _switch_until(
    euicc: Euicc, attempts: Iterable[Attempt], done: Callable[[Listing[Profile]], bool]
) -> Listing[Profile]:
    """Make the attempts in order until the card, read again, is as it should be; what it shows then."""
    refused: LpaError = BadAnswer("The card says that it is done, and shows that it is not.")
    for attempt in attempts:
        try:
            attempt()
        except OutcomeUnknown as unknown:
            after = reset_and_read(euicc, unknown)
            if done(after):
                return after
            raise WireError(f"{unknown.message} The card was read again: nothing was changed.") from unknown
        except EuiccRefused as error:
            refused = error
        after = reset_and_read(euicc)
        if done(after):
            return after
        if refused.reason in _FINAL:
            break
    raise refused


def _request_variants(euicc: Euicc, switch: Switch, profile: Profile) -> Iterator[Attempt]:
    """The ways of asking that cards want. No refresh first: in a reader there is no device to start anew."""
    yield partial(switch, profile.iccid, refresh=False)
    yield partial(switch, profile.iccid, refresh=True)
    for aid in aids_of(euicc, profile):
        yield partial(switch, aid, refresh=False)
        yield partial(switch, aid, refresh=True)


def aids_of(euicc: Euicc, profile: Profile) -> Iterator[Aid]:
    """The AID of `profile`, if the card tells one. Asked for only now: hardly any card needs it."""
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
    in_use = None if after.unreadable else tuple(profile for profile in after if profile.enabled)
    return Outcome(target, changes, outbox.complete(operation, changes), in_use=in_use)


def changes_since(
    operation: Operation, after: Listing[Profile], unreadable: Collection[bytes] = ()
) -> Iterator[ProfileChange]:
    """What happened since an operation began. A profile that may hide in an unreadable item is not gone.

    `unreadable`: the items that could not be read before either, and that none of the others hides in.
    """
    now = {profile.iccid: profile for profile in after}
    for profile in operation.before:
        if profile.iccid in now:
            if now[profile.iccid].enabled != profile.enabled:
                yield _attributed(operation, "disable" if profile.enabled else "enable", profile)
        elif not snapshot.may_hide(after, unreadable):
            yield _attributed(operation, "delete", profile)


def _unread_and_gone(
    outbox: Outbox, before: Listing[Profile], waiting: Collection[NotificationMetadata]
) -> tuple[ProfileChange, ...]:
    """What the card has just signed about profiles that could not be read before. Raises nothing of ours.

    `waiting`: what waited on it before. What cannot be had now stays on the card.
    """
    readable = {profile.iccid for profile in before}
    news: list[NotificationMetadata] = []
    with contextlib.suppress(LpaError):
        news += [signed.metadata for signed in outbox.unkept("delete") if signed.metadata not in waiting]
    gone = dict.fromkeys(told.iccid for told in news if told.iccid and told.iccid not in readable)
    return tuple(ProfileChange("delete", Profile(iccid)) for iccid in gone)


def _attributed(operation: Operation, event: str, profile: Profile) -> ProfileChange:
    """Ours are the operation's events, to its own profile; and what the card does by itself with them."""
    about_it = operation.target in (profile.iccid, None) and event in _EVENTS.get(operation.function, ())
    replaced = (operation.function, event) == ("enable", "disable")
    return ProfileChange(event, profile, external=not (about_it or replaced or _returned(operation, event)))


def _returned(operation: Operation, event: str) -> bool:
    """Whether a card enables a profile again because the test profile that took its place gave way."""
    leaving = operation.target
    ended = (one for one in operation.before if one.enabled and leaving in (one.iccid, None))
    return (
        event == "enable"
        and operation.function in ("disable", "delete", "reset")
        and any(one.profile_class == "test" for one in ended)
    )


def _count(profiles: Listing[Profile]) -> int:
    return len(profiles) + len(profiles.unreadable)
