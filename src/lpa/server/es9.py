"""ES9+ and ES11, the LPA's interfaces to an SM-DP+ and an SM-DS: one method per function (SGP.22 §5.6, §5.8).

Both speak the JSON binding (§6.5) at the same paths.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from lpa import redaction
from lpa.errors import BadAnswer, ServerRefused
from lpa.rsp.display import safe
from lpa.rsp.limits import PACKAGE_BYTES
from lpa.rsp.names import ServerAddress
from lpa.rsp.session import Event, ServerProof, Terms
from lpa.rsp.status_codes import server_advice, server_reason
from lpa.server import strict_json
from lpa.server.answers import Members
from lpa.server.exchange import Answer
from lpa.server.https import Https
from lpa.server.trust import CiPkIds, TrustAnchor

_HEADERS = {
    "User-Agent": "gsma-rsp-lpad",
    "X-Admin-Protocol": "gsma/rsp/v2.2.2",
    "Content-Type": "application/json",
}
_DONE = ("Executed-Success", "Executed-WithWarning")
_KINDS = ("application/json", "application/xml", "text/html", "text/plain", "text/xml")  # that we name
_SHOWN = 200  # as many characters of a server's text as a person will read

_log = redaction.logger(__name__)


class Server:
    """An SM-DP+ or SM-DS at one address. `ci_pkids`: the issuers whom the card believes that is spoken for.

    Each method asks once and raises what `Https.post` raises, `ServerRefused` if the server said no, and
    `BadAnswer` if what it said is no answer to the function.
    """

    def __init__(self, address: ServerAddress, https: Https, *, ci_pkids: CiPkIds = ()) -> None:
        self.address = address
        self.ci_pkids = ci_pkids
        self._https = https

    def handshake(self) -> TrustAnchor:
        """Open a verified connection and say nothing: who vouches that it is who it should be."""
        return self._https.handshake(self.address, ci_pkids=self.ci_pkids)

    def handle_notification(self, pending: bytes) -> dict[str, str]:
        """Deliver the signed notification `pending`, as it came from the eUICC (ES9+.HandleNotification).

        Returns only if the server acknowledged, with 204 or any 2xx with nothing in it: the evidence, which
        is its address, the HTTP status, its trust anchor (`TrustAnchor.evidence`), and the SHA-256 of its TLS
        certificate and of `pending`. Delivering again does no harm; a server acknowledges a repetition too.
        """
        request = {"pendingNotification": _base64(pending)}
        answer, members = self._call("HandleNotification", request)
        if members:
            raise BadAnswer(
                f"The server {self.address} answered the notification, but did not acknowledge it with 204."
            )
        return {
            "address": str(self.address),
            "http_status": str(answer.status),
            "tls_certificate_sha256": hashlib.sha256(answer.certificate).hexdigest(),
            "notification_sha256": hashlib.sha256(pending).hexdigest(),
            **(answer.trust_anchor.evidence if answer.trust_anchor else {}),
        }

    def initiate_authentication(self, challenge: bytes, info1: bytes) -> ServerProof:
        """Begin a session: the server proves who it is (ES9+ and ES11.InitiateAuthentication).

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
            members.tlv("serverSigned1", 0x30),
            members.tlv("serverSignature1", 0x5F37),
            members.tlv("euiccCiPKIdToBeUsed", 0x04),
            members.tlv("serverCertificate", 0x30),
        )

    def authenticate_client(self, transaction_id: bytes, proof: bytes) -> Terms | tuple[Event, ...]:
        """Prove who the card is, or hand on that it refused (ES9+ and ES11.AuthenticateClient).

        An SM-DP+ answers with the terms of a download, an SM-DS with what it knows of.
        """
        request = {"authenticateServerResponse": _base64(proof)}
        members = self._in_session("AuthenticateClient", transaction_id, request)
        if "eventEntries" in members:
            return members.events()
        return Terms.checked(
            transaction_id,
            members.tlv("profileMetadata", 0xBF25),
            members.tlv("smdpSigned2", 0x30),
            members.tlv("smdpSignature2", 0x5F37),
            members.tlv("smdpCertificate", 0x30),
        )

    def get_bound_profile_package(self, transaction_id: bytes, prepared: bytes) -> bytes:
        """The profile, encrypted for this card and session (ES9+.GetBoundProfilePackage).

        `prepared`: the card's answer to PrepareDownload, a refusal too. A package that was lost on the way is
        not asked for again here: the server may bind it once only.
        """
        request = {"prepareDownloadResponse": _base64(prepared)}
        members = self._in_session("GetBoundProfilePackage", transaction_id, request, PACKAGE_BYTES)
        return members.binary("boundProfilePackage")

    def cancel_session(self, transaction_id: bytes, cancelled: bytes) -> None:
        """Tell that the card ended the session, by its signed answer (ES9+.CancelSession)."""
        request = {"cancelSessionResponse": _base64(cancelled)}
        self._call("CancelSession", {"transactionId": transaction_id.hex().upper(), **request})

    def _in_session(
        self, function: str, transaction_id: bytes, request: dict[str, str], most: int | None = None
    ) -> Members:
        members = self._ask(function, {"transactionId": transaction_id.hex().upper(), **request}, most)
        members.expect_transaction(transaction_id)
        return members

    def _ask(self, function: str, request: dict[str, str], most: int | None = None) -> Members:
        return Members(self.address, function, self._call(function, request, most)[1])

    def _call(
        self, function: str, request: dict[str, str], most: int | None = None
    ) -> tuple[Answer, dict[str, Any]]:
        """The server's answer, and its members with the header; none if there is nothing in it.

        `most`: bytes, where an answer may be larger than others.
        """
        path = f"/gsma/rsp2/es9plus/{function[0].lower()}{function[1:]}"
        body = json.dumps(request, separators=(",", ":")).encode()
        answer = self._https.post(self.address, path, body, _HEADERS, most, ci_pkids=self.ci_pkids)
        if not 200 <= answer.status < 300:
            _log_strange(self.address, answer)
            raise BadAnswer(
                f"The server {self.address} answered {function} with HTTP status {answer.status}."
            )
        if not answer.body.strip():
            return answer, {}
        members = self._members(answer)
        _check(self.address, function, members)
        return answer, members

    def _members(self, answer: Answer) -> dict[str, Any]:
        try:
            members = strict_json.loads(answer.body)
        except ValueError as error:
            _log.debug("%s did not answer with JSON that can be accepted: %s", self.address, error)
            members = None
        if not isinstance(members, dict):
            _log_strange(self.address, answer)
            raise BadAnswer(
                f"The server {self.address} did not answer with a JSON object that can be accepted."
            )
        return members


