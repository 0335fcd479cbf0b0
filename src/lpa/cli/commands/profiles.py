"""Commands about what the card holds: list, show, rename."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import click

from lpa.cli.commands.backup import pin
from lpa.cli.console import Console, changing
from lpa.cli.group import command
from lpa.cli.json_output import Answer, plain
from lpa.cli.parsing import FILE, LANGUAGE, NICKNAME, PROFILE
from lpa.cli.screen import Cell, Facts, Screen
from lpa.cli.views.sentences import STYLES, named, rules
from lpa.pages.texts import Language
from lpa.profiles.subscriber import Subscriber
from lpa.rsp.listing import Listing
from lpa.rsp.names import Eid, Iccid
from lpa.rsp.records import Profile

_UNREAD = {
    "notEnabled": "not read: only the profile in use can be read",
    "pinNeeded": "protected with a PIN: --ask-pin reads it",
}
# Whether it is refused for deletion here; nothing is said of the usual case.
_PROTECTION = {
    True: "on this computer: 'lpa delete' and 'lpa reset' refuse it",
    False: "",
    None: "not known: the journal on this computer cannot be read",
}


@command("list")
@click.option("--all", "everything", is_flag=True, help="Also profiles for tests and for provisioning.")
@click.pass_obj
def list_(console: Console, everything: bool) -> Answer:
    """List the profiles on the card."""
    with console.assistant() as assistant:
        found = assistant.profiles()
    shown = [profile for profile in found if everything or profile.profile_class == "operational"]
    protected = console.protected()
    rows = [_row(profile, protected=profile.iccid in (protected or ())) for profile in shown]
    console.screen.table(("ICCID", "State", "Operator", "Profile", "Nickname"), rows)
    _mention(console.screen, found, hidden=len(found) - len(shown))
    documents = [plain(one) | {"protected": _protected(one, protected)} for one in shown]
    return Answer({"profiles": documents, "unreadable": found.unreadable})


@command()
@click.argument("name", type=PROFILE)
@click.option(
    "--html", "path", type=FILE, metavar="FILE", help="Also write a page for the operator to this file."
)
@LANGUAGE
@click.option("--ask-pin", is_flag=True, help="Ask for the profile's PIN, to read IMSI and number.")
@click.pass_obj
def show(console: Console, *, name: str, path: Path | None, language: Language, ask_pin: bool) -> Answer:
    """Show a profile with all that its operator may ask for.

    NAME is its ICCID, the last digits of it (four or more), or its ISD-P AID. IMSI and telephone number can
    only be read from the profile in use. A PIN is never guessed, and never tried when only one try is left.
    """
    with console.assistant() as assistant:
        profile = assistant.profile(name)
        eid = assistant.eid
        typed = pin(console.screen, ask_pin and profile.enabled)
        subscriber = assistant.subscriber(profile, pin=typed)
    protected = _protected(profile, console.protected())
    console.screen.facts(_facts(profile, eid, subscriber, protected=protected))
    if path:
        from lpa import pages
        from lpa.pages import profile_page

        made = datetime.now(UTC).astimezone()
        page = profile_page.page(profile, eid, made=made, language=language, subscriber=subscriber)
        pages.save(page, path)
        console.screen.say(f"The page is in {path}.")
    return Answer(plain(profile) | {"eid": str(eid), "subscriber": plain(subscriber), "protected": protected})


@command()
@click.argument("name", type=PROFILE)
@click.argument("nickname", type=NICKNAME)
@click.pass_obj
def rename(console: Console, name: str, nickname: str) -> Answer:
    """Give a profile a name of your own.

    An empty NICKNAME takes it away. There is room for 64 bytes: about 21 Chinese characters.
    """
    with console.assistant() as assistant, changing():
        before = assistant.rename(name, nickname)
    now = f"is now called {nickname!r}" if nickname else "no longer has a nickname"
    console.screen.line(f"{named(before)} {now}.")
    return Answer({"iccid": before.iccid, "nickname": nickname, "nickname_before": before.nickname})


def _protected(profile: Profile, protected: Collection[Iccid] | None) -> bool | None:
    """Whether it is among those that are known to be protected; None if none are known."""
    return None if protected is None else profile.iccid in protected


def _row(profile: Profile, *, protected: bool) -> tuple[Cell, ...]:
    style = STYLES.get(profile.state, "")
    words = [profile.state]
    words += [profile.profile_class] if profile.profile_class != "operational" else []
    words += ["protected"] if protected else []
    state = ", ".join(words)
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


def _facts(profile: Profile, eid: Eid, subscriber: Subscriber, *, protected: bool | None) -> Facts:
    unread = [_UNREAD.get(subscriber.problem, "not read: the card does not give it")]
    imsi, numbers = subscriber.imsi, subscriber.numbers
    return [
        ("ICCID", str(profile.iccid)),
        ("EID", str(eid)),
        ("Operator", profile.service_provider),
        ("Profile", profile.name),
        ("Nickname", profile.nickname),
        ("Network", profile.owner.mcc_mnc if profile.owner else ""),
        ("SM-DP+ told", _told(profile) or ["none"]),
        ("IMSI", unread if imsi is None else [imsi or "none"]),
        ("Number", unread if numbers is None else list(numbers) or ["none"]),
        ("State", profile.state),
        ("Class", profile.profile_class),
        ("Rules", rules(profile) or ["none"]),
        ("Protected", _PROTECTION[protected]),
        ("ISD-P AID", str(profile.aid or "")),
        ("Icon", f"{len(profile.icon)} bytes" if profile.icon else ""),
        ("Also", [item.hex() for item in profile.unknown]),
    ]


def _told(profile: Profile) -> list[str]:
    """Each server with the events that it wants to hear of."""
    events: dict[str, list[str]] = {}
    for entry in profile.notifications:
        events.setdefault(entry.address, []).extend(entry.events)
    return [f"{address} ({', '.join(dict.fromkeys(of)) or 'of nothing'})" for address, of in events.items()]
