"""What `lpa delete --backup` says and asks about the backup before a deletion."""

from __future__ import annotations

from collections.abc import Collection

from lpa.cli.backups import pin, saved
from lpa.cli.changes import agree
from lpa.cli.documents import Answer
from lpa.cli.gate import exit_code
from lpa.cli.screen import Screen
from lpa.cli.words import named, steps
from lpa.deletion import Plan
from lpa.findings import PIN_NEEDED
from lpa.rescue import Rescue

# A warning that is found only while saving; --accept takes it too.
FAILED = "backup-failed"


def agree_to_enable(screen: Screen, plan: Plan, *, enable_first: bool) -> None:
    """The person's yes to have the profile in use for a moment, if it is not. Raises `Declined` without."""
    if plan.profile.enabled:
        return
    screen.say(
        f"To save what {plan.profile.title} holds, it is put to use for a moment, and then out of use again.",
        "yellow",
    )
    for other in plan.others:
        if other.enabled:
            screen.say(f"{named(other)} is out of use meanwhile, and in use again before the deletion.")
    screen.say("The card signs a notification about each of these switches, and the servers are told.")
    if not enable_first:
        agree(screen, "the word 'enable'", "enable", "--enable-first")


def pin_for(screen: Screen, plan: Plan, *, ask_pin: bool) -> str | None:
    """The PIN for the backup, if one is wanted; also if the profile is locked, and a person can be asked."""
    locked = any(finding.name == PIN_NEEDED for finding in plan.findings)
    return pin(screen, ask_pin or (locked and screen.attended))


def stopped(screen: Screen, rescued: Rescue, accepted: Collection[str]) -> Answer | None:
    """Say what was saved. The answer with which it ends there, None if the deletion may go on."""
    for outcome in rescued.switches:
        for text, style in steps(outcome):
            screen.line((text, style))
    if rescued.backup:
        saved(screen, rescued.backup)
    if rescued.problem is None:
        return None
    problem = rescued.problem
    screen.say(f"Backup: {problem.message}", "red")
    if FAILED in accepted:
        return None
    screen.say(f"Nothing was deleted. --accept {FAILED} deletes it all the same.")
    screen.say(problem.advice)
    return Answer({"rescue": rescued}, problem, exit_code(problem))
