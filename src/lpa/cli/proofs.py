"""Commands about the proofs on this computer: receipts list, show."""

from __future__ import annotations

import click

from lpa.cli.desk import Desk
from lpa.cli.documents import Answer
from lpa.cli.parsing import EID, Group
from lpa.errors import Refused
from lpa.receipts import Receipt
from lpa.rsp.names import Eid

_eid = click.option("--eid", type=EID, metavar="EID", help="Of this card, which need not be there.")


@click.group(cls=Group)
def receipts() -> None:
    """What cards have signed: the proofs kept here."""


@receipts.command("list")
@_eid
@click.pass_obj
def list_(desk: Desk, eid: Eid | None) -> Answer:
    """List the receipts of the card in the reader."""
    eid = eid or _eid_in_reader(desk)
    kept = desk.receipts().of(eid)
    desk.screen.table(("Number", "Event", "ICCID", "Server", "File"), map(_row, kept))
    if not kept:
        desk.screen.say(f"Nothing is kept of the card {eid}.")
    return Answer({"eid": eid, "receipts": [_members(receipt) for receipt in kept]})


@receipts.command()
@click.argument("number", type=click.IntRange(0))
@_eid
@click.pass_obj
def show(desk: Desk, number: int, eid: Eid | None) -> Answer:
    """Show a receipt, by the number of its notification."""
    eid = eid or _eid_in_reader(desk)
    found = [
        receipt
        for receipt in desk.receipts().of(eid)
        if receipt.notification.metadata.sequence_number == number
    ]
    if not found:
        raise Refused(
            "receipts",
            "nothingKept",
            f"No receipt {number} of the card {eid} is kept here.",
            advice="'lpa receipts list' shows which are.",
        )
    for receipt in found:
        desk.screen.facts(_facts(eid, receipt))
    whole = [_members(receipt) | {"raw": receipt.notification.raw} for receipt in found]
    return Answer({"eid": eid, "receipts": whole})


def _eid_in_reader(desk: Desk) -> Eid:
    with desk.assistant() as assistant:
        return assistant.eid


def _members(receipt: Receipt) -> dict[str, object]:
    return {"path": receipt.path, "metadata": receipt.notification.metadata}


def _row(receipt: Receipt) -> tuple[str, ...]:
    told = receipt.notification.metadata
    return str(told.sequence_number), told.event, str(told.iccid or ""), told.address, receipt.path.name


def _facts(eid: Eid, receipt: Receipt) -> list[tuple[str, str | list[str]]]:
    told = receipt.notification.metadata
    return [
        ("Card", str(eid)),
        ("Number", str(told.sequence_number)),
        ("Event", told.event),
        ("ICCID", str(told.iccid or "")),
        ("Server", told.address),
        ("Size", f"{len(receipt.notification.raw)} bytes, as the card signed them (DER)"),
        ("File", str(receipt.path)),
    ]
