"""What a simulated SM-DP+ does with the result of an installation (SGP.22 §2.5.6, §5.6.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from cryptography import x509

from lpa.rsp.codec import schema
from lpa.rsp.codec.ber import Tlv
from lpa.rsp.records import Notification
from lpa.sim.crypto.certificate_parts import coded_oid
from lpa.sim.servers.acceptance import Received
from lpa.sim.servers.euicc_chain import check_signature
from lpa.sim.servers.orders import Facts, OrderBook
from lpa.sim.servers.rejection import Rejection, misunderstanding

_DATA, _SIGNATURE, _OID = 0xBF27, 0x5F37, 0x06


def report(pending: bytes, book: OrderBook, oid: str, now: datetime) -> Received:
    """The ProfileInstallationResult `pending`, once it is verified and the order's state says so.

    The card is the one of the session, for a result carries no certificate. Raises `Rejection`.
    """
    with misunderstanding("ProfileInstallationResult"):
        notification = Notification.from_tlv(pending)
        data, signature = notification.raw.child(_DATA), notification.raw.child(_SIGNATURE)
        told = schema.decode("ProfileInstallationResultData", data or b"")
    assert data is not None  # noqa: S101 - it was decoded just now
    known = book.recall(told["transactionId"])
    if known is None:
        raise Rejection("8.10.1", "3.9", "no download session is known for this installation result")
    order, encoded = known
    check_signature(x509.load_der_x509_certificate(encoded), signature.value if signature else b"", data)
    _check_server(data, oid)
    facts = order.facts
    # A card that failed before the metadata does not know the profile's number.
    named, failed = notification.metadata.iccid, told["finalResult"][0] == "errorResult"
    if str(named) != facts.iccid and not (named is None and failed):
        raise Rejection("8.2.1", "3.9", "the result is about another profile")
    order.change(lambda facts: _ended(facts, told["finalResult"]))
    return Received(notification, facts.eid, now)


def _check_server(data: Tlv, oid: str) -> None:
    """The server's identifier may be missing, as in version 2.2; its text in a codec is not to be trusted."""
    named = data.child(_OID)
    if named is not None and named.value != coded_oid(oid):
        raise Rejection("8.8", "3.10", "the result is for another server")


def _ended(facts: Facts, result: tuple[str, Any]) -> Facts:
    """What has ended stays so: a result that comes again, or late from an earlier try, changes nothing."""
    kind, said = result
    if facts.state == "installed":
        return facts
    if kind == "successResult":
        return replace(facts, state="installed", result="")
    reason = schema.named("ErrorReason", said["errorReason"])
    return replace(
        facts, state="error", result=f"{schema.named('BppCommandId', said['bppCommandId'])}: {reason}"
    )
