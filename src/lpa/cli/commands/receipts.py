"""Commands about receipts: receipts list, show, verify, export. They need no card."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpa.advice.notifications import CHOOSE_EID, LIST_RECEIPTS
from lpa.cli.commands import receipt_issuers
from lpa.cli.commands.interruption import WRITING_PAGE, changing
from lpa.cli.exits import NO
from lpa.cli.group import Group
from lpa.cli.json_output import CommandResult
from lpa.cli.parsing import DATE, EID, FILE, ICCID, LANGUAGE, RECEIPT
from lpa.cli.views.provenance import Provenance
from lpa.errors import NotVerified, Refused, StorageFailed
from lpa.notifications import receipts as kept
from lpa.notifications.receipts import Receipt, Receipts
from lpa.notifications.verification import EVENTS
from lpa.pages.texts import Words
from lpa.rsp.names import Eid, Iccid

if TYPE_CHECKING:
    from lpa.cli.cells import Facts
    from lpa.cli.console import Console
    from lpa.cli.screen import Screen
    from lpa.notifications.receipt_names import ReceiptName
    from lpa.notifications.verification import Verification
    from lpa.pages import Language

# A receipt, and the card that it is kept for; None for a file from elsewhere.
Kept = tuple[Eid | None, Receipt]

_eid = click.option("--eid", type=EID, metavar="EID", help="Only receipts of this card.")
_at = click.option(
    "--at",
    "given",
    type=DATE,
    metavar="DATE",
    help="Check the certificates for this date (YYYY-MM-DD), when the receipt already existed.",
)
_name = click.argument("name", metavar="NUMBER|FILE", type=RECEIPT)


@click.group(cls=Group)
def receipts() -> None:
    """Receipts: signed notifications kept as proof."""


@receipts.command("list")
@_eid
@click.pass_obj
def list_(console: Console, eid: Eid | None) -> CommandResult:
    """List the receipts on this computer.

    The list is of the file names, which say what each receipt is about. 'lpa receipts show' reads one.
    """
    folder = console.receipts()
    found = {card: folder.names(card) for card in ([eid] if eid else folder.eids())}
    for card, of_card in found.items():
        if of_card:
            console.screen.line((f"Card {card}", "bold"))
            console.screen.table(("Number", "Event", "ICCID", "File"), map(_row, of_card))
    if not any(found.values()):
        whose = f"of the card {eid}" if eid else "on this computer"
        files = any(folder.files(card) for card in found)
        none = f"None of the files {whose} is a readable receipt." if files else f"No receipts {whose}."
        console.screen.say(none)
    if not console.screen.json:
        return CommandResult(None)
    return CommandResult({"receipts": [_named(folder, card, one) for card in found for one in found[card]]})


@receipts.command()
@_name
@_eid
@click.pass_obj
def show(console: Console, name: int | Path, eid: Eid | None) -> CommandResult:
    """Show a receipt, by notification number or file name."""
    found = _chosen(console, name, eid)
    shown = []
    for card, receipt in found:
        provenance = _provenance(console, card, receipt)
        console.screen.facts([*_facts(card, receipt), *provenance.facts()])
        more = {"raw": receipt.notification.raw, "record": provenance.members()}
        shown.append(_members(card, receipt) | more)
    return CommandResult({"receipts": shown})


@receipts.command()
@_name
@click.option("--eid", type=EID, metavar="EID", help="The card that must have signed it.")
@click.option("--iccid", type=ICCID, metavar="ICCID", help="The profile that it must be about (whole ICCID).")
@click.option("--event", type=click.Choice(EVENTS), help="The event that it must report.")
@_at
@click.pass_obj
def verify(
    console: Console,
    *,
    name: int | Path,
    given: datetime | None,
    eid: Eid | None,
    iccid: Iccid | None,
    event: str | None,
) -> CommandResult:
    """Verify a receipt.

    Checks the signature, and shows what the receipt proves and what it does not. If you got the receipt from
    somebody else, give --eid, --iccid and --event: a genuine receipt about another card, profile or event is
    then refused.

    Needs neither a card nor a network. The card's certificates must come from a GSMA issuer, or from one in
    --ca-bundle. Their validity is checked for the date --at; by default for the time when this computer kept
    the receipt, or now.
    """
    from lpa.notifications import verification

    trusted, now = receipt_issuers.trusted(console), datetime.now(UTC)
    verified = []
    for card, receipt in _chosen(console, name, eid):
        moment = _provenance(console, card, receipt).reference_time(given)
        raw = receipt.notification.raw
        with receipt_issuers.advising(console, receipt.notification):
            verified.append(
                verification.verify(raw, trusted, now, moment=moment, eid=card, iccid=iccid, event=event)
            )
    for one in verified:
        _print_statements(console.screen, one)
    return CommandResult({"verifications": verified})


@receipts.command()
@_name
@click.option("--html", "path", type=FILE, required=True, metavar="FILE", help="Write the page to this file.")
@LANGUAGE
@_at
@_eid
@click.pass_obj
def export(
    console: Console,
    *,
    name: int | Path,
    path: Path,
    language: Language,
    given: datetime | None,
    eid: Eid | None,
) -> CommandResult:
    """Write a page about a receipt, to print or to send.

    The page states what the receipt proves and what it does not, and contains the receipt itself.
    """
    from lpa import pages
    from lpa.notifications import verification
    from lpa.pages import receipt_page

    card, receipt = _chosen(console, name, eid)[0]
    provenance, now = _provenance(console, card, receipt), datetime.now(UTC)
    moment = provenance.reference_time(given)
    trusted = receipt_issuers.trusted(console)
    result = verification.examine(receipt.notification.raw, trusted, now, moment=moment, eid=card)
    if isinstance(result, NotVerified):
        receipt_issuers.advise(console, receipt.notification, result)
    else:
        card = result.eid
    page = receipt_page.page(
        receipt.notification,
        card,
        result,
        made=now.astimezone(),
        language=language,
        record=provenance.record,
    )
    with changing(console.screen, *WRITING_PAGE):
        pages.save(page, path)
        console.screen.did(f"Page written to {path}.", {"path": str(path)})
    console.screen.line(f"Page written to {path}.")
    if isinstance(result, NotVerified):
        console.screen.say(f"The page says that the receipt is not verified: {result.message}", "yellow")
        console.screen.say(result.advice)
        return CommandResult({"path": path, "verification": None}, result, NO)
    return CommandResult({"path": path, "verification": result})


def _chosen(console: Console, name: int | Path, eid: Eid | None) -> list[Kept]:
    """The receipts of that name; several if the card signed it again. Raises `Refused` if none."""
    folder = console.receipts()
    if isinstance(name, Path):
        receipt = kept.read(name)
        return [(eid or _owner(console, name), receipt)]
    found: list[Kept] = [
        (card, receipt)
        for card in ([eid] if eid else folder.eids())
        for receipt in folder.numbered(card, name)
    ]
    cards = list(dict.fromkeys(str(card) for card, _ in found))
    if len(cards) > 1:
        raise Refused(
            "ReadReceipt",
            "ambiguous",
            f"Several cards have a receipt {name}: {', '.join(cards)}.",
            advice=CHOOSE_EID,
        )
    if not found:
        _refuse_unreadable(folder, [eid] if eid else folder.eids(), name)
        whose = f" of the card {eid}" if eid else ""
        raise Refused(
            "ReadReceipt",
            "nothingKept",
            f"There is no receipt {name}{whose} on this computer.",
            advice=LIST_RECEIPTS,
        )
    return found


def _refuse_unreadable(folder: Receipts, cards: Iterable[Eid], number: int) -> None:
    """Raise if there is a receipt of that number, and it cannot be read."""
    for path in (path for card in cards for path in folder.files(card)):
        if path.name.partition("-")[0] == f"{number:06}":
            kept.read(path)


def _owner(console: Console, path: Path) -> Eid | None:
    """The card of a file that is one of the receipts on this computer; None if those cannot be read."""
    folder = console.receipts()
    with suppress(OSError, StorageFailed):
        for card in folder.eids():
            if any(path.samefile(one) for one in folder.files(card)):
                return card
    return None


def _provenance(console: Console, eid: Eid | None, receipt: Receipt) -> Provenance:
    """What the journal records about a receipt of the card `eid`; nothing if it is not kept here.

    If the journal cannot be read, that is printed, and the receipt counts without it.
    """
    if eid is None or eid not in console.receipts().eids():
        return Provenance()
    try:
        with closing(console.journal()) as journal:
            notification = receipt.notification
            return Provenance(journal.entry(eid, notification), journal.record_of(eid, notification))
    except StorageFailed as problem:
        console.screen.say(f"This computer's record of it is not shown. {problem.message}", "yellow")
        return Provenance()


def _print_statements(screen: Screen, verification: Verification) -> None:
    from lpa.pages.receipt_page import statements

    words, heading = Words("en"), ""
    for kind, template, values in statements(words, verification):
        if kind != heading:
            screen.line((words[kind], "green" if kind == "proven" else "yellow"))
            heading = kind
        screen.line(f"  {template.format(**values)}")


def _members(eid: Eid | None, receipt: Receipt) -> dict[str, object]:
    return {"eid": eid, "path": receipt.path, "notification": receipt.notification.metadata}


def _named(folder: Receipts, eid: Eid, one: ReceiptName) -> dict[str, object]:
    about = {"sequence_number": one.sequence_number, "event": one.event, "iccid": one.iccid or None}
    return {"eid": str(eid), "path": str(folder.path(eid, one)), **about}


def _row(one: ReceiptName) -> tuple[str, ...]:
    return str(one.sequence_number), one.event, one.iccid, one.name


def _facts(eid: Eid | None, receipt: Receipt) -> Facts:
    metadata = receipt.notification.metadata
    return [
        ("Card", str(eid or "")),
        ("Number", str(metadata.sequence_number)),
        ("Event", metadata.event),
        ("ICCID", str(metadata.iccid or "")),
        ("Server", metadata.address),
        ("Size", f"{len(receipt.notification.raw)} bytes (DER)"),
        ("SHA-256", hashlib.sha256(receipt.notification.raw).hexdigest()),
        ("File", str(receipt.path)),
    ]
