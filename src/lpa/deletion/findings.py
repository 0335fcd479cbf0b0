"""What speaks against a deletion, or should be known before it: blockers, warnings and notes.

Pure: what is found follows from the facts that were read. A stop makes the deletion impossible; a warning
needs a person's yes of its own; a note is to be read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from lpa.errors import LpaError, NotVerified
from lpa.profiles import blockers
from lpa.profiles.blockers import Finding
from lpa.rsp import sizes
from lpa.rsp.names import Iccid
from lpa.rsp.records import NotificationMetadata, Profile

# What only the person can know, by the names of these findings.
REMINDERS = ("bills", "term", "balance", "accounts", "contact", "contract")
PIN_NEEDED = "pin-needed"  # for a backup; the person can be asked for it

_MOST_NAMED = 3  # notifications of others; who wants to know all of them lists them


def checks(profile: Profile, others: Iterable[Profile], *, disable_first: bool) -> Iterator[Finding]:
    """What the profiles of the card say about deleting one of them."""
    yield from blockers.blocked_by_ppr(profile, "ppr2")
    if profile.enabled:
        yield from blockers.blocked_by_ppr(profile, "ppr1")
    yield from _bound_later(profile)
    if profile.enabled and not disable_first:
        yield Finding(
            "blocker",
            "profileNotInDisabledState",
            f"The profile {profile.title} ({profile.iccid}) is in use; only a disabled one can be deleted.",
            f"'lpa disable {str(profile.iccid)[-4:]}' first, or delete with --disable-first.",
        )
    if profile.profile_class != "operational":
        yield Finding(
            "warning",
            "not-operational",
            f"This is a {profile.profile_class} profile, no operator's: card or device may need it.",
        )
    elif not any(other.profile_class == "operational" for other in others):
        yield Finding(
            "warning", "last-profile", "This is the last profile on the card that connects anywhere."
        )
    told = any("delete" in entry.events for entry in profile.notifications)
    if not told and profile.profile_class != "test":
        yield Finding(
            "warning",
            "operator-not-notified",
            "The profile names no server to tell: its operator will not hear of the deletion from the card.",
            "Tell the operator yourself, and keep the receipts of what you write.",
        )


def _bound_later(profile: Profile) -> Iterator[Finding]:
    """A rule of the operator that binds a profile only once it is in use."""
    if "ppr1" in profile.policy_rules and not profile.enabled:
        yield Finding(
            "note",
            "ppr1",
            f"{profile.title} could not be taken out of use again once it was in use (PPR1). "
            "That does not prevent deleting it.",
        )


def pending(
    profile: Profile,
    others: Iterable[Profile],
    listed: Iterable[NotificationMetadata],
    unsent: Collection[NotificationMetadata],
    acknowledged: Collection[NotificationMetadata],
) -> Iterator[Finding]:
    """What servers have yet to hear, by the card's list and by what is kept of it here.

    `listed`: what waits on the card. `unsent` and `acknowledged`: what is kept here, and what of it servers
    know while the card may not have forgotten it. What both know is one.
    """
    listed = dict.fromkeys(listed)
    waiting = dict.fromkeys((*(told for told in listed if told not in acknowledged), *unsent))
    own = [told for told in waiting if told.iccid == profile.iccid]
    foreign = [told for told in waiting if told.iccid != profile.iccid]
    known = [told for told in listed if told in acknowledged and told not in unsent]
    send = "'lpa notifications send' delivers what waits."
    if own:
        events = ", ".join(f"{told.event} ({told.address})" for told in own)
        yield Finding(
            "warning",
            "notifications-pending",
            f"Servers have not heard yet of earlier events of this profile: {events}.",
            send,
        )
    if foreign:
        count = "1 notification" if len(foreign) == 1 else f"{len(foreign)} notifications"
        verb = "waits" if len(foreign) == 1 else "wait"
        yield Finding(
            "note",
            "notifications-pending-others",
            f"{count} of other profiles {verb} for a server: {_briefly(foreign, others)}.",
            send,
        )
    if known:
        yield Finding(
            "note",
            "still-on-card",
            "The card still holds 1 notification that its server has acknowledged."
            if len(known) == 1
            else f"The card still holds {len(known)} notifications that their servers have acknowledged.",
            "It will be removed: 'lpa notifications send' has the card forget what servers know.",
        )


def _briefly(foreign: Iterable[NotificationMetadata], others: Iterable[Profile]) -> str:
    """Profiles, each with its server and what happened; the first of them, if they are many."""
    titles: dict[Iccid | None, str] = {other.iccid: other.title for other in others}
    told = [
        f"{titles.get(one.iccid, one.iccid or 'an unknown profile')} ({one.address}: {one.event})"
        for one in foreign
    ]
    more = [f"and {len(told) - _MOST_NAMED} more"] if len(told) > _MOST_NAMED else []
    return ", ".join([*told[:_MOST_NAMED], *more])


def memory(free: int | None) -> Iterator[Finding]:
    """How much room there is now, in bytes, if the card says so."""
    if free is not None:
        yield Finding("note", "free-memory", f"The card has {sizes.in_words(free)} free now.")


def unfinished(functions: Iterable[str]) -> Iterator[Finding]:
    """What was begun on this card and not finished."""
    for function in functions:
        yield Finding(
            "note",
            "unfinished",
            "An earlier switch for a moment was not finished."
            if function == "temporary-enable"
            else f"An earlier '{function}' of this card was not finished.",
            "What became of it is found out before anything is deleted; 'lpa resume' does it now.",
        )


def temporarily_enabled(profiles: Iterable[Profile], targets: Collection[Iccid | None]) -> Iterator[Finding]:
    """What is in use until what was before is put back, which makes a plan untrue that was made now.

    `targets`: what was put to use for a moment that nobody ended.
    """
    for profile in profiles:
        if profile.enabled and profile.iccid in targets:
            yield Finding(
                "blocker",
                "temporarilyEnabled",
                f"The profile {profile.title} ({profile.iccid}) was put to use for a moment, and what was in "
                "use before is not in use again.",
                "'lpa resume' puts that back; then delete.",
            )


def reachability(address: str, problem: LpaError | None) -> Finding:
    """Whether a server that is to be told can be reached now, and proves who it is."""
    if problem is None:
        return Finding("note", "reachable", f"{address} can be reached, and is who it says it is.")
    if isinstance(problem, NotVerified):
        return Finding(
            "warning",
            "not-verified",
            f"What answers as {address} does not prove that it is that server. {problem.message}",
            "Somebody may answer in the operator's name. It is told nothing. What the card signs is kept; "
            "'lpa notifications send' delivers it once the server proves who it is.",
        )
    return Finding(
        "note",
        "unreachable",
        f"{address} will not be told at once. {problem.message}",
        "What the card signs is kept; 'lpa notifications send' delivers it later.",
    )


def backup(profile: Profile, others: Iterable[Profile], unreadable: Collection[bytes] = ()) -> Finding:
    """Whether what the profile holds can be saved before."""
    for stop in against_backup(profile, others, unreadable):
        return Finding("note", "no-backup", stop.message, stop.advice)
    if profile.enabled:
        message, advice = (
            "Its contacts and messages can be saved first.",
            "'lpa backup' or --backup does that.",
        )
    else:
        message = "Its contacts and messages can be saved first if it is put to use for a moment."
        advice = "--backup offers that: the servers are told of each switch."
    return Finding("note", "backup", message, advice)


def against_backup(
    profile: Profile, others: Iterable[Profile], unreadable: Collection[bytes] = ()
) -> Iterator[Finding]:
    """What makes it impossible to save what it holds: it cannot be put to use for a moment, and back."""
    if profile.enabled:
        return
    for stop in blockers.unreadable(unreadable):
        yield _no_backup(stop.message, stop.name, stop.advice)
    if profile.profile_class == "operational":  # Any other takes the place of one that is bound by PPR1.
        for other in others:
            if other.enabled and "ppr1" in other.policy_rules:
                in_use = f"{other.title} ({other.iccid}) is in use"
                yield _no_backup(f"{in_use}, and may not be disabled for that (PPR1).")
    if "ppr1" in profile.policy_rules:
        yield _no_backup("Once it was put to use for that, it could not be taken out of use again (PPR1).")


def _no_backup(why: str, name: str = "disallowedByPolicy", advice: str = "") -> Finding:
    return Finding(
        "blocker",
        name,
        f"Its contacts and messages cannot be saved. {why}",
        advice or "Ask the operator to lift the rule, or delete it without a backup.",
        "EnableProfile",
    )


def folder_taken(folder: str) -> Finding:
    """The folder that a backup is to make is there already."""
    advice = "Name a folder that does not exist yet."
    return Finding("blocker", "folderExists", f"{folder} is there already.", advice, "Backup")


def lock(tries: int | None) -> Finding:
    """The profile in use is locked with a PIN. `tries`: how many are left, None if the card does not say."""
    head, impossible = "Its contacts and messages are locked with a PIN", "They cannot be saved."
    if tries == 0:
        message = f"{head}, and it is blocked. {impossible}"
        return Finding("note", "pin-blocked", message, "Unblock it with the PUK in a phone first.")
    if tries == 1:
        message = f"{head}. Only one try is left for it, and is not used up here. {impossible}"
        advice = "Enter the PIN in a phone first: that brings the other tries back."
        return Finding("note", "pin-last-try", message, advice)
    left = f" Tries left: {tries}." if tries else ""
    return Finding("note", PIN_NEEDED, f"{head}.{left}", "--backup asks for it with --ask-pin.")


def reminders(profile: Profile) -> Iterator[Finding]:
    """What no card can check, of a profile that is an operator's."""
    if profile.profile_class == "test":
        return
    operator = profile.service_provider or "the operator"
    for name, message in (
        ("bills", f"Are all bills of {operator} paid?"),
        ("term", f"Is the term of the contract with {operator} over?"),
        ("balance", f"Is there a balance left, or a deposit or refund that {operator} owes you?"),
        (
            "accounts",
            f"Which accounts, banks and services know the number you have from {operator}? "
            "Give them another one first.",
        ),
        ("contact", f"Can you still reach {operator} when the number is gone, and prove who you are?"),
        ("contract", f"Deleting the profile does not end the contract with {operator}."),
    ):
        yield Finding("note", name, message)
