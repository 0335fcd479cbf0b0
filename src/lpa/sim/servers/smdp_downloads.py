"""The download sessions of a simulated SM-DP+ (SGP.22 §3.1.3): order, binding, delivery."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from lpa.rsp.codec.ber import Tlv
from lpa.rsp.names import Eid
from lpa.sim import codec as schema
from lpa.sim.crypto.certificate_parts import coded_oid
from lpa.sim.crypto.pki import Credentials, der, new_key
from lpa.sim.crypto.signatures import signature
from lpa.sim.servers.binding import PACKAGE_KEYS, Binding, Packaging, bound
from lpa.sim.servers.mutual_authentication import (
    MOST_SESSIONS,
    AuthenticatedClient,
    MutualAuthentication,
    ServerSession,
    card_refusal,
)
from lpa.sim.servers.orders import ENDED, Facts, Order, OrderBook
from lpa.sim.servers.packages import ProfilePackage
from lpa.sim.servers.rejection import Rejection, rejecting_malformed
from lpa.sim.servers.simulated_server import RequestMembers

Eligibility = Callable[[ProfilePackage, dict[str, Any]], None]

_RETRYABLE = ("postponed", "timeout")  # After these reasons an order can be downloaded again.


@dataclass
class _Download:
    """A session with an order. `signature`: smdpSignature2 (5F37)."""

    session: ServerSession
    client: AuthenticatedClient
    order: Order
    binder: Credentials
    signature: Tlv


class Downloads:
    """The sessions of the server `host` with the object identifier `oid`.

    `binders`: its DPpb certificate under each authority, by the authority's key identifier.
    """

    def __init__(
        self,
        book: OrderBook,
        mutual: MutualAuthentication,
        binders: Mapping[bytes, Credentials],
        *,
        host: str,
        oid: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._book = book
        self._mutual = mutual
        self._binders = binders
        self._host = host
        self._oid = coded_oid(oid)
        self._clock = clock
        self._open: dict[bytes, _Download] = {}

    def authenticate(self, members: RequestMembers, eligible: Eligibility) -> dict[str, Any]:
        """ES9+ authenticateClient (§5.6.3): the metadata of the card's order."""
        session, client = self._mutual.authenticate(members)
        try:
            order = self._find(client)
            eligible(order.package, client.info)
        except Rejection:
            self._end(session)
            raise
        return self._offer(session, client, order)

    def deliver(self, members: RequestMembers, packaging: Packaging) -> dict[str, Any]:
        """ES9+ getBoundProfilePackage (§5.6.2): the package, bound to this card."""
        download = self._download(self._mutual.session(members))
        try:
            euicc_key = self._prepared(download, members.binary("prepareDownloadResponse"))
            facts = self._bind(download, euicc_key)
        except Rejection:
            self._end(download.session)
            raise
        package = bound(
            download.order.package,
            _binding(facts, download.binder),
            packaging,
            transaction_id=download.session.transaction_id,
            signer=download.binder,
            host=self._host,
            oid=self._oid,
            eid=Eid.parse(facts.eid).coded,
        )
        return {"transactionId": download.session.transaction, "boundProfilePackage": bytes(package)}

    def cancel(self, members: RequestMembers) -> dict[str, Any]:
        """ES9+ cancelSession (§5.6.5). The reason decides whether the order ends."""
        download = self._download(self._mutual.session(members))
        with rejecting_malformed("CancelSessionResponse"):
            kind, answer = schema.decode("CancelSessionResponse", members.binary("cancelSessionResponse"))
            if kind == "cancelSessionResponseError":
                raise card_refusal("8.8", "CancelSessionResponse", (kind, answer))
            raw = answer["euiccCancelSessionSigned"]
            signed = schema.decode("EuiccCancelSessionSigned", raw)
        download.client.euicc.check(answer["euiccCancelSessionSignature"], raw)
        _check_transaction(download.session, signed)
        if signed["smdpOid"] != self._oid:
            raise Rejection("8.8", "3.10", "the session is with another server")
        reason = schema.named("CancelSessionReason", signed["reason"])
        if reason not in _RETRYABLE:
            download.order.change(lambda facts: _cancelled(facts, reason))
        self._end(download.session)
        return {}

    def _find(self, client: AuthenticatedClient) -> Order:
        """The order with the card's matching identifier; without one, the default order for this card."""
        wanted, eid = client.matching_id, client.euicc.eid
        found = [order for order in self._book.orders if order.facts.matching_id == wanted]
        if not wanted:
            found = sorted(
                (order for order in found if order.facts.eid in ("", eid) and order.state not in ENDED),
                key=lambda order: not order.facts.eid,  # Orders for this card come before those for any.
            )
        if not found:
            raise Rejection("8.2.6", "3.8", "there is no order for this matching identifier")
        self._check_order(found[0], eid)
        return found[0]

    def _check_order(self, order: Order, eid: str) -> None:
        facts = order.facts
        if facts.eid not in ("", eid):
            raise Rejection("8.1.1", "3.8", "the order is for another card")
        if facts.state == "confirmed":
            raise Rejection("8.2", "1.2", "the profile is not released")
        if facts.state == "installed":
            raise Rejection("8.2.6", "3.8", "the profile is already installed")
        if facts.expired(self._clock()):
            order.change(lambda facts: replace(facts, state="error", result="expired"))
            raise Rejection("8.8.5", "4.10", "the order has expired")
        if facts.downloads <= 0:
            order.change(lambda facts: replace(facts, state="error", result="too many downloads"))
            raise Rejection("8.8.5", "6.4", "no downloads are left")
        if facts.state == "error":
            raise Rejection("8.2.6", "3.8", "the order has ended")

    def _offer(self, session: ServerSession, client: AuthenticatedClient, order: Order) -> dict[str, Any]:
        facts, binder = order.facts, self._binders[session.authority.key_identifier]
        signed = schema.encode(
            "SmdpSigned2",
            {"transactionId": session.transaction_id, "ccRequiredFlag": bool(facts.code_hash)}
            | ({"bppEuiccOtpk": bytes.fromhex(facts.euicc_key)} if facts.euicc_key else {}),
        )
        signed_by_server = signature(binder.key, signed, client.signature)
        while len(self._open) >= MOST_SESSIONS:
            del self._open[next(iter(self._open))]
        self._open[session.transaction_id] = _Download(session, client, order, binder, signed_by_server)
        return {
            "transactionId": session.transaction,
            "profileMetadata": bytes(order.package.metadata),
            "smdpSigned2": bytes(signed),
            "smdpSignature2": bytes(signed_by_server),
            "smdpCertificate": der(binder.certificate),
        }

    def _prepared(self, download: _Download, response: bytes) -> bytes:
        """The card's one-time key, after checking its response and the confirmation code."""
        with rejecting_malformed("PrepareDownloadResponse"):
            kind, answer = schema.decode("PrepareDownloadResponse", response)
            if kind == "downloadResponseError":
                raise card_refusal("8.8", "PrepareDownloadResponse", (kind, answer))
            raw = answer["euiccSigned2"]
            signed = schema.decode("EuiccSigned2", raw)
        download.client.euicc.check(answer["euiccSignature2"], raw, download.signature)
        _check_transaction(download.session, signed)
        self._check_order(download.order, download.client.euicc.eid)
        self._check_code(download, signed.get("hashCc"))
        _check_point(download.binder, signed["euiccOtpk"])
        key: bytes = signed["euiccOtpk"]
        return key

    def _check_code(self, download: _Download, given: bytes | None) -> None:
        facts = download.order.facts
        if not facts.code_hash:
            return
        if given is None:
            raise Rejection("8.2.7", "2.2", "the confirmation code is missing")
        wanted = hashlib.sha256(bytes.fromhex(facts.code_hash) + download.session.transaction_id).digest()
        if hmac.compare_digest(wanted, given):
            return
        if download.order.change(_wrong_code).state == "error":
            raise Rejection("8.2.7", "6.4", "the confirmation code was wrong too often")
        raise Rejection("8.2.7", "3.8", "the confirmation code is wrong")

    def _bind(self, download: _Download, euicc_key: bytes) -> Facts:
        """Count a download of the order, and bind it to the card's key unless it already is."""
        facts, randomness = download.order.facts, download.session.authority.randomness
        same = facts.euicc_key == euicc_key.hex()
        if facts.euicc_key and not same and facts.binds_once:
            raise Rejection("8.2", "3.7", "the package is bound to another one-time key of the card")
        euicc, session = download.client.euicc, download.session
        self._book.add_download(session.transaction_id, download.order, der(euicc.certificate))
        if not same:
            curve = download.binder.key.curve
            fresh = Binding(euicc_key, new_key(curve, randomness), randomness(PACKAGE_KEYS))
            download.order.change(lambda facts: _bound(facts, fresh))
        return download.order.change(lambda facts: _downloaded(facts, euicc.eid))

    def _download(self, session: ServerSession) -> _Download:
        download = self._open.get(session.transaction_id)
        if download is None:
            raise Rejection("8.10.1", "3.9", "the card is not authenticated")
        return download

    def _end(self, session: ServerSession) -> None:
        self._mutual.end(session)
        self._open.pop(session.transaction_id, None)


