"""The command that deletes a profile: it shows a plan, asks, saves what is wanted, says what became true."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import click

from lpa.assistant import Assistant
from lpa.cli.commands.delete_backup import FAILED, agree_to_enable, pin_for, rescued, stopped
from lpa.cli.commands.switch import agree, told
from lpa.cli.console import Console, changing, resuming
from lpa.cli.group import command
from lpa.cli.json_output import Answer, plain
from lpa.cli.parsing import FOLDER, PLAN, PROFILE, REASON
from lpa.cli.screen import Facts, Screen
from lpa.cli.views.findings import counsel
from lpa.cli.views.pending import then_send_due
from lpa.cli.views.sentences import named, rules, servers, unread
from lpa.deletion.backup_first import BackupFirst
from lpa.deletion.plan import Plan
from lpa.errors import Declined
from lpa.profiles.blockers import WARNINGS
from lpa.profiles.switching import Outcome
from lpa.rsp import sizes

_DIGITS = 4  # of an ICCID: as many as name a profile


@command()
@click.argument("name", type=PROFILE, required=False)
@click.option("--disable-first", is_flag=True, help="If it is in use, take it out of use first.")
@click.option("--yes", is_flag=True, help="Do not ask. Warnings have to be accepted by name.")
@click.option(
    "--accept",
    "accepted",
    type=click.Choice([*WARNINGS, FAILED]),
    multiple=True,
    metavar="WARNING",
    help=f"Go on in spite of this warning: {', '.join(WARNINGS)} or {FAILED}.",
)
@click.option(
    "--backup", type=FOLDER, metavar="DIR", help="Save contacts and messages into this new folder first."
)
@click.option(
    "--enable-first",
    is_flag=True,
    help="To back up a profile that is not in use, put it to use for a moment. Servers are told.",
)
@click.option("--ask-pin", is_flag=True, help="Ask for the profile's PIN, for the backup.")
@click.option(
    "--reason", type=REASON, default="", metavar="TEXT", help="Why, in your words; kept on this computer."
)
@click.option("--plan", "only_plan", is_flag=True, help="Only show what would be done.")
@click.option(
    "--apply",
    "saved",
    type=PLAN,
    metavar="FILE",
    help="Carry out what --plan --json printed into FILE, if the card is still as it was then.",
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
    only_plan: bool,
    saved: Plan | None,
) -> Answer:
    """Delete a profile from the card, for good.

    Its servers are told, and what the card signs about it is kept on this computer. NAME is an ICCID, the
    last digits of it (four or more), or an ISD-P AID.
    """
    if (name is None) == (saved is None):
        raise click.UsageError("Give a NAME, or --apply with a plan.")
    if saved and disable_first:
        raise click.UsageError("--apply takes from the plan whether to disable first.")
    with console.delivering_assistant() as assistant:
        plan = _planned(assistant, name, saved, disable_first=disable_first)
        if backup or only_plan:  # Looking at a PIN takes time, which nobody else has to spend.
            plan = assistant.review_backup(plan, backup)
        if only_plan:
            return _shown(console.screen, plan)
        _tell(console.screen, plan)
        for stop in plan.blockers:
            raise stop.refused
        if backup:
            agree_to_enable(console.screen, plan, enable_first=enable_first)
        _consent(console.screen, plan, accepted, yes=yes)
        typed = pin_for(console.screen, plan, ask_pin=ask_pin) if backup else None
        with changing():  # To the last line: Ctrl-C while it is told what was done must not deny it.
            rescue = BackupFirst()
            if backup:
                with resuming(console.screen, assistant):
                    rescue = rescued(console.screen, assistant, plan, backup, typed)
                if answer := stopped(console.screen, rescue, accepted):
                    return answer
            with resuming(console.screen, assistant):
                outcome = assistant.delete(plan, reason)
            return _done(console.screen, assistant, plan, outcome, rescue)


def _planned(assistant: Assistant, name: str | None, saved: Plan | None, *, disable_first: bool) -> Plan:
    """The plan as it is now, whole."""
    if saved:
        return assistant.review_deletion(assistant.revalidate(saved))
    return assistant.review_deletion(assistant.plan_deletion(name or "", disable_first=disable_first))


def _shown(screen: Screen, plan: Plan) -> Answer:
    """The plan as the result."""
    screen.facts(_facts(plan))
    for cells in counsel(plan):
        screen.line(*cells)
    screen.line("")
    screen.line("This is only a plan: nothing was changed.")
    more = {"addresses": plan.addresses, "fingerprint": plan.fingerprint, "deletable": plan.deletable}
    return Answer(plain(plan) | more)


def _tell(screen: Screen, plan: Plan) -> None:
    """The plan before it is carried out, or refused."""
    screen.say_facts(_facts(plan))
    for cells in counsel(plan):
        screen.stderr_line(*cells)
    screen.say()


def _consent(screen: Screen, plan: Plan, accepted: Collection[str], *, yes: bool) -> None:
    """The person's yes to each warning by its name, and to the deletion. Raises `Declined` without it."""
    unaccepted: dict[str, list[str]] = {}
    for warning in plan.warnings:
        if warning.name not in accepted:
            unaccepted.setdefault(warning.name, []).append(warning.message)
    options = " ".join(f"--accept {name}" for name in unaccepted)
    if yes and unaccepted:
        raise Declined("There are warnings that --yes does not answer.", advice=f"{options} accepts them.")
    for name, messages in unaccepted.items():
        screen.say(" ".join(messages), "yellow")
        if screen.ask(f"Type {name} to go on in spite of that:", otherwise=f"--yes {options}") != name:
            raise Declined(f"What was typed is not {name}.")
    if not yes:
        agree(screen, "the last four digits of its ICCID", str(plan.profile.iccid)[-_DIGITS:], "--yes")


def _done(screen: Screen, assistant: Assistant, plan: Plan, outcome: Outcome, rescued: BackupFirst) -> Answer:
    """Say what was done and what is true now."""
    truth = "{} is gone for good."
    if plan.operator_not_notified:
        truth += " Its operator will not hear of it from the card: tell them yourself."
    answer = told(screen, outcome, truth, truth, rescued.deliveries)
    if plan.free_memory is not None and outcome.memory_after is not None:
        before, now = map(sizes.in_words, (plan.free_memory, outcome.memory_after))
        screen.say(f"Free memory: {before} before, {now} now.")
    answer = replace(answer, result=plain(answer.result) | {"rescue": plain(rescued)})
    return then_send_due(screen, assistant, answer, (*outcome.deliveries, *rescued.deliveries))


def _facts(plan: Plan) -> Facts:
    profile = plan.profile
    first = ["It is in use, and will be taken out of use first."] if plan.disable_first else []
    stays = [*(f"{named(other)}, {other.state}" for other in plan.others), *unread(plan.unreadable)]
    return [
        ("To delete", [profile.title, "This cannot be undone.", *first]),
        ("Operator", profile.service_provider),
        ("Profile", profile.name),
        ("ICCID", str(profile.iccid)),
        ("Class", profile.profile_class),
        ("State", profile.state),
        ("Rules", rules(profile)),
        ("Servers told", servers(plan)),
        ("Card", [f"EID {plan.eid}", f"in {plan.reader}" if plan.reader else ""]),
        ("What stays", stays or ["no other profile"]),
    ]
