"""ES9+ and ES11, the LPA's interfaces to an SM-DP+ and an SM-DS: one method per function (SGP.22 §5.6, §5.8).

Both use the JSON binding (§6.5) with the same paths.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

from lpa import redaction
from lpa.errors import BadAnswer, ServerRefused
from lpa.rsp.codec import schema
from lpa.rsp.display import safe
from lpa.rsp.names import ServerAddress
from lpa.rsp.pki import certificates
from lpa.rsp.session import Event, ServerProof, Terms
from lpa.rsp.status_codes import server_advice, server_reason
from lpa.server import strict_json
from lpa.server.answers import AnswerMembers
from lpa.server.http_answer import BodyReceiver, HttpAnswer
from lpa.server.https import Https
from lpa.server.package_reader import MEMBER, PackageReader
from lpa.server.trust import CiPkIds, TrustAnchor

_HEADERS = {
    "User-Agent": "gsma-rsp-lpad",
    "X-Admin-Protocol": "gsma/rsp/v2.2.2",
    "Content-Type": "application/json",
}
_DONE = ("Executed-Success", "Executed-WithWarning")
_LOGGED_TYPES = ("application/json", "application/xml", "text/html", "text/plain", "text/xml")
_SHOWN = 200  # characters of a server's text in an error

_log = redaction.logger(__name__)


class Server:
    """An SM-DP+ or SM-DS at one address. `ci_pkids`: the trusted CI keys of the card.

    Each method sends one request and raises what `Https.post` raises, `ServerRefused` if the server refused,
    and `BadAnswer` if its answer is malformed.
    """

    def __init__(self, address: ServerAddress, https: Https, *, ci_pkids: CiPkIds = ()) -> None:
        self.address = address
        self.ci_pkids = ci_pkids
        self._https = https

    def handshake(self) -> TrustAnchor:
        """Open a verified connection without a request: the trust anchor of the server."""
        return self._https.handshake(self.address, ci_pkids=self.ci_pkids)

    def handle_notification(self, pending: bytes) -> dict[str, str]:
        """Send the signed notification `pending`, as it came from the eUICC (ES9+.HandleNotification).

        Returns only if the server acknowledged it, with 204 or any empty 2xx. The result is the evidence: the
        server's address, the HTTP status, the trust anchor (`TrustAnchor.evidence`), and the SHA-256 of the
        TLS certificate and of `pending`. A repetition does no harm; servers acknowledge it, too.
        """
        request = {"pendingNotification": _base64(pending)}
        answer, members = self._call("HandleNotification", request)
        if members:
            raise BadAnswer(
                f"The server {self.address} did not acknowledge the notification: its answer is not empty."
            )
        return {
            "address": str(self.address),
            "http_status": str(answer.status),
            "tls_certificate_sha256": hashlib.sha256(answer.certificate).hexdigest(),
            "notification_sha256": hashlib.sha256(pending).hexdigest(),
            **(answer.trust_anchor.evidence if answer.trust_anchor else {}),
        }

    def initiate_authentication(self, challenge: bytes, info1: bytes) -> ServerProof:
        """Start a session: the server proves its identity (ES9+ and ES11.InitiateAuthentication).

        `challenge` and `info1` (EUICCInfo1) as they came from the eUICC.
        """
        request = {
            "smdpAddress": str(self.address),
            "euiccChallenge": _base64(challenge),
            "euiccInfo1": _base64(info1),
        }
        members = self._ask("InitiateAuthentication", request)
        return ServerProof(
            members.transaction_id(),
            members.tlv("serverSigned1", schema.tag_of("ServerSigned1")),
            members.tlv("serverSignature1", schema.tag_of("Signature")),
            members.tlv("euiccCiPKIdToBeUsed", schema.tag_of("KeyIdentifier")),
            members.tlv("serverCertificate", certificates.TAG),
        )

    def authenticate_client(self, transaction_id: bytes, proof: bytes) -> Terms | tuple[Event, ...]:
        """Prove the card's identity, or forward its refusal (ES9+ and ES11.AuthenticateClient).

        An SM-DP+ answers with the terms of a download, an SM-DS with its events.
        """
        request = {"authenticateServerResponse": _base64(proof)}
        members = self._in_session("AuthenticateClient", transaction_id, request)
        if "eventEntries" in members:
            return members.events()
        return Terms.checked(
            transaction_id,
            members.tlv("profileMetadata", schema.tag_of("StoreMetadata")),
            members.tlv("smdpSigned2", schema.tag_of("SmdpSigned2")),
            members.tlv("smdpSignature2", schema.tag_of("Signature")),
            members.tlv("smdpCertificate", certificates.TAG),
        )

    def get_bound_profile_package(
        self, transaction_id: bytes, prepared: bytes, store: Callable[[bytes], object]
    ) -> None:
        """The profile, encrypted for this card and session (ES9+.GetBoundProfilePackage).

        `prepared`: the card's answer to PrepareDownload, even a refusal. `store`: called with the package as
        it arrives, piece by piece; use none of them before this returns. A package that is lost in transit is
        not requested again: the server may bind it only once.
        """
        request = {"prepareDownloadResponse": _base64(prepared)}
        reader = PackageReader(store)
        members = self._in_session("GetBoundProfilePackage", transaction_id, request, reader)
        if reader.problem:
            raise members.wrong(MEMBER, reader.problem)
        if not reader.left_out:  # It is missing, or the answer came whole, as from a trace.
            store(members.binary(MEMBER))

    def cancel_session(self, transaction_id: bytes, cancelled: bytes) -> None:
        """Forward the card's signed answer that ends the session (ES9+.CancelSession)."""
        request = {"cancelSessionResponse": _base64(cancelled)}
        self._call("CancelSession", {"transactionId": transaction_id.hex().upper(), **request})

    def _in_session(
        self,
        function: str,
        transaction_id: bytes,
        request: dict[str, str],
        receiver: BodyReceiver | None = None,
    ) -> AnswerMembers:
        members = self._ask(function, {"transactionId": transaction_id.hex().upper(), **request}, receiver)
        members.expect_transaction(transaction_id)
        return members

    def _ask(
        self, function: str, request: dict[str, str], receiver: BodyReceiver | None = None
    ) -> AnswerMembers:
        return AnswerMembers(self.address, function, self._call(function, request, receiver)[1])

    def _call(
        self, function: str, request: dict[str, str], receiver: BodyReceiver | None = None
    ) -> tuple[HttpAnswer, dict[str, Any]]:
        """The server's answer, and its JSON members; none if it is empty.

        `receiver`: for an answer that may be larger than others.
        """
        path = f"/gsma/rsp2/es9plus/{function[0].lower()}{function[1:]}"
        body = json.dumps(request, separators=(",", ":")).encode()
        answer = self._https.post(self.address, path, body, _HEADERS, receiver, ci_pkids=self.ci_pkids)
        if not 200 <= answer.status < 300:
            _log_invalid(self.address, answer)
            raise BadAnswer(
                f"The server {self.address} answered {function} with HTTP status {answer.status}.",
                reason="httpStatus",
                http_status=answer.status,
            )
        if not answer.body.strip():
            return answer, {}
        members = self._members(answer)
        _check(self.address, function, members, answer.status)
        return answer, members

    def _members(self, answer: HttpAnswer) -> dict[str, Any]:
        try:
            members = strict_json.loads(answer.body)
        except ValueError as error:
            _log.debug("%s answered with invalid JSON: %s", self.address, error)
            members = None
        if not isinstance(members, dict):
            _log_invalid(self.address, answer)
            raise BadAnswer(f"The server {self.address} did not answer with a valid JSON object.")
        return members


