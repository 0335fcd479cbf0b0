"""The command that deletes a profile: show the plan, ask, back up if wanted, delete, report."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpa.advice.commands import ACCEPT_WITH
from lpa.cli.commands.consent import BACKUP_FAILED, confirm
from lpa.cli.commands.interruption import changing
from lpa.cli.commands.outcomes import report
from lpa.cli.commands.profile_name import by_digits
from lpa.cli.commands.recovery import recovering
from lpa.cli.commands.send_due import then_send_due
from lpa.cli.group import command
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.parsing import DELIVER, FOLDER, PLAN, PROFILE_NAME, REASON
from lpa.cli.views.findings import plan_findings
from lpa.cli.views.profiles import named, rules, unread
from lpa.deletion.plan import Plan
from lpa.errors import Declined
from lpa.later import later
from lpa.profiles import selection
from lpa.profiles.blockers import WARNINGS
from lpa.rsp import sizes

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.cells import Facts
    from lpa.cli.commands import delete_backup
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.deletion import backup_first
    from lpa.deletion.backup_first import BackupFirst
    from lpa.profiles.selection import Selector
    from lpa.profiles.switching import Outcome
    from lpa.rsp.deliver import Deliver
    from lpa.rsp.names import Iccid
    from lpa.rsp.records import Profile
else:
    (delete_backup,) = later("lpa.cli.commands", "delete_backup")
    (backup_first,) = later("lpa.deletion", "backup_first")

_DIGITS = 4  # of an ICCID: as many as can name a profile
_FINAL = "This cannot be undone."
_NOT_NOTIFIED = "The card sends no notification to this operator: inform them yourself."


@command()
@click.argument("name", type=PROFILE_NAME, required=False)
@click.option("--disable-first", is_flag=True, help="If the profile is enabled, disable it first.")
@click.option("--yes", is_flag=True, help="Do not ask. Warnings must be accepted by name.")
@click.option(
    "--accept",
    "accepted",
    type=click.Choice([*WARNINGS, BACKUP_FAILED]),
    multiple=True,
    metavar="WARNING",
    help=f"Proceed despite this warning: {', '.join(WARNINGS)} or {BACKUP_FAILED}.",
)
@click.option(
    "--backup", type=FOLDER, metavar="DIR", help="Save contacts and messages to this new folder first."
)
@click.option(
    "--enable-first",
    is_flag=True,
    help="To back up a disabled profile, enable it temporarily (sends notifications).",
)
@click.option("--ask-pin", is_flag=True, help="Ask for the profile's PIN, for the backup.")
@click.option(
    "--reason", type=REASON, default="", metavar="TEXT", help="Why, in your words; kept on this computer."
)
@DELIVER
@click.option("--plan", "only_plan", is_flag=True, help="Only show what would be done.")
@click.option(
    "--apply",
    "saved",
    type=PLAN,
    metavar="FILE",
    help="Carry out the plan that --plan --json wrote to FILE, if the card has not changed since.",
)
@click.pass_obj
def delete(
    console: Console,
    *,
    name: str | None,
    disable_first: bool,
    yes: bool,
    accepted: tuple[str, ...],
    backup: Path | None,
    enable_first: bool,
    ask_pin: bool,
    reason: str,
    deliver: Deliver,
    only_plan: bool,
    saved: Plan | None,
) -> CommandResult:
    """Delete a profile from the card, permanently.

    Sends notifications to the operator, and keeps a receipt of each on this computer. NAME is an ICCID, its
    last digits (four or more), or an ISD-P AID; with --plan also a nickname, operator or profile name that no
    other profile has.
    """
    if (name is None) == (saved is None):
        raise click.UsageError("Give a NAME, or --apply with a plan.")
    if saved and disable_first:
        raise click.UsageError("Do not give --disable-first with --apply: the plan says it.")
    selector = by_digits(name) if name is not None and not only_plan else None
    with console.delivering_assistant(deliver=deliver) as assistant:
        chosen = saved or selector or selection.to_read(assistant.euicc, name or "", "DeleteProfile")
        plan = _planned(console.screen, assistant, chosen, disable_first=disable_first)
        if backup or only_plan:  # Checking for a PIN takes time, which other deletions need not spend.
            plan = assistant.review_backup(plan, backup)
        if only_plan:
            return _show(console.screen, plan)
        _announce(console.screen, plan)
        for blocker in plan.blockers:
            raise blocker.refused
        if backup:
            delete_backup.confirm_temporary_enable(console.screen, plan, enable_first=enable_first)
        _consent(console.screen, plan, accepted, yes=yes)
        pin = delete_backup.pin_for(console.screen, plan, ask_pin=ask_pin) if backup else None
        with changing(console.screen):
            made = backup_first.BackupFirst()
            if backup:
                with recovering(console.screen, assistant):
                    made = delete_backup.back_up_first(console.screen, assistant, plan, backup, pin)
                if ended := delete_backup.failure(console.screen, made, accepted):
                    return then_send_due(console.screen, assistant, ended, made.deliveries)
            with recovering(console.screen, assistant), console.screen.progress() as progress:
                outcome = assistant.delete(plan, reason, progress=progress)
            return _report(console.screen, assistant, plan, outcome, made)


def _planned(
    screen: Screen, assistant: Assistant, chosen: Plan | Iccid | Selector, *, disable_first: bool
) -> Plan:
    """The plan as the card is now, with all findings. `chosen`: a saved plan, or a profile."""
    if isinstance(chosen, Plan):
        plan = assistant.revalidate(chosen)
    else:
        plan = assistant.plan_deletion(chosen, disable_first=disable_first)
    with screen.progress() as progress:
        return assistant.review_deletion(plan, progress=progress)


def _show(screen: Screen, plan: Plan) -> CommandResult:
    """Print the plan as the result."""
    screen.facts(_facts(plan))
    for cells in plan_findings(plan):
        screen.line(*cells)
    screen.line("")
    screen.line("This is only a plan: nothing was changed.")
    more = {"addresses": plan.addresses, "fingerprint": plan.fingerprint, "deletable": plan.deletable}
    return CommandResult(plain(plan) | more)


def _announce(screen: Screen, plan: Plan) -> None:
    """Print the plan before it is carried out, or refused."""
    screen.say_facts(_facts(plan))
    for cells in plan_findings(plan):
        screen.stderr_line(*cells)
    screen.say()


def _consent(screen: Screen, plan: Plan, accepted: Collection[str], *, yes: bool) -> None:
    """Have each warning accepted by its name, and the deletion confirmed. Raises `Declined` otherwise."""
    unaccepted: dict[str, list[str]] = {}
    for warning in plan.warnings:
        if warning.name not in accepted:
            unaccepted.setdefault(warning.name, []).append(warning.message)
    options = " ".join(f"--accept {name}" for name in unaccepted)
    if yes and unaccepted:
        raise Declined(
            "--yes does not accept warnings.",
            advice=ACCEPT_WITH.filled(options=options),
            reason="warningsNotAccepted",
        )
    if unaccepted:
        _repeat(screen, plan.profile)
    for name, messages in unaccepted.items():
        screen.say(" ".join(messages), "yellow")
        question = f"Type {name} to proceed despite this warning:"
        if screen.ask(question, otherwise=f"--yes {options}") != name:
            raise Declined(f"The input is not {name}.", reason="notConfirmed")
    if not yes:
        digits = str(plan.profile.iccid)[-_DIGITS:]
        _repeat(screen, plan.profile)
        confirm(screen, "the last four digits of its ICCID", digits, otherwise="--yes")


def _repeat(screen: Screen, profile: Profile) -> None:
    """Print what is deleted once more: a long plan leaves the top of a small terminal."""
    screen.say_facts(
        [
            ("To delete", profile.title),
            ("Operator", profile.service_provider),
            ("ICCID", str(profile.iccid)),
        ]
    )
    screen.say(_FINAL, "bold")


def _report(
    screen: Screen, assistant: Assistant, plan: Plan, outcome: Outcome, made: BackupFirst
) -> CommandResult:
    """Print what was done and the state now; then send what is due."""
    state = f"{named(plan.profile)} was deleted permanently."
    if plan.operator_not_notified:
        state += f" {_NOT_NOTIFIED}"
    result = report(screen, outcome, state, made.deliveries)
    if plan.free_memory is not None and outcome.free_memory is not None:
        before, now = map(sizes.in_words, (plan.free_memory, outcome.free_memory))
        screen.say(f"Free memory: {before} before, {now} now.")
    result = replace(result, data=plain(result.data) | {"backup_first": plain(made)})
    return then_send_due(screen, assistant, result, (*outcome.deliveries, *made.deliveries))


def _facts(plan: Plan) -> Facts:
    profile = plan.profile
    first = ["It is enabled, and will be disabled first."] if plan.disable_first else []
    others = [*(f"{named(other)}, {other.state}" for other in plan.others), *unread(plan.unreadable)]
    return [
        ("To delete", [profile.title, _FINAL, *first]),
        ("Operator", profile.service_provider),
        ("Profile", profile.name),
        ("ICCID", str(profile.iccid)),
        ("Class", profile.profile_class),
        ("State", profile.state),
        ("Rules", rules(profile)),
        ("Notifies", _servers(plan)),
        ("Card", [f"EID {plan.eid}", f"in {plan.reader}" if plan.reader else ""]),
        ("Other profiles", others or ["none"]),
    ]


def _servers(plan: Plan) -> list[str]:
    """Which servers are notified of the deletion, or why none is."""
    if plan.operator_not_notified:
        return [f"no server. {_NOT_NOTIFIED}"]
    return [*plan.addresses] or ["no server: it is a test profile"]
