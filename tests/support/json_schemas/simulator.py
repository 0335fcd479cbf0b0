"""What the commands of the simulator print."""

from __future__ import annotations

from lpa.rsp.names import Eid, Iccid
from lpa.sim.servers.orders import STATES
from tests.support.json_schemas.language import (
    Members,
    Schema,
    flag,
    known,
    many,
    nullable,
    number,
    record,
    shared,
    text,
    time,
    typed,
)


def definitions() -> dict[str, Schema]:
    """By name."""
    return {
        "order": record(
            "An order of the simulated server.",
            {
                "activation_code": text("Its activation code."),
                "state": known("Its state.", *STATES),
                "iccid": typed(Iccid, "The profile."),
                "name": text("The name of the profile."),
                "eid": nullable(typed(Eid, "The card that it is for, or that downloaded it; null for any.")),
                "expires": nullable(time("When it expires; null if it does not.")),
                "downloads": number("Number of downloads that are left."),
                "code_tries": nullable(
                    number("Tries for the confirmation code that are left; null if it has none.")
                ),
                "binds_once": flag("Whether the package is bound to one key of the card only."),
                "result": text("Why it ended in an error; empty if it did not."),
            },
        ),
        "received_notification": record(
            "A notification that the simulated server accepted.",
            {
                "sequence_number": number("Its number on the card."),
                "event": text("What happened."),
                "address": text("The server that it is for."),
                "iccid": nullable(typed(Iccid, "The profile; null if the card does not say.")),
                "eid": typed(Eid, "The card."),
            },
        ),
    }


def commands(found: dict[str, Schema]) -> dict[str, Members]:
    """The results by command."""
    order: Members = found["order"]["properties"]
    return {
        "sim new": {"eid": typed(Eid, "The new card."), "path": text("Its folder.")},
        "sim card": {
            "eid": typed(Eid, "The card that was in the reader."),
            "wire": nullable(_wire()),
        },
        "sim manners": {
            "manners": many(
                record("A kind of card.", {"name": text("For --like."), "summary": text("How it behaves.")}),
                "The kinds of cards.",
            )
        },
        "sim server": {
            "received": many(shared("received_notification"), "What it accepted, in order."),
            "orders": many(shared("order"), "The orders as they are at the end."),
        },
        "sim server order add": order,
        "sim server order list": {"orders": many(shared("order"), "The orders.")},
        "sim server order release": order,
        "sim replay": {
            "path": text("The trace."),
            "remaining": number("Number of recorded commands that were not asked for."),
        },
        "sim convert": {
            "trace": many(text("A line of it."), "The trace."),
            "commands": number("Number of commands that were found."),
            "other_lines": number("Number of lines that were left out."),
        },
    }


def _wire() -> Schema:
    seconds = {"type": "number"}
    return record(
        "With --wire: what went over the line, and how long it takes by the model; else null.",
        {
            "commands": number("Number of commands."),
            "bytes_to_card": number("Bytes to the card."),
            "bytes_from_card": number("Bytes from the card."),
            "line_seconds": seconds | {"description": "Seconds on the line."},
            "card_seconds": seconds | {"description": "Seconds of the card's own work."},
            "seconds": seconds | {"description": "Both together."},
        },
    )
