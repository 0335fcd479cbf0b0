"""What commands do, and what is still to be done, in documents."""

from __future__ import annotations

from lpa.deletion.backup_first import BackupFirst
from lpa.deletion.findings import REMINDERS
from lpa.deletion.plan import Plan
from lpa.doctor import Diagnosis
from lpa.journal import LostNotification
from lpa.notifications.changes import ProfileChange
from lpa.notifications.delivery import Delivery
from lpa.notifications.from_files import Unusable
from lpa.notifications.verification import Expired, ReferenceTime, Verification
from lpa.profiles.backup import Backup
from lpa.profiles.blockers import RULES, WARNINGS, Finding
from lpa.profiles.switching import Outcome
from lpa.recovery import Recovery
from lpa.rsp.names import Eid, Iccid
from tests.support.json_schemas.language import (
    Members,
    Schema,
    flag,
    known,
    many,
    nullable,
    number,
    of,
    record,
    shared,
    text,
    time,
    typed,
)

SERVER = "The server: a host name, and a port if it is not 443."
# What 'function' of the journal is called in documents.
OPERATIONS = ("enable", "disable", "delete", "reset", "download", "temporary-enable")
_BLOCKERS = (
    "disallowedByPolicy",
    "protected",
    "profileNotInDisabledState",
    "temporarilyEnabled",
    "installFailedDueToIccidAlreadyExistsOnEuicc",
)
_NOTES = (
    "ppr1",
    "notifications-pending-others",
    "still-on-card",
    "free-memory",
    "managed-remotely",
    "unfinished",
    "reachable",
    "unreachable",
    "backup",
    "no-backup",
    "pin-blocked",
    "pin-last-try",
    "pin-needed",
    "insufficientMemory",
)


def definitions() -> dict[str, Schema]:
    """By name. Each stands behind those that it has."""
    made = {
        "profile_change": of(
            ProfileChange,
            "profile_change",
            "A change of a profile on the card.",
            event="What was done: install, enable, disable or delete.",
            profile="The profile, as it was before.",
            external="Whether another program or the card itself did it, and not this command.",
        ),
        "delivery": _delivery(),
    }
    made["outcome"] = of(Outcome, "outcome", "What was done on the card.", **OUTCOME)
    made["recovery"] = _recovery()
    made["unfinished_operation"] = _unfinished()
    made["pending_notification"] = _pending()
    made["lost_notification"] = _lost()
    made["unrecorded_receipt"] = _unrecorded()
    made["unusable_file"] = of(
        Unusable,
        "unusable_file",
        "A file that holds no receipt or cannot be read.",
        path="The file or folder.",
        problem="Why.",
    )
    made["finding"] = _finding()
    made["plan"] = _plan()
    made["backup"] = of(Backup, "backup", "A backup on disk.", **BACKUP)
    made["backup_first"] = of(
        BackupFirst,
        "backup_first",
        "The backup before a deletion. A profile that is disabled is enabled temporarily for it.",
        backup="The backup; null if none was made.",
        problem="Why nothing was saved, what could not be read, or why nothing was restored; or null.",
        switches="The changes made for it; empty if the profile was enabled, or no backup was wanted.",
        restored="Whether the profiles are enabled and disabled as before.",
    )
    return made | {"diagnosis": _diagnosis()} | _verification()


OUTCOME: dict[str, str | Schema] = {
    "profile": "The profile that was to be changed, as it was before; null for a reset.",
    "changes": "What was changed on the card, in order; empty if nothing had to be.",
    "deliveries": "The notifications of these changes, and earlier ones that had to be sent before them.",
    "problem": "What was found wrong when the card was read at the end; null if nothing was.",
    "free_memory": "Free bytes on the card now; null if they were not read.",
    "enabled": "The profiles that are enabled now; null if that was not read.",
}
BACKUP: dict[str, str | Schema] = {
    "folder": "The new folder.",
    "contacts": "Number of contacts.",
    "messages": "Number of messages.",
    "problems": "A sentence for each thing that could not be read.",
}


def _delivery() -> Schema:
    return of(
        Delivery,
        "delivery",
        "The result of sending one notification.",
        events="All events that the card set in it; the specification requires exactly one.",
        event=text("The event; such as `none` or `install+delete` if there is not exactly one."),
        address=SERVER,
        iccid="The profile; null if the card does not say.",
        sequence_number="Its number on the card; null if the card did not give the notification.",
        receipt="The proof on this computer; null if there is none.",
        acknowledged="Whether the server has acknowledged it.",
        removed="Whether it is removed from the card.",
        problem="Why it is not acknowledged, or not removed; or null.",
        next_try="When it is sent again without being asked for; null if it was acknowledged, or is not sent "
        "by itself.",
        attempts="How often it was sent in vain so far.",
        lost="Whether the signed notification no longer exists, so that it cannot be sent.",
    )


def _recovery() -> Schema:
    made = of(
        Recovery,
        "recovery",
        "How an operation that was interrupted earlier was completed.",
        function=known("What was asked for then.", *OPERATIONS),
        begun="When it began.",
        changes="What it had changed on the card; of a temporary enable, what restored the previous profile.",
        deliveries="The notifications of these changes.",
        target="The profile; null for a reset.",
        summary="How it ended, for people; may be empty.",
        problem="Why the previous profile is not restored, or the result not known; or null.",
        not_deleted=flag(
            "Whether it was to delete a profile and only disabled it. Delete it again if you want."
        ),
    )
    made["properties"] = {"operation": made["properties"].pop("function")} | made["properties"]
    made["required"] = ["operation", *(name for name in made["required"] if name != "function")]
    return made