def _log_strange(address: ServerAddress, answer: Answer) -> None:
    """Note an answer that is none, without a word of it: it may hold what we asked for, under any name."""
    kind = next((kind for kind in _KINDS if answer.content_type.lower().startswith(kind)), "no known type")
    seal = hashlib.sha256(answer.body).hexdigest()
    _log.debug(
        "%s answered HTTP %d: %d bytes, %s, SHA-256 %s", address, answer.status, len(answer.body), kind, seal
    )


def _check(address: ServerAddress, function: str, members: dict[str, Any]) -> None:
    """Raise what the answer's header refuses (§6.5)."""
    execution = _inside(_inside(members, "header"), "functionExecutionStatus")
    status = execution.get("status")
    if status in _DONE:
        return
    if status not in ("Failed", "Expired"):
        raise BadAnswer(f"The server {address} did not say whether it executed {function}: {_shown(status)}.")
    data = _inside(execution, "statusCodeData")
    subject, reason = _shown(data.get("subjectCode", "?")), _shown(data.get("reasonCode", "?"))
    said = [_shown(data[name]) for name in ("message", "subjectIdentifier") if data.get(name)]
    verb = "refused" if status == "Failed" else "let expire"
    message = f"The server {address} {verb} {function} ({subject}/{reason}). {server_reason(subject, reason)}"
    if said:
        message += f' It says "{"; ".join(said)}".'
    raise ServerRefused(function, subject, reason, message, advice=server_advice(subject, reason))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _inside(members: dict[str, Any], name: str) -> dict[str, Any]:
    value = members.get(name)
    return value if isinstance(value, dict) else {}


def _shown(value: object) -> str:
    """A server's text: no secrets, nothing that could play tricks on a terminal, and not without end."""
    return safe(redaction.beginning(str(value), _SHOWN))
