"""Commands about the orders of the simulated server: sim server order add, list, release."""

from __future__ import annotations

import secrets
import stat
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpa.cli.commands.interruption import changing
from lpa.cli.group import Group
from lpa.cli.json_output import CommandResult, plain
from lpa.cli.parsing import EID, FILE, FOLDER
from lpa.host import files

if TYPE_CHECKING:
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.rsp.names import Eid
    from lpa.sim.servers.orders import Facts
    from lpa.sim.servers.packages import ProfilePackage

PKI = click.option("--pki", type=FOLDER, help="Folder with ci.pem and ci-key.pem: that of a card.")
FOLDER_ABOVE = "lpa.sim.pki"  # in click's memory: the folder, if it was given to the command above
_LISTS = "'lpa sim server order list' lists the orders."
_CHANGING = "Interrupted while changing the orders.", _LISTS
_FIRST_NUMBER = 9000  # of a sample profile, so that it differs from those on a new card
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without letters and digits that look alike


@click.group(cls=Group)
def order() -> None:
    """Orders for profiles; the server may be running meanwhile."""


def folder(ctx: click.Context, given: Path | None) -> Path:
    """The server's folder, which may be given to `server` or to the command below it."""
    found: Path | None = given or ctx.meta.get(FOLDER_ABOVE)
    if found is None:
        raise click.UsageError("Missing option '--pki'.")
    with suppress(OSError):  # Whoever reads it will report why it cannot be read.
        status = files.status(found)
        if not (status and stat.S_ISDIR(status.st_mode)):
            raise click.UsageError(f"There is no folder {found}; 'lpa sim new' creates one.")
    return found


def file(pki: Path) -> Path:
    """Where the orders are in the server's folder."""
    return pki / "orders.db"


@order.command()
@PKI
@click.option(
    "--matching-id",
    help="Matching identifier in the activation code; random by default. Empty for downloads without one.",
)
@click.option("--eid", type=EID, metavar="EID", help="Only for the card with this EID.")
@click.option("--confirmation-code", help="Confirmation code that the user must type.")
@click.option(
    "--tries", type=click.IntRange(1), help="Number of tries for the confirmation code.  [default: 3]"
)
@click.option("--days", type=click.IntRange(0), help="Number of days until the order expires.")
@click.option("--downloads", type=click.IntRange(0), help="Number of downloads.  [default: 10]")
@click.option("--binds-once", is_flag=True, help="Refuse to bind the package to a second key of the card.")
@click.option("--unreleased", is_flag=True, help="Do not release it yet: see 'order release'.")
@click.option("--announce", is_flag=True, help="Register it at the discovery server for the card (--eid).")
@click.option("--package", type=FILE, help="A file with profile elements (DER).")
@click.option("--name", default="Nordlicht Prepaid", show_default=True, help="Name of the profile.")
@click.option("--provider", default="Nordlicht", show_default=True, help="Service provider of the profile.")
@click.option(
    "--class",
    "profile_class",
    type=click.Choice(["test", "provisioning", "operational"]),
    help="Class of the profile; if omitted, the metadata has none, which means operational.",
)
@click.option(
    "--rule",
    "rules",
    multiple=True,
    type=click.Choice(["ppr1", "ppr2"]),
    help="A policy rule of the profile.",
)
@click.option(
    "--size", type=click.IntRange(0, 8_000_000), default=0, help="Pad the package to this many bytes."
)
@click.option("--host", default="smdp.example", show_default=True, help="Server in the activation code.")
@click.pass_context
def add(
    ctx: click.Context,
    *,
    pki: Path | None,
    matching_id: str | None,
    eid: Eid | None,
    confirmation_code: str | None,
    tries: int | None,
    days: int | None,
    downloads: int | None,
    binds_once: bool,
    unreleased: bool,
    announce: bool,
    package: Path | None,
    name: str,
    provider: str,
    profile_class: str | None,
    rules: tuple[str, ...],
    size: int,
    host: str,
) -> CommandResult:
    """Add an order for a profile, and print its activation code.

    The profile is a sample; or its elements, with their ICCID, come from the file --package.
    """
    from lpa.sim.samples import numbered_iccid
    from lpa.sim.servers.orders import DEFAULT_CODE_TRIES, DEFAULT_DOWNLOADS, OrderBook, new_facts
    from lpa.sim.servers.packages import sample

    if tries is not None and confirmation_code is None:
        raise click.UsageError("--tries needs --confirmation-code.")
    try:
        with closing(OrderBook(file(folder(ctx, pki)))) as book, changing(_screen(ctx), *_CHANGING):
            made = sample(
                numbered_iccid("8949985", 19, _FIRST_NUMBER + len(book.orders)),
                name=name,
                service_provider=provider,
                profile_class=profile_class or "",
                policy_rules=rules,
                address=host,
                size=size,
            )
            facts = new_facts(
                host,
                _random_matching_id() if matching_id is None else matching_id,
                eid=str(eid or ""),
                confirmation_code=confirmation_code,
                code_tries=DEFAULT_CODE_TRIES if tries is None else tries,
                downloads=DEFAULT_DOWNLOADS if downloads is None else downloads,
                binds_once=binds_once,
                released=not unreleased,
                expires=None if days is None else datetime.now(UTC) + timedelta(days=days),
                announced=announce,
            )
            added = book.add(_with_elements(made, package), facts).facts
            _screen(ctx).did("The order is added.", plain(members(added)), advice=_LISTS)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    _screen(ctx).line(added.activation_code)
    return CommandResult(members(added))


