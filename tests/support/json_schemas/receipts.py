"""What the commands about receipts print."""

from __future__ import annotations

from lpa.rsp.names import Eid, Iccid
from tests.support.json_schemas.language import (
    Members,
    Schema,
    nullable,
    number,
    record,
    shared,
    text,
    time,
    typed,
)


def named() -> Schema:
    """One in a list, as its file name says."""
    return record(
        "A receipt, as its file name says.",
        {
            "eid": typed(Eid, "The card."),
            "path": text("Its file."),
            "sequence_number": number("The number of the notification on the card."),
            "event": text("What happened."),
            "iccid": nullable(typed(Iccid, "The profile; null if the card did not say.")),
        },
    )


def whole() -> Schema:
    """One that is shown, with what this computer recorded about it."""
    evidence: Members = {
        "address": text("The server that acknowledged."),
        "http_status": number("The HTTP status of its answer."),
        "tls_certificate_sha256": typed(bytes, "SHA-256 of its TLS certificate, in hexadecimal."),
        "notification_sha256": typed(bytes, "SHA-256 of the notification that was sent, in hexadecimal."),
        "trust_anchor": text("What verified the server: card, public or bundle."),
        "issuer": text("The authority that certified the server."),
        "issuer_key": typed(bytes, "The key identifier of the authority, if it is on the card's list."),
    }
    journal: Members = {
        "kept": nullable(time("When this computer kept it.")),
        "acknowledged": nullable(time("When its server acknowledged it.")),
        "abandoned": nullable(time("When a person had it removed from the card unsent.")),
        "last_problem": text("Why the last try failed, for people; empty if there was none."),
        "evidence": record("What is known of the acknowledgement; empty if there is none.", {}, evidence),
        "operation": nullable(text("What was asked for, such as delete; null if that is not recorded.")),
        "operator": text("The operator of the profile; empty if that is not recorded."),
        "reason": text("Why, in the person's words (--reason); may be empty."),
        "free_memory_before": nullable(number("Free bytes on the card before; null if they were not read.")),
        "free_memory_after": nullable(number("Free bytes on the card after; null if they were not read.")),
    }
    return record(
        "A receipt, and what this computer recorded about it.",
        {
            "eid": nullable(typed(Eid, "The card it is kept for; null for a file from elsewhere.")),
            "path": text("Its file."),
            "notification": shared("notification", "What it reports."),
            "raw": typed(bytes, "The signed notification (DER), in hexadecimal."),
            "record": record(
                "What the journal on this computer has about it. Nobody has signed this.", journal
            ),
        },
    )
