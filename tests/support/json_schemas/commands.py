"""The document of each command."""

from __future__ import annotations

from dataclasses import dataclass, field

from lpa.card.information import CardInfo
from lpa.rsp.names import Eid, Iccid
from tests.support.json_schemas import card, changes, receipts, simulator
from tests.support.json_schemas.language import (
    Members,
    Schema,
    flag,
    many,
    nullable,
    number,
    of,
    record,
    shared,
    text,
    typed,
)

UNREADABLE = many(typed(bytes), "What the card lists and cannot be read: pieces of bytes, in hexadecimal.")


@dataclass(frozen=True)
class Result:
    """A result of a command. `optional`: the members that may be missing if the command succeeds.

    `when`: in which case it is this one, if there are others.
    """

    members: Members
    optional: Members = field(default_factory=dict)
    when: str = ""


@dataclass(frozen=True)
class Command:
    """A command, its results, and whether it works with `--all-readers`."""

    results: tuple[Result, ...]
    all_readers: bool = False


def definitions() -> dict[str, Schema]:
    """What several commands have, by name."""
    found = card.definitions() | changes.definitions() | simulator.definitions()
    profile = found["profile"]
    found["listed_profile"] = _with(profile, {"protected": _PROTECTED})
    found["one_download"] = _one_download(found["outcome"])
    found["not_understood"] = record(
        "The document if the command line was not understood so far that a command ran.",
        {
            "command": text("What was understood of it; may be empty."),
            "ok": {"const": False, "description": "False."},
            "exit_code": exit_code(),
            "error": shared("error"),
        },
    )
    return found


def exit_code() -> Schema:
    """The exit code of the command."""
    return {
        "enum": card.exit_codes(),
        "description": "The exit code of the process: 0 done; 1 refused; 2 not understood; 3 not reached, or "
        "the outcome is unknown; 4 done, and a notification is not acknowledged; 70 a bug; 130 Ctrl-C.",
    }


def commands(found: dict[str, Schema]) -> dict[str, Command]:
    """By name, as it is typed. `found`: the definitions, whose members some results have."""
    outcome = found["outcome"]["properties"]
    plan, listed = found["plan"]["properties"], found["listed_profile"]
    switched = Result(outcome, _AFTERWARDS)
    return {
        "readers": Command((Result({"readers": many(_reader(), "The readers, by number.")}),)),
        "doctor": Command(
            (Result({"diagnoses": many(shared("diagnosis"), "The results, in the order of the checks.")}),),
            all_readers=True,
        ),
        "info": Command((Result(_info()),), all_readers=True),
        "list": Command(
            (
                Result(
                    {
                        "profiles": many(shared("listed_profile"), "The profiles, in the order of the card."),
                        "unreadable": UNREADABLE,
                    }
                ),
            ),
            all_readers=True,
        ),
        "show": Command((_shown(listed),)),
        "enable": Command((switched,)),
        "disable": Command((switched,)),
        "delete": Command(
            (
                Result(plan, when="With --plan"),
                Result(
                    outcome | {"backup_first": shared("backup_first", "The backup before it.")},
                    _AFTERWARDS,
                    "Otherwise",
                ),
            )
        ),
        "protect": Command(
            (
                Result({"iccid": _ICCID, "protected": flag("True.")}, when="With a NAME"),
                Result(
                    {"iccids": many(typed(Iccid), "The protected profiles, of any card.")}, when="With --list"
                ),
            )
        ),
        "unprotect": Command((Result({"iccid": _ICCID, "protected": flag("False.")}),)),
        "rename": Command(
            (
                Result(
                    {
                        "iccid": _ICCID,
                        "nickname": text("The name now; empty if it has none."),
                        "nickname_before": text("The name before; empty if it had none."),
                    }
                ),
            )
        ),
        "download": _download(found),
        "discover": Command(
            (
                Result(
                    {"events": many(_event(), "The servers that have a profile for this card.")},
                    {"downloads": _DOWNLOADS} | _AFTERWARDS,
                ),
            )
        ),
        "backup": Command((Result(found["backup"]["properties"]),)),
        "notifications list": Command((_listed_notifications(),)),
        "notifications send": Command(
            (
                Result(
                    {"deliveries": many(shared("delivery"), "The result for each notification.")},
                    {"unusable": many(shared("unusable_file"), "With FILE: what could not be sent.")}
                    | _AFTERWARDS,
                ),
            ),
            all_readers=True,
        ),
        "notifications remove": Command(
            (
                Result(
                    {
                        "notification": shared("notification", "The one that was removed."),
                        "receipts": many(text("A file."), "Its receipts on this computer."),
                    }
                ),
            )
        ),
        "notifications mark-informed": Command(
            (Result({"informed": many(shared("lost_notification"), "No longer listed as lost.")}),)
        ),
        "resume": Command((_resumed(),)),
        "receipts list": Command((Result({"receipts": many(receipts.named(), "The receipts, by card.")}),)),
        "receipts show": Command((Result({"receipts": many(receipts.whole(), _SEVERAL)}),)),
        "receipts verify": Command(
            (
                Result(
                    {"verifications": many(shared("verification"), "What each receipt of that name proves.")}
                ),
            )
        ),
        "receipts export": Command(
            (
                Result(
                    {
                        "path": text("The page."),
                        "verification": nullable(
                            shared("verification", "What the receipt proves; null if it cannot be verified.")
                        ),
                    }
                ),
            )
        ),
        "default-server": Command((Result(found["configured_addresses"]["properties"]),)),
        "reset": Command((switched,)),
        **{name: Command((Result(made),)) for name, made in simulator.commands(found).items()},
        "schema": Command(
            (
                Result({"schema": {"type": "object", "description": "The schema."}}, when="With a COMMAND"),
                Result({"commands": many(text("As it is typed."), "The commands.")}, when="Without"),
            )
        ),
    }