def _check_transaction(session: ServerSession, signed: dict[str, Any]) -> None:
    if signed["transactionId"] != session.transaction_id:
        raise Rejection("8.10.1", "3.9", "the card signed another transaction identifier")


def _check_point(binder: Credentials, point: bytes) -> None:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(binder.key.curve, point)
    except ValueError as error:
        raise Rejection(
            "8.1", "6.1", "the card's one-time key is not on the curve of the certificate"
        ) from error


def _binding(facts: Facts, binder: Credentials) -> Binding:
    server_key = ec.derive_private_key(int(facts.server_key, 16), binder.key.curve)
    return Binding(bytes.fromhex(facts.euicc_key), server_key, bytes.fromhex(facts.package_keys))


def _bound(facts: Facts, binding: Binding) -> Facts:
    return replace(
        facts,
        euicc_key=binding.euicc_key.hex(),
        server_key=f"{binding.server_key.private_numbers().private_value:064x}",
        package_keys=binding.package_keys.hex(),
    )


def _downloaded(facts: Facts, eid: str) -> Facts:
    return replace(facts, state="downloaded", eid=eid, downloads=facts.downloads - 1)


def _wrong_code(facts: Facts) -> Facts:
    left = facts.code_tries - 1
    if left > 0:
        return replace(facts, code_tries=left)
    return replace(facts, code_tries=0, state="error", result="too many wrong confirmation codes")


def _cancelled(facts: Facts, reason: str) -> Facts:
    return facts if facts.state in ENDED else replace(facts, state="error", result=reason)
