"""Commands about what the card holds: list, show, rename."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from lpa.cli.desk import Desk, changing
from lpa.cli.documents import Answer
from lpa.cli.parsing import FILE, LANGUAGE, NICKNAME, PROFILE
from lpa.cli.screen import Cell, Facts, Screen
from lpa.cli.words import STYLES, named, rules
from lpa.pages.words import Language
from lpa.rsp.listing import Listing
from lpa.rsp.records import Profile


@click.command("list")
@click.option("--all", "everything", is_flag=True, help="Also profiles for tests and for provisioning.")
@click.pass_obj
def list_(desk: Desk, everything: bool) -> Answer:
    """List the profiles on the card."""
    with desk.assistant() as assistant:
        found = assistant.profiles()
    shown = [profile for profile in found if everything or profile.profile_class == "operational"]
    desk.screen.table(("ICCID", "State", "Operator", "Profile", "Nickname"), map(_row, shown))
    _mention(desk.screen, found, hidden=len(found) - len(shown))
    return Answer({"profiles": shown, "unreadable": found.unreadable})


@click.command()
@click.argument("name", type=PROFILE)
@click.option("--html", "path", type=FILE, metavar="FILE", help="Also write a page for the operator into it.")
@LANGUAGE
@click.pass_obj
def show(desk: Desk, name: str, path: Path | None, language: Language) -> Answer:
    """Show all that the card tells of a profile.

    NAME is its ICCID, the last digits of it (four or more), or its ISD-P AID.
    """
    with desk.assistant() as assistant:
        profile = assistant.profile(name)
        eid = assistant.eid
    desk.screen.facts(_facts(profile))
    if path:
        from lpa import pages
        from lpa.pages import particulars

        made = datetime.now(UTC).astimezone()
        pages.save(particulars.page(profile, eid, made=made, language=language), path)
        desk.screen.say(f"The page is in {path}.")
    return Answer(profile)


@click.command()
@click.argument("name", type=PROFILE)
@click.argument("nickname", type=NICKNAME)
@click.pass_obj
def rename(desk: Desk, name: str, nickname: str) -> Answer:
    """Give a profile a name of your own.

    An empty NICKNAME takes it away. There is room for 64 bytes: about 21 Chinese characters.
    """
    with desk.assistant() as assistant, changing():
        before = assistant.rename(name, nickname)
    now = f"is now called {nickname!r}" if nickname else "has no nickname any more"
    desk.screen.line(f"{named(before)} {now}.")
    return Answer({"iccid": before.iccid, "nickname": nickname, "nickname_before": before.nickname})


def _row(profile: Profile) -> tuple[Cell, ...]:
    style = STYLES.get(profile.state, "")
    state = (
        profile.state
        if profile.profile_class == "operational"
        else f"{profile.state}, {profile.profile_class}"
    )
    number = (str(profile.iccid), "bold" if profile.enabled else "")
    return number, (state, style), profile.service_provider, profile.name, profile.nickname


def _mention(screen: Screen, found: Listing[Profile], hidden: int) -> None:
    if not found and not found.unreadable:
        screen.say("The card holds no profile.")
    if hidden:
        screen.say(f"Not shown: {hidden} for tests or provisioning. --all shows them too.", "dim")
    if found.unreadable:
        screen.say(
            f"The card lists {len(found.unreadable)} more that cannot be read; --json has the bytes.",
            "yellow",
        )


def _facts(profile: Profile) -> Facts:
    told = [f"{' '.join(entry.events) or 'nothing'}: {entry.address}" for entry in profile.notifications]
    return [
        ("ICCID", str(profile.iccid)),
        ("State", profile.state),
        ("Class", profile.profile_class),
        ("Nickname", profile.nickname),
        ("Operator", profile.service_provider),
        ("Profile", profile.name),
        ("Network", profile.owner.mcc_mnc if profile.owner else ""),
        ("ISD-P AID", str(profile.aid or "")),
        ("Rules", rules(profile) or ["none"]),
        ("Servers told", told or ["none"]),
        ("Icon", f"{len(profile.icon)} bytes" if profile.icon else ""),
        ("Also", [item.hex() for item in profile.unknown]),
    ]