@order.command("list")
@PKI
@click.pass_context
def list_(ctx: click.Context, pki: Path | None) -> CommandResult:
    """List the orders and their states."""
    from lpa.sim.servers.orders import OrderBook

    with closing(OrderBook(file(folder(ctx, pki)))) as book:
        found = [order.facts for order in book.orders]
    _show(_screen(ctx), found)
    return CommandResult({"orders": [members(facts) for facts in found]})


@order.command()
@PKI
@click.argument("order")
@click.pass_context
def release(ctx: click.Context, pki: Path | None, order: str) -> CommandResult:
    """Release an order.

    Either one that was added with --unreleased, or one that has ended, for another download. ORDER is the
    matching identifier, or the ICCID of the profile.
    """
    from lpa.sim.servers.orders import OrderBook

    with closing(OrderBook(file(folder(ctx, pki)))) as book:
        named = [one for one in book.orders if order in (one.facts.matching_id, one.iccid)]
        if len(named) != 1:
            count = "There are several orders" if named else "There is no order"
            raise click.UsageError(f"{count} with the matching identifier or ICCID {order}.")
        with changing(_screen(ctx), *_CHANGING):
            named[0].release()
            facts = named[0].facts
            _screen(ctx).did("The order is released.", plain(members(facts)), advice=_LISTS)
    _screen(ctx).line(facts.activation_code)
    return CommandResult(members(facts))


def members(facts: Facts) -> dict[str, object]:
    """An order in a document."""
    return {
        "activation_code": facts.activation_code,
        "state": facts.state,
        "iccid": facts.iccid,
        "name": facts.name,
        "eid": facts.eid or None,
        "expires": facts.expires or None,
        "downloads": facts.downloads,
        "code_tries": facts.code_tries if facts.code_hash else None,
        "binds_once": facts.binds_once,
        "result": facts.result,
    }


def headline(facts: Facts) -> str:
    """The state of an order, in a few words."""
    return f"{facts.state} ({facts.result})" if facts.result else facts.state


def _screen(ctx: click.Context) -> Screen:
    console: Console = ctx.find_root().obj
    return console.screen


def _show(screen: Screen, found: Sequence[Facts]) -> None:
    screen.table(
        ("Activation code", "State", "Profile", "ICCID", "Card", "Left"),
        [
            (
                facts.activation_code,
                headline(facts),
                facts.name,
                facts.iccid,
                facts.eid or "any",
                _left(facts),
            )
            for facts in found
        ],
    )
    if not found:
        screen.say("No orders.")


def _left(facts: Facts) -> str:
    """What is left of an order: downloads, tries for the code."""
    left = [_times(facts.downloads, "download")]
    if facts.code_hash:
        left.append(_times(facts.code_tries, "code"))
    if facts.binds_once:
        left.append("bound once")
    return ", ".join(left)


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _with_elements(package: ProfilePackage, path: Path | None) -> ProfilePackage:
    """The same with the profile elements of the file, if there is one."""
    from lpa.sim.servers.packages import from_der

    if path is None:
        return package
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    try:
        return from_der(content, package)
    except ValueError as error:
        raise ValueError(f"{path} cannot be used: {error}") from error


def _random_matching_id() -> str:
    """A matching identifier that cannot be guessed."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    return "-".join((letters[:4], letters[4:8], letters[8:]))
