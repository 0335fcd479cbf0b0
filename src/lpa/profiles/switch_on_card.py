"""Have a card enable or disable a profile: try the requests that cards want, and read the card after each.

Law: the card's answer to a switch proves nothing, because the switch itself can swallow it. So after every
attempt the card is reset and read again, and what it lists then is reported. The next attempt is made only
after that. None is made after an answer that was lost, nor after the card has switched: some cards carry out
a request, and enable a profile of their own choice at the reset.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Protocol

from lpa.advice.cards import REINSERT_AND_LIST, RESTART_MODEM
from lpa.advice.profiles import ASK_MAKER_ABOUT_RESET
from lpa.card.es10 import Euicc
from lpa.card.refresh import once_done
from lpa.errors import BadAnswer, EuiccRefused, LpaError, NoSuchProfileOnCard, OutcomeUnknown, WireError
from lpa.notifications.changes import ProfileChange
from lpa.notifications.collection import expected
from lpa.notifications.on_card import OnCard, certified_card
from lpa.profiles import remotely_managed
from lpa.profiles.snapshot import named
from lpa.rsp.facts import fact
from lpa.rsp.listing import Listing
from lpa.rsp.names import Aid, Iccid
from lpa.rsp.records import AID_TAGS, CHANGE_TAGS, NotificationEvent, NotificationMetadata, Profile

CHANGED_AT_RESET = "changedAtReset"
_SWITCHES = ("enable", "disable")  # the events of a switch

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

Attempt = Callable[[], None]
Read = Callable[[Euicc, LpaError | None], Listing[Profile]]
Notifications = tuple[NotificationMetadata, ...]


class Switch(Protocol):
    """`Euicc.enable_profile` or `Euicc.disable_profile`."""

    def __call__(self, profile: Iccid | Aid, *, refresh: bool) -> None:
        """Send the request once."""


@fact
class Switched:
    """What a card lists after it has switched (`after`).

    `problem`: None if it is what was asked for. Else the card has switched by itself at its reset, `problem`
    says to which profile, and `signed` is what the card has signed about all its switches.
    `on_card`: what was read of its notifications since.
    """

    after: Listing[Profile]
    signed: Notifications = ()
    problem: BadAnswer | None = None
    on_card: OnCard | None = None


def enable_on_card(
    euicc: Euicc, before: Listing[Profile], target: Profile, *, refresh: bool | None = None
) -> Switched:
    """Have the card enable a profile. Raises as `switching.enable` does.

    `refresh`: the refreshFlag of the request (§5.7.16), which asks the device to restart the card; None for
    what the card accepts, without it first.
    """
    return _switch(euicc, euicc.enable_profile, before, target, enabled=True, refresh=refresh)


def disable_on_card(
    euicc: Euicc, before: Iterable[Profile], target: Profile, *, refresh: bool | None = None
) -> Switched:
    """Have the card disable a profile. Raises as `switching.enable` does. `refresh`: as there."""
    return _switch(euicc, euicc.disable_profile, before, target, enabled=False, refresh=refresh)


def attempt_until(
    euicc: Euicc,
    attempts: Iterable[Attempt],
    done: Callable[[Listing[Profile]], bool],
    read: Read | None = None,
    target: Profile | None = None,
) -> Listing[Profile]:
    """Make the attempts in order until the card, read again, shows the change; returns what it lists then.

    `read`: how it is read again, if not by `reset_and_read`. `target`: the profile that is to be changed.
    """
    reset_and_list = read or reset_and_read
    changed = reset_and_list if euicc.can_reset else partial(_refreshed, reset_and_list, done)
    after: Sequence[Profile] = ()
    refused: LpaError = BadAnswer("The card reported success, but does not show the change.")
    for attempt in attempts:
        try:
            attempt()
        except OutcomeUnknown as unknown:
            after = changed(euicc, unknown)
            if done(after):
                return after
            message = f"{unknown.message} The card was read again: the change was not made."
            raise WireError(message, reason="notDone") from unknown
        except EuiccRefused as error:
            refused = error
            after = reset_and_list(euicc, None)
        else:
            after = changed(euicc, None)
        if done(after):
            return after
        if refused.reason in _FINAL:
            break
    remotely_managed.explain(euicc, refused)
    if target and any(profile.iccid == target.iccid for profile in after):
        raise though_listed(refused)
    raise refused


def though_listed(refused: LpaError) -> LpaError:
    """The refusal of a change of a profile that the card listed: no `NoSuchProfile`, whatever it says."""
    if not isinstance(refused, NoSuchProfileOnCard):
        return refused
    return EuiccRefused(
        refused.function,
        refused.reason,
        refused.code,
        "The card listed the profile, but answered that it holds no such profile.",
        advice=REINSERT_AND_LIST,
    )


def reset_and_read(euicc: Euicc, error: LpaError | None = None) -> Listing[Profile]:
    """Reset the card and read which profiles it lists now. Raises `OutcomeUnknown` if that fails.

    If the connection breaks off once, both are repeated; that changes nothing.
    `error`: the error that made it necessary, if an answer was lost.
    """
    with _readable(error):
        euicc.restart()
        return euicc.read_again(lambda: euicc.profiles(CHANGE_TAGS))


def _refreshed(
    read: Read, done: Callable[[Listing[Profile]], bool], euicc: Euicc, error: LpaError | None
) -> Listing[Profile]:
    """What the card lists when the modem or phone has restarted it, which is `done`.

    Raises `OutcomeUnknown` if it is not in time: then the card may still make the change at its next restart.
    """
    after = once_done(lambda: read(euicc, error), done)
    if done(after):
        return after
    before = error.message if error else "The card has accepted the change."
    raise OutcomeUnknown(
        f"{before} It does not show the change, and may make it when the modem or phone restarts it.",
        advice=RESTART_MODEM,
    )


def aids_of(euicc: Euicc, profile: Profile) -> Iterator[Aid]:
    """The AID of `profile`, if the card has one. Read only when it is wanted: hardly any card needs it."""
    for found in euicc.read_again(lambda: euicc.profiles(AID_TAGS, only=profile.iccid)):
        if found.iccid == profile.iccid and found.aid:
            yield found.aid


def _switch(
    euicc: Euicc,
    switch: Switch,
    before: Iterable[Profile],
    target: Profile,
    *,
    enabled: bool,
    refresh: bool | None,
) -> Switched:
    listed, before = _listed(euicc), tuple(before)
    enabled_before = {profile.iccid for profile in before if profile.enabled}

    def shown(after: Listing[Profile]) -> bool:
        return any(now.iccid == target.iccid and now.enabled is enabled for now in after)

    def switched(after: Listing[Profile]) -> bool:
        with _readable():
            euicc.confirm()
        others = {now.iccid for now in after if now.enabled} - {target.iccid}
        return not others <= enabled_before or bool(_signed_since(euicc, listed))

    after = attempt_until(
        euicc,
        _request_variants(euicc, switch, target, _flags(euicc) if refresh is None else (refresh,)),
        lambda after: shown(after) or switched(after),
        _reset_and_list,
        target,
    )
    if shown(after):
        events = {one.iccid: NotificationEvent.DISABLE for one in before if one.enabled}
        if enabled:
            events[target.iccid] = NotificationEvent.ENABLE
        changes = [ProfileChange(events[one.iccid], one) for one in before if one.iccid in events]
        return Switched(after, on_card=_confirmed(euicc, changes))
    problem = _changed_at_reset(after, f"{'enable' if enabled else 'disable'} {named(target)}")
    return Switched(after, _signed_since(euicc, listed), problem)


def _reset_and_list(euicc: Euicc, error: LpaError | None) -> Listing[Profile]:
    """As `reset_and_read`, but whether it is the same card is for `Euicc.confirm` to find out."""
    with _readable(error):
        return euicc.restart_to_list(CHANGE_TAGS)


def _confirmed(euicc: Euicc, changes: Collection[ProfileChange]) -> OnCard:
    """What the card signed about these changes, once it is known that it is the same card.

    The certificate in a notification says so; a card that gives none is asked for its EID.
    """
    on_card, certified = OnCard(euicc), None
    with suppress(LpaError):
        certified = certified_card(on_card.new(expected(changes)))
    with _readable():
        euicc.confirm(certified)
    return on_card


@contextmanager
def _readable(error: LpaError | None = None) -> Iterator[None]:
    """Read the card within the block after it was asked to make a change. Raises `OutcomeUnknown` for errors.

    `error`: the error that made it necessary, if an answer was lost.
    """
    try:
        yield
    except LpaError as failed:
        before = error.message if error else "The card was asked to make a change."
        raise OutcomeUnknown(f"{before} The card cannot be read again: {failed.message}") from failed


def _request_variants(
    euicc: Euicc, switch: Switch, profile: Profile, flags: Collection[bool]
) -> Iterator[Attempt]:
    """The variants of a request that cards want."""
    for flag in flags:
        yield partial(switch, profile.iccid, refresh=flag)
    for aid in aids_of(euicc, profile):
        for flag in flags:
            yield partial(switch, aid, refresh=flag)


def _flags(euicc: Euicc) -> tuple[bool, bool]:
    """Both refreshFlags. No refresh first: a reader has no device to restart.

    A modem or phone has: it restarts the card at a REFRESH, and else goes on with what it has read of the
    previous profile.
    """
    return (False, True) if euicc.can_reset else (True, False)


def _listed(euicc: Euicc) -> Notifications | None:
    """The card's notifications of switches; None if it does not list them."""
    try:
        return tuple(one for one in euicc.list_notifications() if one.event in _SWITCHES)
    except (BadAnswer, EuiccRefused):
        return None


def _signed_since(euicc: Euicc, before: Notifications | None) -> Notifications:
    """Those that the card lists now, and not `before`, by number."""
    try:
        now = euicc.read_again(lambda: _listed(euicc)) if before is not None else None
    except WireError as failed:
        raise OutcomeUnknown(
            f"The card was asked to make a change. Its notifications cannot be read: {failed.message}"
        ) from failed
    new = (one for one in now or () if one not in (before or ()))
    return tuple(sorted(new, key=lambda one: one.sequence_number))


def _changed_at_reset(after: Listing[Profile], request: str) -> BadAnswer:
    """The error for a card that was asked to `request`, and has switched by itself at its reset."""
    enabled = [named(profile) for profile in after if profile.enabled]
    nothing = "no profile that can be read" if after.unreadable else "no profile"
    state = f"{' and '.join(enabled) or nothing} {'are' if len(enabled) > 1 else 'is'} enabled"
    return BadAnswer(
        f"The card was asked to {request}, but after its reset {state}: the card chose this itself.",
        advice=ASK_MAKER_ABOUT_RESET,
        reason=CHANGED_AT_RESET,
    )
