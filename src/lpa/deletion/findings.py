"""The findings before a deletion: blockers, warnings and notes, as a person reads them.

Pure: a finding follows from facts that were read before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from lpa.advice.cards import READER_TO_SAVE
from lpa.advice.profiles import (
    BACKUP_ENABLES,
    BACKUP_SAVES,
    BACKUP_WITH_PIN,
    DEVICE_UNREACHABLE,
    DISABLE_OR_OPTION,
    EIM_CAN_DELETE,
    KEEP_A_COPY,
    KEPT_AND_SENT_LATER,
    KEPT_UNTIL_VERIFIED,
    LIFT_OR_NO_BACKUP,
    PIN_IN_PHONE_FIRST,
    PUK_FIRST,
    RESTORE_THEN_DELETE,
    RESUME_RECOVERS,
    SEND_PENDING,
    SEND_REMOVES,
)
from lpa.errors import LpaError, NotVerified
from lpa.profiles import blockers
from lpa.profiles.blockers import Finding
from lpa.rsp import sizes
from lpa.rsp.euicc_info import EuiccInfo2
from lpa.rsp.names import Iccid
from lpa.rsp.records import NotificationMetadata, Profile

# The names of the findings that only the person can check.
REMINDERS = ("bills", "term", "balance", "accounts", "contact", "contract")
PIN_NEEDED = "pin-needed"  # for a backup; the person can be asked for the PIN

_MOST_NAMED = 3  # notifications of other profiles; 'lpa notifications list' shows all


def checks(profile: Profile, others: Iterable[Profile], *, disable_first: bool) -> Iterator[Finding]:
    """What the card's list of profiles says about deleting one of them."""
    yield from blockers.blocked_by_ppr(profile, "ppr2", "DeleteProfile")
    if profile.enabled:
        yield from blockers.blocked_by_ppr(profile, "ppr1", "DeleteProfile")
    yield from _blocked_once_enabled(profile)
    if profile.enabled and not disable_first:
        yield Finding(
            "blocker",
            "profileNotInDisabledState",
            f"The profile {profile.title} ({profile.iccid}) is enabled. Only a disabled one can be deleted.",
            DISABLE_OR_OPTION.filled(digits=str(profile.iccid)[-4:]),
        )
    if profile.profile_class != "operational":
        yield Finding(
            "warning",
            "not-operational",
            f"This is a {profile.profile_class} profile, not an operator's. "
            "The card or a device may need it.",
        )
    elif not any(other.profile_class == "operational" for other in others):
        yield Finding(
            "warning",
            "last-profile",
            "This is the last operational profile: without it, the card provides no mobile service.",
        )
    if profile.fallback:
        yield Finding(
            "warning",
            "fallback-profile",
            "This is the fallback profile: it is enabled when the enabled one has lost its connection.",
            DEVICE_UNREACHABLE,
        )
    notified = any("delete" in entry.events for entry in profile.notifications)
    if not notified and profile.profile_class != "test":
        yield Finding(
            "warning",
            "operator-not-notified",
            "The profile names no server to notify of its deletion: inform its operator yourself.",
            KEEP_A_COPY,
        )


def _blocked_once_enabled(profile: Profile) -> Iterator[Finding]:
    """The note that a disabled profile could not be disabled again once it is enabled."""
    if "ppr1" in profile.policy_rules and not profile.enabled:
        yield Finding(
            "note",
            "ppr1",
            f"Once enabled, {profile.title} cannot be disabled again (PPR1). "
            "As long as it is disabled, it can be deleted.",
        )


def pending(
    profile: Profile,
    others: Iterable[Profile],
    listed: Iterable[NotificationMetadata],
    unsent: Collection[NotificationMetadata],
    acknowledged: Collection[NotificationMetadata],
) -> Iterator[Finding]:
    """The notifications that no server has acknowledged, and those that the card should no longer hold.

    `listed`: what the card lists. `unsent` and `acknowledged`: what is kept on this computer. A notification
    that is both listed and kept counts once.
    """
    listed = dict.fromkeys(listed)
    unacknowledged = dict.fromkeys((*(one for one in listed if one not in acknowledged), *unsent))
    own = [one for one in unacknowledged if one.iccid == profile.iccid]
    of_others = [one for one in unacknowledged if one.iccid != profile.iccid]
    removable = [one for one in listed if one in acknowledged and one not in unsent]
    send = SEND_PENDING
    if own:
        events = ", ".join(f"{one.event} ({one.address})" for one in own)
        yield Finding(
            "warning",
            "notifications-pending",
            f"This profile has pending notifications, not acknowledged by a server: {events}.",
            send,
        )
    if of_others:
        are_pending = "1 notification" if len(of_others) == 1 else f"{len(of_others)} notifications"
        yield Finding(
            "note",
            "notifications-pending-others",
            f"Other profiles have {are_pending} pending: {_briefly(of_others, others)}.",
            send,
        )
    if removable:
        yield Finding(
            "note",
            "still-on-card",
            "The card still holds 1 notification that its server has acknowledged."
            if len(removable) == 1
            else f"The card still holds {len(removable)} notifications that their servers have acknowledged.",
            SEND_REMOVES,
        )


def _briefly(notifications: Iterable[NotificationMetadata], others: Iterable[Profile]) -> str:
    """Each notification with its profile, server and event; only the first ones if there are many."""
    titles: dict[Iccid | None, str] = {other.iccid: other.title for other in others}
    named = [
        f"{titles.get(one.iccid, one.iccid or 'an unknown profile')} ({one.address}: {one.event})"
        for one in notifications
    ]
    more = [f"and {len(named) - _MOST_NAMED} more"] if len(named) > _MOST_NAMED else []
    return ", ".join([*named[:_MOST_NAMED], *more])


