"""What happens to a phone number when its profile is deleted.

First a plan: everything that speaks against it is looked at while nothing has happened. Then, with the
person's consent:

1. make sure that a proof can be kept on this computer,
2. have the card delete the profile; if its answer is lost, read the card and believe what it shows,
3. keep the notification that the card signed about it, send it to the operator's server, and have the card
   forget it once the server has acknowledged it (`delivery`),
4. read the card again, and say what is true.

There is no way back after step 2, and nothing in step 3 can fail in a way that loses the proof.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lpa import findings, selection, switching
from lpa.card.es10 import Euicc
from lpa.delivery import Happening, Outbox, free_memory
from lpa.errors import BadAnswer, EuiccRefused, LpaError, OutcomeUnknown, Refused, StorageFailed, WireError
from lpa.findings import Finding
from lpa.journal import DELETING
from lpa.rsp.names import Aid, Eid, Iccid
from lpa.rsp.records import CHANGE_TAGS, Profile

# What cards say that want to be asked by AID.
_ASK_BY_AID = ("iccidOrAidNotFound", "undefinedError", "commandError")


@dataclass(frozen=True)
class Plan:
    """A deletion, and what speaks against it or should be known before.

    `disable_first`: the profile is in use and will be disabled before. `others`: what stays on the card.
    `findings`: stops, warnings and notes; `review` adds those that take a closer look, and `free_memory`, the
    bytes that were free on the card then.
    """

    eid: Eid
    profile: Profile
    others: tuple[Profile, ...]
    disable_first: bool
    findings: tuple[Finding, ...]
    free_memory: int | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """The servers that will be told. If empty, the operator will never hear of it from the card."""
        return Happening("delete", self.profile).addresses

    @property
    def stops(self) -> tuple[Finding, ...]:
        """What makes it impossible."""
        return tuple(finding for finding in self.findings if finding.level == "stop")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What a person should agree to, one by one."""
        return tuple(finding for finding in self.findings if finding.level == "warning")


def plan(euicc: Euicc, name: str | Iccid, *, disable_first: bool = False) -> Plan:
    """Look at everything that the card says of its profiles. Changes nothing.

    `name`: see `selection.read`. `disable_first`: consent to take a profile that is in use out of use.
    Raises `Refused` if there is no such profile.
    """
    profiles, profile = selection.read(euicc, name)
    others = tuple(other for other in profiles if other != profile)
    found = tuple(findings.against(profile, others, disable_first=disable_first))
    return Plan(euicc.eid, profile, others, profile.enabled and disable_first, found)


def review(outbox: Outbox, plan: Plan) -> Plan:
    """The plan with what a closer look finds: protection, what waits for servers, who can be reached.

    Changes nothing. What the card cannot say is left out.
    """
    euicc, found = outbox.euicc, list(plan.findings)
    if outbox.journal.protects(plan.profile.iccid):
        found.append(findings.protection(plan.profile.iccid))
    with contextlib.suppress(BadAnswer, EuiccRefused):
        found += findings.pending(plan.profile, euicc.list_notifications())
    free = free_memory(euicc)
    found += findings.memory(free)
    found += (findings.reach(address, outbox.obstacle(address)) for address in plan.addresses)
    found += (findings.backup(plan.profile), *findings.reminders(plan.profile))
    return replace(plan, findings=tuple(found), free_memory=free)


def delete(outbox: Outbox, plan: Plan, reason: str = "") -> switching.Outcome:
    """Carry out a plan: delete the profile, for ever, and tell the servers.

    `reason`: the person's own words, for the journal, which also notes the free memory before and after if
    the plan was reviewed. Raises `Refused` if the plan has a stop or is for
    another card, `StorageFailed` before anything is done, `EuiccRefused` if the card says no, `WireError` if
    the card shows that nothing was done, and `OutcomeUnknown` if it cannot be asked any more.
    """
    euicc, profile = outbox.euicc, plan.profile
    if euicc.eid != plan.eid:
        raise Refused("DeleteProfile", "otherCard", "This is not the card that the plan was made for.")
    if outbox.journal.protects(profile.iccid):
        plan = replace(plan, findings=(*plan.findings, findings.protection(profile.iccid)))
    for stop in plan.stops:
        raise stop.refused
    disabled = _disabled(outbox, profile) if plan.disable_first else switching.Outcome()
    before = _since(disabled, (profile, *plan.others))
    with outbox.operation("delete", before, reason, plan.free_memory) as operation:
        operation.enter(DELETING)
        try:
            _delete(euicc, profile)
        except LpaError as error:
            if disabled.happenings:
                error.add("It was disabled before, and is out of use now.")
            raise
        happening = Happening("delete", profile)
        deliveries = outbox.settle(operation, [happening])
    return switching.Outcome(
        profile,
        (*disabled.happenings, happening),
        (*disabled.deliveries, *deliveries),
        _still_there(euicc, profile),
        operation.memory_after,
    )


def _disabled(outbox: Outbox, profile: Profile) -> switching.Outcome:
    """Take it out of use. Only when that is settled may there be more to settle."""
    outcome = switching.disable(outbox, profile.iccid)
    if outbox.journal.unfinished(outbox.euicc.eid):
        stopped = StorageFailed(
            f"{profile.title} is out of use now, but was not deleted: what the card says of it was not kept.",
            advice="Run 'lpa resume', then delete it.",
        )
        for problem in {str(delivery.problem) for delivery in outcome.deliveries if delivery.problem}:
            stopped.add(problem)
        raise stopped
    return outcome


def _since(disabled: switching.Outcome, profiles: Iterable[Profile]) -> Iterator[Profile]:
    """The profiles as they are after the one in use was disabled: a test profile gives way to another."""
    states = {"enable": "enabled", "disable": "disabled"}
    changed = {happening.profile.iccid: states[happening.event] for happening in disabled.happenings}
    for profile in profiles:
        yield replace(profile, state=changed.get(profile.iccid, profile.state))


def _delete(euicc: Euicc, profile: Profile) -> None:
    """Have the card delete it. A card that says no is believed only if it still lists the profile."""
    try:
        _ask(euicc, profile)
    except EuiccRefused:
        if _still_there(euicc, profile):
            raise


def _ask(euicc: Euicc, profile: Profile) -> None:
    """Have the card delete it: by ICCID, and by AID if the card says that it does not know that one."""
    for identifier in _identifiers(euicc, profile):
        try:
            return euicc.delete_profile(identifier)
        except OutcomeUnknown as unknown:
            after = switching.look_again(euicc, unknown)
            if any(left.iccid == profile.iccid for left in after):
                raise WireError(
                    f"{unknown.message} The card was read again: it still has the profile.",
                    advice="Try again.",
                ) from unknown
            if after.unreadable:  # It may be the one that cannot be read.
                raise
            return None
        except EuiccRefused as error:
            if error.reason not in _ASK_BY_AID:
                raise
            refused = error
    raise refused


def _identifiers(euicc: Euicc, profile: Profile) -> Iterator[Iccid | Aid]:
    """The AID is read only when it is wanted, which also shows whether the profile is still there."""
    yield profile.iccid
    yield from switching.aids_of(euicc, profile)


def _still_there(euicc: Euicc, profile: Profile) -> LpaError | None:
    """What a last look at the card finds wrong, None if the profile is gone."""
    try:
        left = euicc.profiles(CHANGE_TAGS, only=profile.iccid)
    except LpaError as error:
        return error
    if left or left.unreadable:
        return BadAnswer(f"The card says that {profile.iccid} is deleted, and still lists it.")
    return None
