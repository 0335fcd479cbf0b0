"""The plan of a deletion: what the card shows, and what speaks against it. Making one changes nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lpa.card.es10 import Euicc
from lpa.deletion import findings
from lpa.errors import BadAnswer, EuiccRefused, Refused
from lpa.notifications.card_context import CardContext
from lpa.notifications.changes import ProfileChange
from lpa.notifications.outbox import Outbox
from lpa.profiles import selection, snapshot, temporary_enable
from lpa.profiles.blockers import Finding, of_level, protection
from lpa.profiles.selection import Selector
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import CHANGE_TAGS, NotificationMetadata, Profile


@dataclass(frozen=True)
class Plan:
    """A deletion that was not carried out yet, and what a person should know before it is.

    `disable_first`: the profile is enabled, and is disabled before. `others`: what stays on the card.
    `findings`: blockers, warnings and notes; `review` adds those that take a closer look, and `free_memory`,
    the bytes that were free on the card then. `unreadable`: items of the card's list that cannot be read.
    `reader`: the reader's name, for people; empty if it has none.
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
    def snapshot_digest(self) -> str:
        """A fingerprint of what the card showed when the plan was made (see `comparison`)."""
        return snapshot.fingerprint(self.eid, (self.profile, *self.others), self.unreadable)

    @property
    def fingerprint(self) -> str:
        """A fingerprint of the whole plan: what the card showed, and what is to be done to which profile."""
        wish = {"iccid": str(self.profile.iccid), "disable_first": self.disable_first}
        return snapshot.digest({"look": self.snapshot_digest} | wish)

    @property
    def deletable(self) -> bool:
        """Whether it can be carried out: nothing makes it impossible. Warnings may want a yes yet."""
        return not self.blockers

    @property
    def addresses(self) -> tuple[str, ...]:
        """The servers that will be told."""
        return ProfileChange("delete", self.profile).addresses

    @property
    def operator_not_notified(self) -> bool:
        """Whether there is an operator who will never hear of it from the card. A test profile has none."""
        return not self.addresses and self.profile.profile_class != "test"

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """What makes it impossible."""
        return of_level("blocker", self.findings)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What a person should agree to, one by one."""
        return of_level("warning", self.findings)


def make_plan(euicc: Euicc, name: Iccid | Selector, *, disable_first: bool = False) -> Plan:
    """Plan the deletion of a profile from what the card says of its profiles. Changes nothing.

    `name`: see `selection.read`. `disable_first`: consent to disable an enabled profile before. Blockers are
    in the plan, not raised. Raises `Refused` only if no profile, or more than one, goes by that name.
    """
    profiles, profile = selection.read(euicc, name)
    others = tuple(other for other in profiles if other != profile)
    return Plan(
        euicc.eid,
        profile,
        others,
        profile.enabled and disable_first,
        tuple(findings.checks(profile, others, disable_first=disable_first)),
        unreadable=profiles.unreadable,
    )


def review(card: CardContext, outbox: Outbox, plan: Plan) -> Plan:
    """The plan with what a closer look finds: protection, pending notifications, servers out of reach.

    Changes nothing. What the card cannot say is left out.
    """
    free = card.free_memory()
    found = [
        *_unfinished(card, plan),
        *protection_of(card, plan),
        *_pending(card, plan),
        *findings.memory(free),
        *(findings.reachability(address, outbox.check_reachable(address)) for address in plan.addresses),
        findings.backup(plan.profile, plan.others, plan.unreadable),
        *findings.reminders(plan.profile),
    ]
    return replace(plan, findings=tuple(found), free_memory=free)


def refuse_if_changed(euicc: Euicc, plan: Plan) -> None:
    """Raise `Refused` with "otherCard", or "cardChanged" if the card no longer shows what the plan saw."""
    refuse_other_card(euicc, plan)
    now = euicc.profiles(CHANGE_TAGS)
    if snapshot.fingerprint(euicc.eid, now, now.unreadable) != plan.snapshot_digest:
        differences = [*snapshot.differences((plan.profile, *plan.others), now)]
        differences += snapshot.hidden(plan.unreadable, now.unreadable)
        raise Refused(
            "DeleteProfile",
            "cardChanged",
            " ".join(["The card has changed since the plan was made.", *differences]),
            advice="Make a new plan: 'lpa delete NAME --plan' shows it.",
        )


def refuse_other_card(euicc: Euicc, plan: Plan) -> None:
    """Raise `Refused` with "otherCard" if the plan was made for another card."""
    if euicc.eid != plan.eid:
        raise Refused("DeleteProfile", "otherCard", "This is not the card that the plan was made for.")


def protection_of(card: CardContext, plan: Plan) -> Iterator[Finding]:
    """Whether this computer refuses to delete the profile."""
    yield from protection([plan.profile] if card.journal.protects(plan.profile.iccid) else [])


def _unfinished(card: CardContext, plan: Plan) -> Iterator[Finding]:
    """What the plan found, and what is unfinished on this card.

    A temporary enable that was not ended explains why the profile is enabled, and takes that finding's place.
    """
    unfinished = card.journal.unfinished(plan.eid)
    enabled = [one.target for one in unfinished if one.function == temporary_enable.OPERATION]
    for finding in plan.findings:
        if finding.name != "profileNotInDisabledState" or plan.profile.iccid not in enabled:
            yield finding
    blockers = [*findings.temporarily_enabled((plan.profile, *plan.others), enabled)]
    yield from blockers
    explained = [temporary_enable.OPERATION] if blockers else []
    yield from findings.unfinished(one.function for one in unfinished if one.function not in explained)


def _pending(card: CardContext, plan: Plan) -> Iterator[Finding]:
    """The notifications that are pending: on the card, or kept here while the card may have lost them."""
    listed: tuple[NotificationMetadata, ...] = ()
    with contextlib.suppress(BadAnswer, EuiccRefused):
        listed = tuple(card.euicc.list_notifications())
    kept = card.journal.outbox(plan.eid)
    unsent = [entry.notification.metadata for entry in kept if entry.sent is None]
    acknowledged = [entry.notification.metadata for entry in kept if entry.sent is not None]
    yield from findings.pending(plan.profile, plan.others, listed, unsent, acknowledged)