def memory(free: int | None) -> Iterator[Finding]:
    """The free memory of the card, in bytes; no finding if the card does not say."""
    if free is not None:
        yield Finding("note", "free-memory", f"The card has {sizes.in_words(free)} of free memory.")


def managed_remotely(info: EuiccInfo2 | None) -> Iterator[Finding]:
    """The note that the card is an IoT eUICC (SGP.32)."""
    if info and info.managed_remotely:
        yield Finding(
            "note",
            "managed-remotely",
            "This is an IoT eUICC (SGP.32): an eIM manages its profiles. It may refuse to let this computer "
            "change them.",
            EIM_CAN_DELETE,
        )


def unfinished(functions: Iterable[str]) -> Iterator[Finding]:
    """The interrupted operations on this card."""
    for function in functions:
        yield Finding(
            "note",
            "unfinished",
            "An earlier temporary enable was not finished."
            if function == "temporary-enable"
            else f"An earlier '{function}' of this card was not finished.",
            RESUME_RECOVERS,
        )


def temporarily_enabled(profiles: Iterable[Profile], targets: Collection[Iccid | None]) -> Iterator[Finding]:
    """A blocker if a temporary enable is not ended: its end outdates a plan that is made now.

    `targets`: the profiles of the temporary enables that are not ended.
    """
    for profile in profiles:
        if profile.enabled and profile.iccid in targets:
            yield Finding(
                "blocker",
                "temporarilyEnabled",
                f"The profile {profile.title} ({profile.iccid}) was enabled temporarily, and the previous "
                "state is not restored yet.",
                RESTORE_THEN_DELETE,
            )


def reachability(address: str, problem: LpaError | None) -> Finding:
    """Whether a server to notify can be reached now, and proves its identity. `problem`: why not."""
    if problem is None:
        return Finding(
            "note", "reachable", f"The server {address} can be reached and has proved its identity."
        )
    if isinstance(problem, NotVerified):
        return Finding(
            "warning",
            "not-verified",
            f"The server {address} has not proved its identity. {problem.message}",
            KEPT_UNTIL_VERIFIED,
        )
    return Finding(
        "note",
        "unreachable",
        f"The server {address} cannot be notified immediately. {problem.message}",
        KEPT_AND_SENT_LATER,
    )


def backup(profile: Profile, others: Iterable[Profile], unreadable: Collection[bytes] = ()) -> Finding:
    """Whether the profile can be backed up before it is deleted."""
    for blocker in backup_blockers(profile, others, unreadable):
        return Finding("note", "no-backup", blocker.message, blocker.advice)
    message, advice = "Its contacts and messages can be saved first.", BACKUP_SAVES
    if not profile.enabled:
        message = "Its contacts and messages can be saved first if it is enabled temporarily."
        advice = BACKUP_ENABLES
    return Finding("note", "backup", message, advice)


def no_access() -> Finding:
    """The note that the card is in a modem or phone, which does not give what the profile holds."""
    message = "Its contacts and messages cannot be saved: a modem or phone gives no access to them."
    return Finding("note", "no-backup", message, READER_TO_SAVE)


def backup_blockers(
    profile: Profile, others: Iterable[Profile], unreadable: Collection[bytes] = ()
) -> Iterator[Finding]:
    """What makes a backup impossible: a disabled profile cannot be enabled, or the previous one restored."""
    if profile.enabled:
        return
    for blocker in blockers.unreadable(unreadable):
        yield _no_backup(blocker.message, blocker.name, blocker.advice)
    if profile.profile_class == "operational":  # PPR1 of the enabled profile binds no other class.
        for other in others:
            if other.enabled and "ppr1" in other.policy_rules:
                enabled = f"{other.title} ({other.iccid}) is enabled"
                yield _no_backup(f"{enabled}, and its operator does not allow disabling it (PPR1).")
    if "ppr1" in profile.policy_rules:
        yield _no_backup("Once enabled for that, it could not be disabled again (PPR1).")


def _no_backup(why: str, name: str = "disallowedByPolicy", advice: str = "") -> Finding:
    return Finding(
        "blocker",
        name,
        f"Its contacts and messages cannot be saved. {why}",
        advice or LIFT_OR_NO_BACKUP,
        "EnableProfile",
    )


def lock(tries: int | None) -> Finding:
    """The note that a PIN locks the profile. `tries`: the tries left, None if the card does not say."""
    locked = "Its contacts and messages are locked with a PIN"
    if tries == 0:
        message = f"{locked}, and the PIN is blocked: they cannot be saved."
        return Finding("note", "pin-blocked", message, PUK_FIRST)
    if tries == 1:
        message = f"{locked}. One try is left, and lpa does not use it: they cannot be saved."
        advice = PIN_IN_PHONE_FIRST
        return Finding("note", "pin-last-try", message, advice)
    left = f" Tries left: {tries}." if tries else ""
    return Finding("note", PIN_NEEDED, f"{locked}.{left}", BACKUP_WITH_PIN)


def reminders(profile: Profile) -> Iterator[Finding]:
    """What only the person can check, of a profile that is not a test profile."""
    if profile.profile_class == "test":
        return
    operator = profile.service_provider or "the operator"
    for name, message in (
        ("bills", f"Are all bills from {operator} paid?"),
        ("term", f"Has the term of the contract with {operator} ended?"),
        ("balance", f"Does {operator} still owe you a balance, a deposit or a refund?"),
        (
            "accounts",
            f"Which accounts, banks and services use your number from {operator}? "
            "Give them another number first.",
        ),
        ("contact", f"Can you contact {operator} without this number, and prove who you are?"),
        ("contract", f"Deleting the profile does not end the contract with {operator}."),
    ):
        yield Finding("note", name, message)
