"""Commands about the profiles on the card: list, show, rename."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from lpa.card.es10 import first_profiles
from lpa.cli.commands.profile_name import by_digits
from lpa.cli.group import command
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.parsing import FILE, LANGUAGE, NICKNAME, PROFILE_NAME
from lpa.cli.screen import SHOWS_STATE
from lpa.cli.views.profiles import STYLES, named, of_later_versions, rules
from lpa.later import later
from lpa.rsp.records import DETAIL_TAGS, ICON_TAGS

if TYPE_CHECKING:
    from pathlib import Path

    from lpa.cli import all_readers
    from lpa.cli.cells import Cell, Facts
    from lpa.cli.commands import interruption
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.pages import Language
    from lpa.profiles.selection import Selector
    from lpa.profiles.subscriber import Subscriber
    from lpa.rsp.listing import Listing
    from lpa.rsp.names import Eid, Iccid
    from lpa.rsp.records import Profile
else:
    all_readers, interruption = later("lpa.cli", "all_readers", "commands.interruption")

_UNREAD = {
    "notEnabled": "not read: only the enabled profile can be read",
    "noBasicChannel": "not read: a modem or phone gives no access to it",
    "pinNeeded": "not read: locked with a PIN; use --ask-pin",
}
# Whether this computer refuses to delete it; the usual case is not mentioned.
_PROTECTION = {
    True: "on this computer: 'lpa delete' and 'lpa reset' refuse to delete it",
    False: "",
    None: "unknown: the journal on this computer cannot be read",
}


@command("list")
@click.option("--all", "everything", is_flag=True, help="Also list test and provisioning profiles.")
@click.pass_obj
def list_(console: Console, everything: bool) -> CommandResult:
    """List the profiles on the card."""
    if console.all_readers:
        return all_readers.on_each_reader(console, partial(_list, everything=everything))
    return _list(console, everything=everything)


def _list(console: Console, *, everything: bool) -> CommandResult:
    with console.assistant(first_profiles()) as assistant:
        found = assistant.profiles()
    shown = [profile for profile in found if everything or profile.profile_class == "operational"]
    protected = console.protected()
    rows = [_row(profile, protected=profile.iccid in (protected or ())) for profile in shown]
    console.screen.table(("ICCID", "State", "Operator", "Profile", "Nickname"), rows)
    _report_unlisted(console.screen, found, hidden=len(found) - len(shown))
    documents = [plain(one) | {"protected": _protected(one, protected)} for one in shown]
    return CommandResult({"profiles": documents, "unreadable": found.unreadable})


@command()
@click.argument("name", type=PROFILE_NAME)
@click.option(
    "--html", "path", type=FILE, metavar="FILE", help="Also write a page for the operator to this file."
)
@LANGUAGE
@click.option("--ask-pin", is_flag=True, help="Ask for the profile's PIN, to read IMSI and phone number.")
@click.option("--icon", is_flag=True, help="Also read the icon, which takes a second on a slow card.")
@click.pass_obj
def show(
    console: Console, *, name: str, path: Path | None, language: Language, ask_pin: bool, icon: bool
) -> CommandResult:
    """Show the details of a profile.

    They include what its operator may ask for. NAME is an ICCID, its last digits (four or more), an ISD-P
    AID, or a nickname, operator or profile name that no other profile has. IMSI and phone number can only be
    read from the enabled profile. A PIN is never guessed, and never tried when only one try is left.
    """
    from lpa.cli.commands.backup import ask_for_pin
    from lpa.profiles import selection

    with console.assistant() as assistant:
        euicc = assistant.euicc
        tags = ICON_TAGS if icon else DETAIL_TAGS
        profile = selection.details(euicc, selection.to_read(euicc, name), tags)
        eid = assistant.eid
        pin = ask_for_pin(console.screen, ask_pin and profile.enabled)
        # Its own name for the operator is not printed: the name that the card lists is.
        subscriber = assistant.subscriber(profile, pin=pin, provider=console.screen.json)
    protected = _protected(profile, console.protected())
    console.screen.facts(_facts(profile, eid, subscriber, protected=protected))
    if path:
        from lpa import pages
        from lpa.pages import profile_page

        made = datetime.now(UTC).astimezone()
        page = profile_page.page(profile, eid, made=made, language=language, subscriber=subscriber)
        with interruption.changing(console.screen, *interruption.WRITING_PAGE):
            pages.save(page, path)
            console.screen.did(f"Page written to {path}.")
        console.screen.say(f"Page written to {path}.")
    return CommandResult(
        plain(profile) | {"eid": str(eid), "subscriber": plain(subscriber), "protected": protected}
    )


@command()
@click.argument("name", type=by_digits)
@click.argument("nickname", type=NICKNAME)
@click.pass_obj
def rename(console: Console, name: Selector, nickname: str) -> CommandResult:
    """Set the nickname of a profile.

    An empty NICKNAME removes it. The limit is 64 bytes: about 21 Chinese characters.
    """
    change = f"now has the nickname {nickname!r}" if nickname else "no longer has a nickname"
    with (
        console.assistant() as assistant,
        interruption.changing(console.screen, "Interrupted while changing the nickname.", SHOWS_STATE),
    ):
        before = assistant.rename(name, nickname)
        data = {"iccid": before.iccid, "nickname": nickname, "nickname_before": before.nickname}
        console.screen.did(f"{named(before)} {change}.", plain(data))
    console.screen.line(f"{named(before)} {change}.")
    return CommandResult(data)


def _protected(profile: Profile, protected: Collection[Iccid] | None) -> bool | None:
    """Whether it is protected; None if that cannot be read."""
    return None if protected is None else profile.iccid in protected


def _row(profile: Profile, *, protected: bool) -> tuple[Cell, ...]:
    style = STYLES.get(profile.state, "")
    states = [profile.state]
    states += [profile.profile_class] if profile.profile_class != "operational" else []
    states += of_later_versions(profile)
    states += ["protected"] if protected else []
    state = ", ".join(states)
    number = (str(profile.iccid), "bold" if profile.enabled else "")
    return number, (state, style), profile.service_provider, profile.name, profile.nickname


def _report_unlisted(screen: Screen, found: Listing[Profile], hidden: int) -> None:
    if not found and not found.unreadable:
        screen.say("No profiles on the card.")
    if hidden:
        screen.say(f"Test and provisioning profiles not listed: {hidden}. Use --all to list them.", "dim")
    if found.unreadable:
        screen.say(f"{len(found.unreadable)} more cannot be read; --json shows the bytes.", "yellow")


def _facts(profile: Profile, eid: Eid, subscriber: Subscriber, *, protected: bool | None) -> Facts:
    unread = [_UNREAD.get(subscriber.reason, "not read: the card does not return it")]
    imsi, numbers = subscriber.imsi, subscriber.numbers
    return [
        ("ICCID", str(profile.iccid)),
        ("EID", str(eid)),
        ("Operator", profile.service_provider),
        ("Profile", profile.name),
        ("Nickname", profile.nickname),
        ("Network", profile.owner.mcc_mnc if profile.owner else ""),
        ("Notifies", _notified(profile) or ["no server"]),
        ("IMSI", unread if imsi is None else [imsi or "none"]),
        ("Phone number", unread if numbers is None else list(numbers) or ["none"]),
        ("State", profile.state),
        ("eSIM port", "" if profile.esim_port is None else str(profile.esim_port)),
        ("Fallback", _fallback(profile)),
        ("Emergency", "for emergency calls" if profile.emergency else ""),
        ("Class", profile.profile_class),
        ("Rules", rules(profile) or ["none"]),
        ("Protected", _PROTECTION[protected]),
        ("ISD-P AID", str(profile.aid or "")),
        ("Icon", f"{len(profile.icon)} bytes" if profile.icon else ""),
        ("Other data", [item.hex() for item in profile.unknown]),
    ]


def _fallback(profile: Profile) -> str:
    if profile.fallback:
        return "this is the fallback profile of the card"
    return "it may become the fallback profile" if profile.fallback_allowed else ""


def _notified(profile: Profile) -> list[str]:
    """Each server with the events that it is notified of."""
    events: dict[str, list[str]] = {}
    for entry in profile.notifications:
        events.setdefault(entry.address, []).extend(entry.events)
    return [f"{address} ({', '.join(dict.fromkeys(of)) or 'no events'})" for address, of in events.items()]
