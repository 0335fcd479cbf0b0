"""Plan a deletion: what the card shows, and the findings for a person. Making a plan changes nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from lpa.advice.profiles import NEW_PLAN
from lpa.card.es10 import Euicc
from lpa.deletion import findings
from lpa.errors import BadAnswer, EuiccRefused, Refused
from lpa.notifications.card_context import CardContext
from lpa.notifications.changes import ProfileChange
from lpa.notifications.on_card import OnCard
from lpa.notifications.outbox import Outbox
from lpa.profiles import selection, snapshot, temporary_enable
from lpa.profiles.blockers import Finding, of_level, protection
from lpa.profiles.selection import Selector
from lpa.rsp.arguments import expect
from lpa.rsp.facts import Fact, fact
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import CHANGE_TAGS, NotificationEvent, NotificationMetadata, Profile


@fact
class Plan(Fact):
    """A deletion that was not carried out yet, and what a person should know before it is.

    `disable_first`: the profile is enabled, and is disabled first. `others`: the profiles that stay on the
    card. `findings`: blockers, warnings and notes; `review` completes them, and sets `free_memory`, the bytes
    that are free on the card. `unreadable`: the items of the card's list that cannot be read. `reader`: the
    reader's name, for people; empty if it has none.
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
        """A digest of what the card listed when the plan was made: see `snapshot.fingerprint`."""
        return snapshot.fingerprint(self.eid, (self.profile, *self.others), self.unreadable)

    @property
    def fingerprint(self) -> str:
        """A digest of the whole plan: what the card listed, and what is to be done to which profile."""
        deletion = {"iccid": str(self.profile.iccid), "disable_first": self.disable_first}
        return snapshot.digest({"snapshot": self.snapshot_digest} | deletion)

    @property
    def deletable(self) -> bool:
        """Whether the plan has no blocker. Its warnings may still have to be accepted."""
        return not self.blockers

    @property
    def addresses(self) -> tuple[str, ...]:
        """The servers that will be notified."""
        return ProfileChange(NotificationEvent.DELETE, self.profile).addresses

    @property
    def operator_not_notified(self) -> bool:
        """Whether the card notifies no operator of the deletion. A test profile has no operator."""
        return not self.addresses and self.profile.profile_class != "test"

    @property
    def blockers(self) -> tuple[Finding, ...]:
        """The findings that make the deletion impossible."""
        return of_level("blocker", self.findings)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that a person must accept, one by one."""
        return of_level("warning", self.findings)


def make_plan(euicc: Euicc, name: Iccid | Selector, *, disable_first: bool = False, reader: str = "") -> Plan:
    """Plan the deletion of a profile from the card's list of profiles. Changes nothing.

    `name`: see `selection.read`. `disable_first`: consent to disable an enabled profile first. Blockers are
    in the plan, not raised. Raises `NoSuchProfile` or `AmbiguousProfile`, and no other `Refused`.
    """
    profiles, profile = selection.read(euicc, name, "DeleteProfile")
    others = tuple(other for other in profiles if other != profile)
    return Plan(
        euicc.eid,
        profile,
        others,
        profile.enabled and disable_first,
        tuple(findings.checks(profile, others, disable_first=disable_first)),
        unreadable=profiles.unreadable,
        reader=reader,
    )


def review(card: CardContext, outbox: Outbox, plan: Plan) -> Plan:
    """The plan with more findings: protection, pending notifications, servers that cannot be reached.

    Changes nothing. What the card does not say is left out.
    """
    expect("plan", plan, Plan)
    info = card.info()
    free = info.resource.free_non_volatile if info else None
    found = [
        *_unfinished(card, plan),
        *protection_of(card, plan),
        *_pending(card, plan),
        *findings.managed_remotely(info),
        *findings.memory(free),
        *(findings.reachability(address, outbox.check_reachable(address)) for address in plan.addresses),
        findings.backup(plan.profile, plan.others, plan.unreadable),
        *findings.reminders(plan.profile),
    ]
    return replace(plan, findings=tuple(found), free_memory=free)


def refuse_if_changed(euicc: Euicc, plan: Plan) -> None:
    """Raise `Refused` with "otherCard", or with "cardChanged" if the card has changed since the plan."""
    refuse_other_card(euicc, plan)
    now = euicc.profiles(CHANGE_TAGS)
    if snapshot.fingerprint(euicc.eid, now, now.unreadable) != plan.snapshot_digest:
        differences = [*snapshot.differences((plan.profile, *plan.others), now)]
        differences += snapshot.unreadable_differences(plan.unreadable, now.unreadable)
        raise Refused(
            "DeleteProfile",
            "cardChanged",
            " ".join(["The card has changed since the plan was made.", *differences]),
            advice=NEW_PLAN,
        )


def refuse_other_card(euicc: Euicc, plan: Plan) -> None:
    """Raise `Refused` with "otherCard" if the plan was made for another card."""
    expect("plan", plan, Plan)
    if euicc.eid != plan.eid:
        raise Refused("DeleteProfile", "otherCard", "This is not the card that the plan was made for.")


def protection_of(card: CardContext, plan: Plan) -> Iterator[Finding]:
    """A blocker if this computer protects the profile."""
    yield from protection([plan.profile] if card.journal.protects(plan.profile.iccid) else [])


def _unfinished(card: CardContext, plan: Plan) -> Iterator[Finding]:
    """The findings of the plan, and the interrupted operations on this card.

    A temporary enable that is not ended explains why the profile is enabled, and replaces that finding.
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
    """The pending notifications: those on the card, and those kept here, which it may no longer hold."""
    listed: tuple[NotificationMetadata, ...] = ()
    with contextlib.suppress(BadAnswer, EuiccRefused):
        listed = OnCard(card.euicc).listed()
    kept = card.journal.outbox(plan.eid)
    unsent = [entry.notification.metadata for entry in kept if entry.sent is None]
    acknowledged = [entry.notification.metadata for entry in kept if entry.sent is not None]
    yield from findings.pending(plan.profile, plan.others, listed, unsent, acknowledged)
