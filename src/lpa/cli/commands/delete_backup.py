"""What `lpa delete --backup` says and asks about the backup before a deletion."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from lpa.assistant import Assistant
from lpa.cli.commands.backup import pin, saved
from lpa.cli.commands.switch import agree
from lpa.cli.exits import Interrupted, exit_code
from lpa.cli.json_output import Answer, plain
from lpa.cli.screen import Screen
from lpa.cli.views.sentences import change_lines, named
from lpa.deletion.backup_first import BackupFirst, Stopped
from lpa.deletion.findings import PIN_NEEDED
from lpa.deletion.plan import Plan

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
    return pin(screen, ask_pin or (locked and screen.interactive))


def rescued(screen: Screen, assistant: Assistant, plan: Plan, folder: Path, typed: str | None) -> BackupFirst:
    """Make the backup, and say what was saved and done for it; also if Ctrl-C ends that."""
    try:
        rescue = assistant.back_up_first(plan, folder, pin=typed)
    except Stopped as stop:
        _tell(screen, stop.done)
        if not stop.done.restored:
            raise Interrupted from stop
        raise Interrupted("Stopped. Nothing was deleted; what was in use before is in use.", "") from stop
    _tell(screen, rescue)
    return rescue


def _tell(screen: Screen, rescue: BackupFirst) -> None:
    screen.done["rescue"] = plain(rescue)
    for outcome in rescue.switches:
        for text, style in change_lines(outcome):
            screen.line((text, style))
    if rescue.backup:
        saved(screen, rescue.backup)


def stopped(screen: Screen, rescue: BackupFirst, accepted: Collection[str]) -> Answer | None:
    """The answer with which it ends after the backup, None if the deletion may go on."""
    if rescue.problem is None:
        return None
    problem = rescue.problem
    screen.say(f"Backup: {problem.message}", "red")
    if rescue.restored and FAILED in accepted:
        return None
    otherwise = f" --accept {FAILED} deletes it all the same." if rescue.restored else ""
    screen.say(f"Nothing was deleted.{otherwise}")
    screen.say(problem.advice)
    return Answer({"rescue": rescue}, problem, exit_code(problem))
