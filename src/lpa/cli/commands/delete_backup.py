"""The backup before a deletion (`lpa delete --backup`): what is asked and reported."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from lpa.cli.commands.backup import ask_for_pin, report_backup
from lpa.cli.commands.consent import BACKUP_FAILED, confirm
from lpa.cli.commands.outcomes import report_changes
from lpa.cli.exits import Interrupted, exit_code
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.views.profiles import named
from lpa.deletion.backup_first import BackupFirst, BackupInterrupted
from lpa.deletion.findings import PIN_NEEDED

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.screen import Screen
    from lpa.deletion.plan import Plan


def confirm_temporary_enable(screen: Screen, plan: Plan, *, enable_first: bool) -> None:
    """Have a person confirm that a disabled profile is enabled temporarily. Raises `Declined` otherwise."""
    if plan.profile.enabled:
        return
    screen.say(
        f"To back up {plan.profile.title}, it is enabled temporarily and then disabled again.", "yellow"
    )
    for other in plan.others:
        if other.enabled:
            screen.say(f"{named(other)} is disabled meanwhile, and enabled again before the deletion.")
    screen.say("Notifications are sent for each of these changes.")
    if not enable_first:
        confirm(screen, "the word 'enable'", "enable", otherwise="--enable-first")


def pin_for(screen: Screen, plan: Plan, *, ask_pin: bool) -> str | None:
    """The PIN for the backup, if one is wanted; also if the profile is locked and a person can be asked."""
    locked = any(finding.name == PIN_NEEDED for finding in plan.findings)
    return ask_for_pin(screen, ask_pin or (locked and screen.interactive))


def back_up_first(
    screen: Screen, assistant: Assistant, plan: Plan, folder: Path, pin: str | None
) -> BackupFirst:
    """Make the backup, and report it and the changes made for it; also if Ctrl-C ends it."""
    try:
        with screen.progress() as progress:
            made = assistant.back_up_first(plan, folder, pin=pin, progress=progress)
    except BackupInterrupted as stop:
        _report(screen, stop.done)
        if not stop.done.restored:
            raise Interrupted from stop
        message = "Interrupted. Nothing was deleted; the profiles are enabled and disabled as before."
        raise Interrupted(message, "") from stop
    _report(screen, made)
    return made


def _report(screen: Screen, made: BackupFirst) -> None:
    screen.done["backup_first"] = plain(made)
    for outcome in made.switches:
        report_changes(screen, outcome)
    if made.backup:
        report_backup(screen, made.backup)


def failure(screen: Screen, made: BackupFirst, accepted: Collection[str]) -> CommandResult | None:
    """The result if the backup ends the command, None if the deletion may proceed."""
    problem = made.problem
    if problem is None:
        return None
    screen.say(f"Backup: {problem.message}", "red")
    if made.restored and BACKUP_FAILED in accepted:
        return None
    otherwise = f" Use --accept {BACKUP_FAILED} to delete it anyway." if made.restored else ""
    screen.say(f"Nothing was deleted.{otherwise}")
    screen.say(problem.advice)
    return CommandResult({"backup_first": made}, problem, exit_code(problem))