def _log_invalid(address: ServerAddress, answer: HttpAnswer) -> None:
    """Log an invalid answer without its text, which may contain secrets of the request under any name."""
    content_type = answer.content_type.lower()
    shown = next((known for known in _LOGGED_TYPES if content_type.startswith(known)), "unknown type")
    digest = hashlib.sha256(answer.body).hexdigest()
    _log.debug(
        "%s answered HTTP %d: %d bytes, %s, SHA-256 %s",
        address,
        answer.status,
        answer.size,
        shown,
        digest,
    )


def _check(address: ServerAddress, function: str, members: dict[str, Any], http_status: int) -> None:
    """Raise the refusal in the answer's header, if there is one (§6.5)."""
    execution = _inside(_inside(members, "header"), "functionExecutionStatus")
    status = execution.get("status")
    if status in _DONE:
        return
    if status not in ("Failed", "Expired"):
        reported = _shown(status, "no status")
        raise BadAnswer(f"The server {address} did not report whether it executed {function}: {reported}.")
    data = _inside(execution, "statusCodeData")
    subject, reason = _shown(data.get("subjectCode"), "?"), _shown(data.get("reasonCode"), "?")
    own = "; ".join(_shown(data[name]) for name in ("message", "subjectIdentifier") if data.get(name))
    outcome = f"refused {function}" if status == "Failed" else f"did not execute {function} in time"
    message = f"The server {address} {outcome} ({subject}/{reason}). {server_reason(subject, reason)}"
    if own:
        message += f' Its message: "{own}".'
    raise ServerRefused(
        function,
        subject,
        reason,
        message,
        advice=server_advice(subject, reason),
        http_status=http_status,
        server_message=own,
    )


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _inside(members: dict[str, Any], name: str) -> dict[str, Any]:
    value = members.get(name)
    return value if isinstance(value, dict) else {}


def _shown(value: object, missing: str = "") -> str:
    """A server's text without secrets, safe for a terminal, and shortened. `missing`: if there is none."""
    return missing if value is None else safe(redaction.beginning(str(value), _SHOWN))
