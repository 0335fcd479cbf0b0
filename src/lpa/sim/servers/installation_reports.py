"""Verifies the installation results that an SM-DP+ receives, and updates their orders (SGP.22 §5.6.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from cryptography import x509

from lpa.rsp.codec.ber import Tlv
from lpa.rsp.records import Notification
from lpa.sim import codec as schema
from lpa.sim.crypto.certificate_parts import coded_oid
from lpa.sim.servers.acceptance import Received
from lpa.sim.servers.euicc_chain import check_signature
from lpa.sim.servers.orders import Facts, OrderBook
from lpa.sim.servers.rejection import Rejection, rejecting_malformed

_DATA, _SIGNATURE, _OID = 0xBF27, 0x5F37, 0x06


def report(pending: bytes, book: OrderBook, oid: str, now: datetime) -> Received:
    """Verify the ProfileInstallationResult `pending`, and store its outcome in the order.

    A result carries no certificate: the card's comes from the download session. Raises `Rejection`.
    """
    with rejecting_malformed("ProfileInstallationResult"):
        notification = Notification.from_tlv(pending)
        data, signature = notification.raw.child(_DATA), notification.raw.child(_SIGNATURE)
        decoded = schema.decode("ProfileInstallationResultData", data or b"")
    assert data is not None  # noqa: S101 - it was decoded just now
    download = book.download(decoded["transactionId"])
    if download is None:
        raise Rejection("8.10.1", "3.9", "this installation result belongs to no known download session")
    order, encoded = download
    check_signature(x509.load_der_x509_certificate(encoded), signature.value if signature else b"", data)
    _check_server(data, oid)
    facts = order.facts
    # If the package failed before the metadata, the card does not know the ICCID.
    named, failed = notification.metadata.iccid, decoded["finalResult"][0] == "errorResult"
    if str(named) != facts.iccid and not (named is None and failed):
        raise Rejection("8.2.1", "3.9", "the result is for another profile")
    order.change(lambda facts: _ended(facts, decoded["finalResult"]))
    return Received(notification, facts.eid, now)


def _check_server(data: Tlv, oid: str) -> None:
    """Check the server's object identifier, as bytes. In version 2.2 it may be missing."""
    named = data.child(_OID)
    if named is not None and named.value != coded_oid(oid):
        raise Rejection("8.8", "3.10", "the result is for another server")


def _ended(facts: Facts, result: tuple[str, Any]) -> Facts:
    """The order after a result. After an installation a repeated or late result changes nothing."""
    kind, members = result
    if facts.state == "installed":
        return facts
    if kind == "successResult":
        return replace(facts, state="installed", result="")
    command = schema.named("BppCommandId", members["bppCommandId"])
    reason = schema.named("ErrorReason", members["errorReason"])
    return replace(facts, state="error", result=f"{command}: {reason}")