_ICCID = typed(Iccid, "The profile.")
_PROTECTED = nullable(
    flag("Whether this computer refuses to delete it; null if the journal on this computer cannot be read.")
)
_DOWNLOADS = many(shared("one_download"), "Each download in turn, if there were several.")
_SEVERAL = "The receipts of that name: several if the card signed it again."
_PENDING = many(shared("pending_notification"), "All notifications that are kept here and not acknowledged.")
_AFTERWARDS: Members = {
    "recovered": many(
        shared("recovery"), "Operations that were interrupted earlier and completed first; missing if none."
    ),
    "due": many(shared("delivery"), "Earlier notifications that were due and were sent at the end."),
    "pending": _PENDING,
}


def _with(schema: Schema, members: Members) -> Schema:
    required = [*schema["required"], *members]
    return schema | {"properties": schema["properties"] | members, "required": required}


def _reader() -> Schema:
    return record(
        "A reader and the card in it.",
        {
            "number": number("Its number, from 0; --reader takes it."),
            "reader": text("Its name."),
            "present": flag("Whether there is a card in it."),
            "busy": flag("Whether another program is using the card."),
            "mute": flag("Whether the card does not answer."),
            "atr": typed(bytes, "The answer to reset of the card, in hexadecimal; empty if there is none."),
            "eid": nullable(typed(Eid, "The eUICC; null if none was found.")),
            "other_elements": many(shared("secure_element"), "Other secure elements of the card."),
            "problem": nullable(shared("error", "Why no eUICC was found; or null.")),
        },
    )


def _info() -> Members:
    members: Members = of(
        CardInfo,
        "card_info",
        "A card.",
        eid="Its EID.",
        aid="The AID of its ISD-R, in hexadecimal.",
        info1="EUICCInfo1; null if EUICCInfo2 has both lists of CI keys.",
        info2="EUICCInfo2.",
        configured_addresses="The servers that it asks for profiles.",
        authorisation_rules="The Rules Authorisation Table.",
        other_elements="Other secure elements of the card.",
        profiles="Number of its profiles, as far as they can be read.",
        eims="The remote managers of an IoT card (SGP.32); empty for others.",
    )["properties"]
    return members


def _shown(listed: Schema) -> Result:
    always = {name: listed["properties"][name] for name in listed["required"]}
    rare = {name: schema for name, schema in listed["properties"].items() if name not in always}
    subscriber = shared("subscriber", "The subscriber, if the profile is enabled.")
    return Result({**always, "eid": typed(Eid, "The card."), "subscriber": subscriber}, rare)


def _one_download(outcome: Schema) -> Schema:
    problem = outcome["properties"]["problem"]
    others = {name: schema for name, schema in outcome["properties"].items() if name != "problem"}
    return record(
        "One of several downloads. If it failed before the profile was installed it only has its `problem`.",
        {"problem": problem},
        others | _DOWNLOADED,
    )


_DOWNLOADED: Members = {
    "package_size": number("Size of the downloaded package in bytes."),
    "enable": shared("outcome", "What enabling it afterwards did; missing if it was not enabled."),
}


def _download(found: dict[str, Schema]) -> Command:
    preview = Result(
        {
            "profile": shared("profile", "The profile that is offered."),
            "address": text("The server that offers it."),
            "confirmation_code_required": flag("Whether the operator's confirmation code is needed."),
            "estimated_size": nullable(
                number("Bytes that it takes on the card; null if the server does not say.")
            ),
            "free_memory": nullable(number("Free bytes on the card; null if it does not say.")),
            "findings": many(shared("finding"), "What to know before it is installed."),
        },
        when="With --preview",
    )
    installed = {"package_size": _DOWNLOADED["package_size"]}
    enabled = {"enable": _DOWNLOADED["enable"]}
    outcome = found["outcome"]["properties"] | installed
    return Command((preview, Result(outcome, enabled | {"downloads": _DOWNLOADS} | _AFTERWARDS, "Otherwise")))


def _event() -> Schema:
    return record("A profile that is available.", {"address": text(changes.SERVER)})


_ON_COMPUTER: Members = {
    "lost": many(shared("lost_notification"), "Changes for which no signed notification remains."),
    "unrecorded": many(shared("unrecorded_receipt"), "Receipts of which the journal has no record."),
    "more_unrecorded": number("Number of further files with the name of such a receipt."),
}


def _listed_notifications() -> Result:
    on_card: Members = {
        "notifications": nullable(
            many(
                shared("notification"),
                "Those on the card; null if it does not say, missing with --without-card.",
            )
        ),
        "unreadable": nullable(UNREADABLE),
    }
    still: Members = {
        "still_on_card": number("Number of those that are acknowledged and not yet removed from a card."),
        "left_on_card": number("Number of those among them that were left on the card by request."),
    }
    return Result({"pending": _PENDING} | still | _ON_COMPUTER, on_card)


def _resumed() -> Result:
    elsewhere = many(shared("unfinished_operation"), "Operations on other cards that were interrupted.")
    return Result(
        {
            "recovered": many(shared("recovery"), "The operations that were completed."),
            "deliveries": many(shared("delivery"), "Notifications that were due and were sent."),
            "other_cards": elsewhere,
            **_ON_COMPUTER,
        },
        {name: schema for name, schema in _AFTERWARDS.items() if name != "recovered"},
    )
