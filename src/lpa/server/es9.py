"""ES9+, the LPA's interface to an SM-DP+: one method per function (SGP.22 §5.6, JSON binding §6.5)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from lpa import redaction
from lpa.errors import BadAnswer, ServerRefused
from lpa.rsp.display import brief, safe
from lpa.rsp.names import ServerAddress
from lpa.rsp.status_codes import server_reason
from lpa.server import strict_json
from lpa.server.exchange import Answer
from lpa.server.https import Https
from lpa.server.trust import Believed, Voucher

_HEADERS = {
    "User-Agent": "gsma-rsp-lpad",
    "X-Admin-Protocol": "gsma/rsp/v2.2.2",
    "Content-Type": "application/json",
}
_DONE = ("Executed-Success", "Executed-WithWarning")
_SHOWN = 200  # as many characters of a server's text as a person will read

_log = redaction.logger(__name__)


class Server:
    """An SM-DP+ at one address. `believed`: the issuers whom the card believes that is spoken for.

    Each method asks once and raises what `Https.post` raises, `ServerRefused` if the server said no, and
    `BadAnswer` if what it said is no answer to the function.
    """

    def __init__(self, address: ServerAddress, https: Https, *, believed: Believed = ()) -> None:
        self.address = address
        self.believed = believed
        self._https = https

    def greet(self) -> Voucher:
        """Open a verified connection and say nothing: who vouches that it is who it should be."""
        return self._https.greet(self.address, believed=self.believed)

    def handle_notification(self, pending: bytes) -> dict[str, str]:
        """Deliver the signed notification `pending`, as it came from the eUICC (ES9+.HandleNotification).

        Returns only if the server acknowledged, with 204 or any 2xx with nothing in it: the evidence, which
        is its address, the HTTP status, who vouched for it (`Voucher.evidence`), and the SHA-256 of its TLS
        certificate and of `pending`. Delivering again does no harm; a server acknowledges a repetition too.
        """
        request = {"pendingNotification": base64.b64encode(pending).decode()}
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
            **(answer.voucher.evidence if answer.voucher else {}),
        }

    def _call(self, function: str, request: dict[str, str]) -> tuple[Answer, dict[str, Any]]:
        """The server's answer, and its members with the header; none if there is nothing in it."""
        path = f"/gsma/rsp2/es9plus/{function[0].lower()}{function[1:]}"
        body = json.dumps(request, separators=(",", ":")).encode()
        answer = self._https.post(self.address, path, body, _HEADERS, believed=self.believed)
        if not 200 <= answer.status < 300:
            _log.debug("%s answered HTTP %d: %r", self.address, answer.status, answer.body[:_SHOWN])
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
        except ValueError:
            members = None
        if not isinstance(members, dict):
            _log.debug("%s answered HTTP %d: %r", self.address, answer.status, answer.body[:_SHOWN])
            raise BadAnswer(f"The server {self.address} did not answer with a JSON object.")
        return members


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
    raise ServerRefused(function, subject, reason, message)


def _inside(members: dict[str, Any], name: str) -> dict[str, Any]:
    value = members.get(name)
    return value if isinstance(value, dict) else {}


def _shown(value: object) -> str:
    """A server's text, verbatim but for what could play tricks on a terminal, and not without end."""
    return safe(brief(str(value), _SHOWN))
