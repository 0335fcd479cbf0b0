"""What to do about notifications and receipts."""

from __future__ import annotations

from lpa.advice import Advice

INFORM_THEN_MARK = Advice(
    "informThenMark",
    "Inform the operator yourself; then run 'lpa notifications mark-informed {iccid}'.",
)
LIST_LOST = Advice("listLost", "'lpa notifications list' lists the lost notifications.")
LIST_NOTIFICATIONS = Advice("listNotifications", "'lpa notifications list' lists them.")
RESUME_LOOKS_AGAIN = Advice("resumeLooksAgain", "'lpa resume' looks for it again.")
SEND_KEEPS_AND_SENDS = Advice(
    "sendKeepsAndSends",
    "'lpa notifications send' keeps the notification and sends it.",
)
SEND_REST = Advice("sendRest", "'lpa notifications send' sends the rest.")
INFORM_WITH_RECEIPT = Advice(
    "informWithReceipt",
    "Inform the operator yourself; the receipt is your proof. 'lpa notifications remove NUMBER "
    "--unsent' removes the notification from the card.",
)
RECEIPT_FILES = Advice("receiptFiles", "Receipts are files named *.der.")
NOT_A_RECEIPT = Advice("notAReceipt", "The file may be damaged, or may not be a receipt.")
DAMAGED_RECEIPT = Advice("damagedReceipt", "It is damaged or was modified: do not rely on it.")
OTHER_RECEIPT = Advice(
    "otherReceipt",
    "It may be genuine, but it does not prove what was asked: get the right receipt.",
)
UNACCEPTABLE_RECEIPT = Advice(
    "unacceptableReceipt",
    "Do not rely on this receipt: its certificates are not acceptable.",
)
VERIFY_OTHER_RECEIPTS = Advice("verifyOtherReceipts", "Other receipts of the same card can be verified.")
CHOOSE_EID = Advice("chooseEid", "Choose the card with --eid, or give the file name.")
LIST_RECEIPTS = Advice("listReceipts", "'lpa receipts list' lists them.")
SEND_READABLE = Advice("sendReadable", "'lpa notifications send' sends all that can be read.")
SENT_WHEN_DUE = Advice(
    "sentWhenDue",
    "It is sent by the next command that goes online once it is due. 'lpa notifications send' sends it now.",
)
ONLY_SEND_SENDS = Advice("onlySendSends", "Only 'lpa notifications send' sends it.")