def _unfinished() -> Schema:
    return record(
        "An operation that was interrupted and is not completed. Insert its card and run 'lpa resume'.",
        {
            "eid": typed(Eid, "The card."),
            "operation": known("What was asked for.", *OPERATIONS),
            "begun": time("When it began."),
            "target": nullable(typed(Iccid, "The profile; null for a reset.")),
        },
    )


def _pending() -> Schema:
    return record(
        "A notification that is kept on this computer and that no server has acknowledged.",
        {
            "eid": nullable(typed(Eid, "The card that signed it; null if it came in a file.")),
            "notification": shared("notification", "What it reports."),
            "kept": time("When this computer kept it."),
            "attempts": number("How often it was sent in vain so far."),
            "last_problem": text("Why the last try failed, for people; empty if there was none."),
            "next_try": nullable(
                time("When it is due. A time in the past: now. Null if it is not sent by itself.")
            ),
            "held": flag("Whether it was asked for that it is not sent by itself."),
        },
    )


def _lost() -> Schema:
    return of(
        LostNotification,
        "lost_notification",
        "A change for which no signed notification remains. Inform the operator yourself.",
        eid="The card.",
        iccid="The profile.",
        title="What the profile was called.",
        event="What happened to it.",
        address="The server that was not notified.",
        noticed=time("When the loss was found."),
    )


def _unrecorded() -> Schema:
    return record(
        "A receipt of which the journal on this computer has no record: whether its server was notified is "
        "unknown.",
        {
            "eid": typed(Eid, "The card."),
            "path": text("Its file."),
            "notification": shared("notification", "What it reports."),
            "command": text("The command that sends it."),
        },
    )


def _finding() -> Schema:
    names = dict.fromkeys((*_BLOCKERS, *WARNINGS, *RULES, *_NOTES, *REMINDERS))
    return of(
        Finding,
        "finding",
        "What to know before a deletion or a download.",
        level="A blocker makes it impossible, a warning must be accepted by its name, a note is information.",
        name=known("A stable name. That of a blocker is the reason of the refusal.", *names),
        message="The finding, for people.",
        advice="What to do, for people; may be empty.",
        function="Of a blocker: the function of SGP.22 that is refused.",
    )


def _plan() -> Schema:
    further: Members = {
        "addresses": many(
            text("A host name, and a port if it is not 443."), "The servers that are notified."
        ),
        "fingerprint": text("A digest of the plan. A changed plan is refused."),
        "deletable": flag("Whether there is no blocker. Warnings may still have to be accepted."),
    }
    return of(
        Plan,
        "plan",
        "A deletion that was not carried out. `lpa delete --apply` takes this document.",
        eid="The card.",
        profile="The profile to delete.",
        others="The profiles that stay on the card.",
        disable_first="Whether the profile is enabled and will be disabled first.",
        findings="What to know before it: blockers, warnings and notes.",
        free_memory="Free bytes on the card; null if it does not say.",
        unreadable="What the card lists and cannot be read, in hexadecimal.",
        reader="The reader's name; empty if it has none.",
        **further,
    )


def _diagnosis() -> Schema:
    return of(
        Diagnosis,
        "diagnosis",
        "The result of one check.",
        step=known(
            "What was checked.",
            *("service", "readers", "card", "ATR", "ISD-R", "EID", "notifications"),
            *("clock", "network", "journal"),
        ),
        message="What was found: a sentence or a value, for people.",
        advice="What to do; empty if nothing is wrong.",
        problem="The error, if something does not work; else null.",
        verdict=known("Whether it works.", "good", "doubtful", "bad"),
    )


def _verification() -> dict[str, Schema]:
    return {
        "reference_time": of(
            ReferenceTime,
            "reference_time",
            "A time at which the receipt existed. The card does not sign it.",
            time="The time.",
            source="`kept`: when this computer kept it; `given`: --at; `now`: nothing is known.",
        ),
        "expired_certificate": of(
            Expired,
            "expired_certificate",
            "A certificate that has expired.",
            name=known(
                "Whether it was valid at the reference time (`expired` if not).",
                *("expired", "expiredSinceKept", "expiredSinceGiven"),
            ),
            holder=known("Whose it is.", "card", "maker", "issuer"),
            end="When it expired.",
        ),
        "verification": _verified(),
    }


def _verified() -> Schema:
    return of(
        Verification,
        "verification",
        "What a receipt proves: this card signed, for this server, that this happened to this profile.",
        eid="The card.",
        iccid="The profile; null if the receipt does not say.",
        event="What happened.",
        sequence_number="The number of the notification on the card.",
        address=SERVER,
        maker="The maker of the card (EUM), by its certificate.",
        issuer="The key identifier of the issuer (CI) that certified the maker, in hexadecimal.",
        issuer_name="The issuer's name; empty if it is not known.",
        issuer_kind=known("Whose it is.", "production", "test", "private"),
        sha256="SHA-256 of the whole receipt, in hexadecimal.",
        size="Size of the whole receipt in bytes.",
        signed="The bytes that the signature covers, in hexadecimal.",
        unproven=many(
            known(
                "What the receipt does not prove.",
                *(
                    "time",
                    "since",
                    "delivery",
                    "contract",
                    "otherBytes",
                    "profile",
                    "testIssuer",
                    "privateIssuer",
                ),
            ),
            "What the receipt does not prove, although a reader might think so.",
        ),
        moment="The time for which the certificates were checked.",
        expired="The certificates that have expired by now, or had by then.",
        deviations=many(
            known("How they differ.", "lengths", "members", "unknownMembers"),
            "How the bytes that are not signed differ from what cards write; empty if they do not.",
        ),
    )
