"""Commands that change which profiles there are and which is in use: enable, disable, reset; protect."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import closing

import click

from lpa.assistant import Assistant
from lpa.cli.console import Console, resuming
from lpa.cli.exits import UNDELIVERED, exit_code
from lpa.cli.group import command
from lpa.cli.json_output import Answer
from lpa.cli.parsing import EID, PROFILE
from lpa.cli.screen import Facts, Screen
from lpa.cli.views.pending import then_send_due
from lpa.cli.views.sentences import (
    change_lines,
    named,
    problem_lines,
    still_unacknowledged,
    unacknowledged,
    unread,
)
from lpa.errors import Declined
from lpa.notifications.delivery import Delivery
from lpa.profiles import switching
from lpa.profiles.switching import Outcome
from lpa.rsp.listing import Listing
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import Profile

_EID_DIGITS = 6


@command()
@click.argument("name", type=PROFILE)
@click.pass_obj
def enable(console: Console, name: str) -> Answer:
    """Put a profile to use.

    It takes the place of the one in use, and the servers of both are told. NAME is an ICCID, the last
    digits of it (four or more), or an ISD-P AID.
    """
    with console.delivering_assistant() as assistant, resuming(console.screen, assistant):
        outcome = assistant.enable(name)
        idle = "{} was in use already: nothing was done."
        answer = told(console.screen, outcome, "{} is in use now.", idle)
        return then_send_due(console.screen, assistant, answer, outcome.deliveries)


@command()
@click.argument("name", type=PROFILE)
@click.pass_obj
def disable(console: Console, name: str) -> Answer:
    """Take the profile in use out of use.

    Its servers are told. NAME is an ICCID, the last digits of it (four or more), or an ISD-P AID.
    """
    with console.delivering_assistant() as assistant, resuming(console.screen, assistant):
        outcome = assistant.disable(name)
        idle = "{} was out of use already: nothing was done."
        done = "{} is out of use." if outcome.enabled is None else "{} is out of use; {in_use} is in use now."
        answer = told(console.screen, outcome, done, idle)
        return then_send_due(console.screen, assistant, answer, outcome.deliveries)


@command()
@click.argument("name", type=PROFILE, required=False)
@click.option("--list", "listed", is_flag=True, help="Only list the protected ones; no card is needed.")
@click.pass_obj
def protect(console: Console, name: str | None, listed: bool) -> Answer:
    """Have this computer refuse to delete a profile.

    It refuses 'lpa reset' too, as long as that would delete it.
    """
    if (name is None) != listed:
        raise click.UsageError("Give a NAME, or --list.")
    if name is None:
        return _protected(console)
    with console.assistant() as assistant:
        profile = assistant.protect(name)
    console.screen.line((f"{named(profile)} is protected: 'lpa delete' and 'lpa reset' refuse it.", "bold"))
    return Answer({"iccid": profile.iccid, "protected": True})


def _protected(console: Console) -> Answer:
    with closing(console.journal()) as journal:
        iccids = journal.protected()
    for iccid in iccids:
        console.screen.line(str(iccid))
    if not iccids:
        console.screen.say("No profile is protected on this computer.")
    return Answer({"protected": iccids})


@command()
@click.argument("name", type=PROFILE)
@click.pass_obj
def unprotect(console: Console, name: str) -> Answer:
    """Lift the protection of a profile."""
    with console.assistant() as assistant:
        profile = assistant.unprotect(name)
    console.screen.line((f"{named(profile)} is not protected.", "bold"))
    return Answer({"iccid": profile.iccid, "protected": False})


@command()
@click.option("--operational", is_flag=True, help="Delete the operators' profiles, as without any option.")
@click.option("--test", is_flag=True, help="Delete the test profiles that did not come with the card.")
@click.option(
    "--default-server", is_flag=True, help="Set the default server as it was when the card was new."
)
@click.option(
    "--yes-delete-everything",
    "agreed",
    type=EID,
    metavar="EID",
    help="Do not ask: the card with this EID is meant.",
)
@click.pass_obj
def reset(
    console: Console, operational: bool, test: bool, default_server: bool, agreed: Eid | None
) -> Answer:
    """Delete all profiles of a kind, for good.

    The operators' profiles, or what the options say; the one in use too. Operators' rules do not prevent it,
    'lpa protect' does. Their servers are told.
    """
    chosen = {
        "deleteOperationalProfiles": operational or not (test or default_server),
        "deleteFieldLoadedTestProfiles": test,
        "resetDefaultSmdpAddress": default_server,
    }
    options = [option for option, wanted in chosen.items() if wanted]
    with console.delivering_assistant() as assistant:
        profiles = assistant.profiles()
        console.screen.say_facts(_reset_facts(assistant, options, profiles))
        switching.refuse_protected(assistant.journal, profiles, options)
        _agree_to_reset(console.screen, assistant.eid, agreed)
        with resuming(console.screen, assistant):
            outcome = assistant.reset(options)
            answer = told(console.screen, outcome, "The card was reset.", "The card was reset.")
        return then_send_due(console.screen, assistant, answer, outcome.deliveries)


def told(screen: Screen, outcome: Outcome, done: str, idle: str, before: Iterable[Delivery] = ()) -> Answer:
    """Say what was done, who knows, and at the end what is true: `done`, or `idle` if nothing had to be.

    Both have a place for the profile, and may have one for what is `in_use` now. `before`: what was said of
    a step before it, and counts for who knows.
    """
    for text, style in change_lines(outcome):
        screen.line((text, style))
    deliveries = (*before, *outcome.deliveries)
    truth = done if outcome.changes else idle
    name = named(outcome.profile) if outcome.profile else ""
    in_use = " and ".join(map(named, outcome.enabled or ())) or "no profile"
    screen.line((truth.format(name, in_use=in_use), "bold"))
    for text, style in (*still_unacknowledged(deliveries), *problem_lines(outcome.problem)):
        screen.line((text, style))
    if outcome.problem:
        return Answer(outcome, outcome.problem, exit_code(outcome.problem))
    for delivery in unacknowledged(deliveries):
        return Answer(outcome, delivery.problem, UNDELIVERED)
    return Answer(outcome)


def agree(screen: Screen, what: str, digits: str, option: str) -> None:
    """Have a person type `digits`, which shows that this is meant. Raises `Declined` if it is not."""
    if screen.ask(f"To go on, type {what}:", otherwise=option) != digits:
        raise Declined(f"What was typed is not {what}.")


def _agree_to_reset(screen: Screen, eid: Eid, agreed: Eid | None) -> None:
    if agreed is None:
        digits = str(eid)[-_EID_DIGITS:]
        agree(screen, "the last six digits of the EID", digits, "--yes-delete-everything with the EID")
    elif agreed != eid:
        raise Declined(f"The card in the reader is not {agreed}, but {eid}.")


def _reset_facts(assistant: Assistant, options: Collection[str], profiles: Listing[Profile]) -> Facts:
    protected = assistant.journal.protected()
    doomed = [_with_state(profile, protected) for profile in switching.affected_by_reset(profiles, options)]
    doomed += [f"perhaps {line}" for line in unread(switching.possibly_affected(profiles, options))]
    return [
        ("Card", str(assistant.eid)),
        ("To delete", doomed or ["no profile"]),
        ("", "This cannot be undone." if doomed else ""),
        ("Default server", "as when the card was new" if "resetDefaultSmdpAddress" in options else ""),
    ]


def _with_state(profile: Profile, protected: Collection[Iccid]) -> str:
    mark = ", protected on this computer" if profile.iccid in protected else ""
    return f"{named(profile)}, {profile.state}{mark}"
