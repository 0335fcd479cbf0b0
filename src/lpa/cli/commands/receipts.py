"""Commands about the proofs on this computer: receipts list, show, verify, export. They need no card."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lpa.cli.console import Console
from lpa.cli.exits import NO
from lpa.cli.group import Group
from lpa.cli.json_output import Answer
from lpa.cli.parsing import EID, FILE, ICCID, LANGUAGE, MOMENT, RECEIPT
from lpa.cli.screen import Facts, Screen
from lpa.cli.views.provenance import Provenance
from lpa.errors import LpaError, Refused
from lpa.notifications import receipts as kept
from lpa.notifications.receipts import Receipt
from lpa.notifications.verification import EVENTS
from lpa.pages.texts import Language, Words
from lpa.rsp.names import Eid, Iccid

if TYPE_CHECKING:
    from lpa.notifications.verification import TrustedIssuers, Verification

# A receipt, and the card it is kept as one of; None for a file from elsewhere.
Kept = tuple[Eid | None, Receipt]

_eid = click.option("--eid", type=EID, metavar="EID", help="Of this card only.")
_at = click.option(
    "--at",
    "given",
    type=MOMENT,
    metavar="DATE",
    help="When the receipt was there (YYYY-MM-DD), for one that was not kept on this computer.",
)
_name = click.argument("name", metavar="NUMBER|FILE", type=RECEIPT)


@click.group(cls=Group)
def receipts() -> None:
    """What cards have signed: the proofs kept here."""


@receipts.command("list")
@_eid
@click.pass_obj
def list_(console: Console, eid: Eid | None) -> Answer:
    """List the receipts on this computer."""
    found = {card: console.receipts().of(card) for card in ([eid] if eid else console.receipts().eids())}
    for card, of_card in found.items():
        if of_card:
            console.screen.line((f"Card {card}", "bold"))
            console.screen.table(("Number", "Event", "ICCID", "Server", "File"), map(_row, of_card))
    if not any(found.values()):
        console.screen.say(f"Nothing is kept of the card {eid}." if eid else "Nothing is kept here.")
    return Answer({"receipts": [_members(card, receipt) for card in found for receipt in found[card]]})


@receipts.command()
@_name
@_eid
@click.pass_obj
def show(console: Console, name: int | Path, eid: Eid | None) -> Answer:
    """Show a receipt, by the number of its notification or the name of its file."""
    found = _chosen(console, name, eid)
    shown = []
    for card, receipt in found:
        provenance = Provenance.of(console, card, receipt)
        console.screen.facts([*_facts(card, receipt), *provenance.facts()])
        noted = {"witnessed": provenance.noted}
        shown.append(_members(card, receipt) | {"raw": receipt.notification.raw} | noted)
    return Answer({"receipts": shown})


@receipts.command()
@_name
@click.option("--eid", type=EID, metavar="EID", help="The card that must have signed it.")
@click.option("--iccid", type=ICCID, metavar="ICCID", help="The profile that it must be about, all digits.")
@click.option("--event", type=click.Choice(EVENTS), help="What must have happened to it.")
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
) -> Answer:
    """Check the signature of a receipt, and say what it proves and what it does not.

    If somebody handed you a receipt, say with --eid, --iccid and --event what it must be about: a genuine one
    about another card, profile or event is refused.

    Works without a card and without the internet. The card's certificates must come from an issuer of the
    GSMA, or from one in the --ca-bundle. Whether they were valid is asked for the time when the receipt was
    kept here, as this computer noted it; else for --at, else for now.
    """
    from lpa.notifications import verification

    trusted, now = _trusted(console), datetime.now(UTC)
    proven = [
        verification.verify(
            receipt.notification.raw,
            trusted,
            now,
            moment=Provenance.of(console, card, receipt).moment(given),
            eid=card,
            iccid=iccid,
            event=event,
        )
        for card, receipt in _chosen(console, name, eid)
    ]
    for one in proven:
        _say(console.screen, one)
    return Answer({"verifications": proven})


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
) -> Answer:
    """Make a page of a receipt, to print or to send.

    It says what the receipt proves and what it does not, and holds the receipt itself.
    """
    from lpa import pages
    from lpa.notifications import verification
    from lpa.pages import receipt_page

    card, receipt = _chosen(console, name, eid)[0]
    provenance, now = Provenance.of(console, card, receipt), datetime.now(UTC)
    moment = provenance.moment(given)
    result = verification.examine(receipt.notification.raw, _trusted(console), now, moment=moment, eid=card)
    if not isinstance(result, LpaError):
        card = result.eid
    page = receipt_page.page(
        receipt.notification,
        card,
        result,
        made=now.astimezone(),
        language=language,
        witnessed=provenance.noted,
    )
    pages.save(page, path)
    console.screen.line(f"The page is in {path}.")
    if isinstance(result, LpaError):
        console.screen.say(f"It says that the receipt is not verified: {result.message}", "yellow")
        return Answer({"path": path, "verification": None}, result, NO)
    return Answer({"path": path, "verification": result})


def _chosen(console: Console, name: int | Path, eid: Eid | None) -> list[Kept]:
    """The receipt of that name; a few if the card signed its notification anew. Raises `Refused` if none."""
    if isinstance(name, Path):
        return [(eid or _owner(console, name), kept.read(name))]
    folder = console.receipts()
    found: list[Kept] = [
        (card, receipt)
        for card in ([eid] if eid else folder.eids())
        for receipt in folder.of(card)
        if receipt.notification.metadata.sequence_number == name
    ]
    cards = list(dict.fromkeys(str(card) for card, _ in found))
    if len(cards) > 1:
        raise Refused(
            "receipts",
            "ambiguous",
            f"Several cards have a receipt {name}: {', '.join(cards)}.",
            advice="Name the card with --eid, or name the file.",
        )
    if not found:
        whose = f" of the card {eid}" if eid else ""
        raise Refused(
            "receipts",
            "nothingKept",
            f"No receipt {name}{whose} is kept here.",
            advice="'lpa receipts list' shows which are.",
        )
    return found


def _owner(console: Console, path: Path) -> Eid | None:
    """The card of a file that is one of those kept here."""
    folder = console.receipts()
    return next(
        (card for card in folder.eids() if any(path.samefile(one.path) for one in folder.of(card))), None
    )


def _trusted(console: Console) -> TrustedIssuers:
    from lpa.notifications.verification import TrustedIssuers

    if console.trust is None or console.trust.pem is None:
        return TrustedIssuers.production()
    return TrustedIssuers.from_pem(console.trust.pem.encode())


def _say(screen: Screen, verification: Verification) -> None:
    from lpa.pages.receipt_page import statements

    words, heading = Words("en"), ""
    for kind, template, values in statements(words, verification):
        if kind != heading:
            screen.line((words[kind], "green" if kind == "proven" else "yellow"))
            heading = kind
        screen.line(f"  {template.format(**values)}")


def _members(eid: Eid | None, receipt: Receipt) -> dict[str, object]:
    return {"eid": eid, "path": receipt.path, "metadata": receipt.notification.metadata}


def _row(receipt: Receipt) -> tuple[str, ...]:
    told = receipt.notification.metadata
    return str(told.sequence_number), told.event, str(told.iccid or ""), told.address, receipt.path.name


def _facts(eid: Eid | None, receipt: Receipt) -> Facts:
    told = receipt.notification.metadata
    return [
        ("Card", str(eid or "")),
        ("Number", str(told.sequence_number)),
        ("Event", told.event),
        ("ICCID", str(told.iccid or "")),
        ("Server", told.address),
        ("Size", f"{len(receipt.notification.raw)} bytes, as the card signed them (DER)"),
        ("SHA-256", hashlib.sha256(receipt.notification.raw).hexdigest()),
        ("File", str(receipt.path)),
    ]
