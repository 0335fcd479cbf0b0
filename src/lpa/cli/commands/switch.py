"""Commands that switch, protect and reset profiles: enable, disable, protect, unprotect, reset."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import click

from lpa.cli.commands.consent import confirm
from lpa.cli.commands.interruption import changing
from lpa.cli.commands.outcomes import report
from lpa.cli.commands.profile_name import by_digits
from lpa.cli.commands.recovery import recovering
from lpa.cli.commands.send_due import then_send_due
from lpa.cli.group import command
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.parsing import DELIVER, EID
from lpa.cli.views.outcomes import profile_name
from lpa.cli.views.profiles import named, unread
from lpa.errors import Refused
from lpa.profiles import switching

if TYPE_CHECKING:
    from lpa.assistant import Assistant
    from lpa.cli.cells import Facts
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.profiles.selection import Selector
    from lpa.rsp.deliver import Deliver
    from lpa.rsp.listing import Listing
    from lpa.rsp.names import Eid, Iccid
    from lpa.rsp.records import Profile

_EID_DIGITS = 6
_FALLBACK = (
    "{} is the fallback profile: it is enabled when the enabled one has lost its connection. "
    "Without it, the device may become unreachable."
)
_LISTS_PROTECTED = "'lpa protect --list' lists the protected profiles."
_PROTECTING = "Interrupted while changing the protection.", _LISTS_PROTECTED


@command()
@click.argument("name", type=by_digits)
@DELIVER
@click.pass_obj
def enable(console: Console, name: Selector, deliver: Deliver) -> CommandResult:
    """Enable a profile.

    The enabled profile is disabled. Notifications are sent for both. NAME is an ICCID, its last digits (four
    or more), or an ISD-P AID.
    """
    with console.delivering_assistant(deliver=deliver) as assistant, recovering(console.screen, assistant):
        with console.screen.progress() as progress:
            outcome = assistant.enable(name, progress=progress)
        already = "" if outcome.changes else "already "
        result = report(console.screen, outcome, f"{profile_name(outcome)} is {already}enabled.")
        return then_send_due(console.screen, assistant, result, outcome.deliveries)


@command()
@click.argument("name", type=by_digits)
@DELIVER
@click.pass_obj
def disable(console: Console, name: Selector, deliver: Deliver) -> CommandResult:
    """Disable the enabled profile.

    Notifications are sent. NAME is an ICCID, its last digits (four or more), or an ISD-P AID.
    """
    with console.delivering_assistant(deliver=deliver) as assistant, recovering(console.screen, assistant):
        with console.screen.progress() as progress:
            outcome = assistant.disable(name, progress=progress)
        state = f"is disabled{_now_enabled(outcome.enabled)}" if outcome.changes else "is already disabled"
        result = report(console.screen, outcome, f"{profile_name(outcome)} {state}.")
        return then_send_due(console.screen, assistant, result, outcome.deliveries)


def _now_enabled(profiles: Sequence[Profile] | None) -> str:
    """Which profiles are enabled, as the end of a sentence; empty if that is unknown."""
    if profiles is None:
        return ""
    return f"; enabled now: {' and '.join(map(named, profiles)) or 'none'}"


@command()
@click.argument("name", type=by_digits, required=False)
@click.option("--list", "listed", is_flag=True, help="List the protected profiles; no card is needed.")
@click.pass_obj
def protect(console: Console, name: Selector | None, listed: bool) -> CommandResult:
    """Protect a profile from deletion on this computer.

    'lpa delete' then refuses to delete it, and so does 'lpa reset'.
    """
    if (name is None) != listed:
        raise click.UsageError("Give a NAME, or --list.")
    if name is None:
        return _protected(console)
    with console.assistant() as assistant, changing(console.screen, *_PROTECTING):
        profile = assistant.protect(name)
        state = f"{named(profile)} is protected: 'lpa delete' and 'lpa reset' refuse to delete it."
        data = {"iccid": profile.iccid, "protected": True}
        console.screen.did(state, plain(data), advice=_LISTS_PROTECTED)
    console.screen.line((state, "bold"))
    return CommandResult(data)


def _protected(console: Console) -> CommandResult:
    with closing(console.journal()) as journal:
        iccids = journal.protected()
    for iccid in iccids:
        console.screen.line(str(iccid))
    if not iccids:
        console.screen.say("No profile is protected on this computer.")
    return CommandResult({"iccids": iccids})


@command()
@click.argument("name", type=by_digits)
@click.pass_obj
def unprotect(console: Console, name: Selector) -> CommandResult:
    """Remove the protection of a profile."""
    with console.assistant() as assistant, changing(console.screen, *_PROTECTING):
        profile = assistant.unprotect(name)
        state, data = f"{named(profile)} is not protected.", {"iccid": profile.iccid, "protected": False}
        console.screen.did(state, plain(data), advice=_LISTS_PROTECTED)
    console.screen.line((state, "bold"))
    return CommandResult(data)


@command()
@click.option("--operational", is_flag=True, help="Delete operational profiles; the default.")
@click.option("--test", is_flag=True, help="Delete test profiles that were installed later.")
@click.option("--default-server", is_flag=True, help="Reset the default server to its initial value.")
@click.option(
    "--yes-delete-everything",
    "agreed",
    type=EID,
    metavar="EID",
    help="Do not ask; confirm the card by its EID.",
)
@DELIVER
@click.pass_obj
def reset(
    console: Console,
    *,
    operational: bool,
    test: bool,
    default_server: bool,
    agreed: Eid | None,
    deliver: Deliver,
) -> CommandResult:
    """Delete all profiles of a kind, permanently.

    By default the operational profiles, including the enabled one. Operators' rules do not prevent this;
    'lpa protect' does. Notifications are sent.
    """
    chosen = {
        "deleteOperationalProfiles": operational or not (test or default_server),
        "deleteFieldLoadedTestProfiles": test,
        "resetDefaultSmdpAddress": default_server,
    }
    options = [option for option, wanted in chosen.items() if wanted]
    with console.delivering_assistant(deliver=deliver) as assistant:
        profiles = assistant.profiles()
        console.screen.say_facts(_reset_facts(assistant, options, profiles))
        switching.refuse_protected(assistant.journal, profiles, options)
        _confirm_reset(console.screen, assistant.eid, agreed, _effect(assistant.eid, options, profiles))
        with recovering(console.screen, assistant):
            with console.screen.progress() as progress:
                outcome = assistant.reset(options, progress=progress)
            result = report(console.screen, outcome, "The card was reset.")
        return then_send_due(console.screen, assistant, result, outcome.deliveries)


def _confirm_reset(screen: Screen, eid: Eid, agreed: Eid | None, effect: str) -> None:
    """`effect`: what will be done, printed above the question."""
    if agreed is None:
        screen.say(effect, "bold")
        digits = str(eid)[-_EID_DIGITS:]
        option = "--yes-delete-everything with the EID"
        confirm(screen, "the last six digits of the EID", digits, otherwise=option)
    elif agreed != eid:
        message = f"The card in the reader is {eid}, not {agreed}."
        raise Refused("EuiccMemoryReset", "otherCard", message)


def _effect(eid: Eid, options: Collection[str], profiles: Listing[Profile]) -> str:
    """What a reset does, in a few words: a long list of profiles leaves the top of a small terminal."""
    number = len(switching.affected_by_reset(profiles, options))
    deleted = [f"{number} profile{'s' * (number != 1)}"] if number else []
    deleted += [f"possibly {line}" for line in unread(switching.possibly_affected(profiles, options))]
    server = ", and resets its default server" if "resetDefaultSmdpAddress" in options else ""
    final = " This cannot be undone." if deleted else ""
    return f"This deletes {' and '.join(deleted) or 'no profile'} from the card {eid}{server}.{final}"


def _reset_facts(assistant: Assistant, options: Collection[str], profiles: Listing[Profile]) -> Facts:
    protected = assistant.journal.protected()
    affected = switching.affected_by_reset(profiles, options)
    deleted = [_with_state(profile, protected) for profile in affected]
    deleted += [f"possibly {line}" for line in unread(switching.possibly_affected(profiles, options))]
    return [
        ("Card", str(assistant.eid)),
        ("To delete", deleted or ["no profile"]),
        ("", "This cannot be undone." if deleted else ""),
        ("Warning", [_FALLBACK.format(named(profile)) for profile in affected if profile.fallback]),
        ("Default server", "reset to its initial value" if "resetDefaultSmdpAddress" in options else ""),
    ]


def _with_state(profile: Profile, protected: Collection[Iccid]) -> str:
    fallback = ", fallback" if profile.fallback else ""
    mark = ", protected on this computer" if profile.iccid in protected else ""
    return f"{named(profile)}, {profile.state}{fallback}{mark}"
