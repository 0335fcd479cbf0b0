"""ES9+, the LPA's interface to an SM-DP+: one method per function (SGP.22 §5.6, JSON binding §6.5)."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

from lpa.errors import BadAnswer, ServerRefused
from lpa.rsp.names import ServerAddress
from lpa.server.https import Answer, Https

_HEADERS = {
    "User-Agent": "gsma-rsp-lpad",
    "X-Admin-Protocol": "gsma/rsp/v2.2.2",
    "Content-Type": "application/json",
}
_DONE = ("Executed-Success", "Executed-WithWarning")
_SHOWN = 200  # as many characters of a server's text as a person will read

# What the pairs of subject and reason code mean (§5.2.6), as far as an LPA meets them.
_MEANINGS = {
    ("1.2.1", "2.1"): "it does not take this kind of content",
    ("1.2.2", "2.1"): "it does not speak this version of the protocol",
    ("8.1", "4.8"): "there is no room left on the eUICC",
    ("8.1", "6.1"): "the eUICC's signature does not hold",
    ("8.1.1", "2.1"): "it does not support this EID",
    ("8.1.1", "3.8"): "the order is for another EID",
    ("8.1.2", "6.1"): "the certificate of the eUICC's manufacturer does not hold",
    ("8.1.2", "6.3"): "the certificate of the eUICC's manufacturer has expired",
    ("8.1.3", "6.1"): "the eUICC's certificate does not hold",
    ("8.1.3", "6.3"): "the eUICC's certificate has expired",
    ("8.1.4", "6.1"): "the EID is not one of this eUICC's manufacturer",
    ("8.2", "1.2"): "the profile is not released yet",
    ("8.2", "3.7"): "the profile cannot be bound again",
    ("8.2.5", "4.3"): "there is no profile for this eUICC or device",
    ("8.2.6", "3.8"): "the activation code is unknown, used up or wrong",
    ("8.2.7", "2.2"): "the confirmation code is missing",
    ("8.2.7", "3.8"): "the confirmation code is wrong",
    ("8.2.7", "6.4"): "the confirmation code was wrong too often",
    ("8.8", "3.10"): "the answer is for another server",
    ("8.8", "4.2"): "it does not support this eUICC",
    ("8.8.1", "3.8"): "it does not answer to this server address",
    ("8.8.2", "3.1"): "it trusts no certificate issuer that the eUICC signs under",
    ("8.8.3", "3.1"): "it does not support the eUICC's version of SGP.22",
    ("8.8.4", "3.7"): "it has no certificate that the eUICC could verify",
    ("8.8.5", "4.10"): "the order has expired",
    ("8.8.5", "6.4"): "the profile was asked for too often",
    ("8.10.1", "3.9"): "it does not know this session",
    ("8.11.1", "3.9"): "it does not trust the issuer of the eUICC's certificates",
}

_log = logging.getLogger(__name__)


class Server:
    """An SM-DP+ at one address.

    Each method asks once and raises what `Https.post` raises, `ServerRefused` if the server said no, and
    `BadAnswer` if what it said is no answer to the function.
    """

    def __init__(self, address: ServerAddress, https: Https) -> None:
        self.address = address
        self._https = https

    def handle_notification(self, pending: bytes) -> None:
        """Deliver the signed notification `pending`, as it came from the eUICC (ES9+.HandleNotification).

        Returns only if the server acknowledged: with 204, or any 2xx with nothing in it. Delivering again
        does no harm; a server acknowledges a repetition too.
        """
        if self._call("HandleNotification", {"pendingNotification": base64.b64encode(pending).decode()}):
            raise BadAnswer(f"{self.address} answered the notification, but did not acknowledge it with 204")

    def _call(self, function: str, request: dict[str, str]) -> dict[str, Any]:
        """The members of the server's answer, its header included; empty if there is nothing in it."""
        path = f"/gsma/rsp2/es9plus/{function[0].lower()}{function[1:]}"
        body = json.dumps(request, separators=(",", ":")).encode()
        answer = self._https.post(self.address, path, body, _HEADERS)
        if not 200 <= answer.status < 300:
            _log.debug("%s answered HTTP %d: %r", self.address, answer.status, answer.body[:_SHOWN])
            raise BadAnswer(f"{self.address} answered {function} with HTTP status {answer.status}")
        if not answer.body.strip():
            return {}
        members = self._members(answer)
        _check(self.address, function, members)
        return members

    def _members(self, answer: Answer) -> dict[str, Any]:
        try:
            members = json.loads(answer.body)
        except (ValueError, RecursionError):
            members = None
        if not isinstance(members, dict):
            _log.debug("%s answered HTTP %d: %r", self.address, answer.status, answer.body[:_SHOWN])
            raise BadAnswer(f"{self.address} did not answer with a JSON object")
        return members


def _check(address: ServerAddress, function: str, members: dict[str, Any]) -> None:
    """Raise what the answer's header refuses (§6.5.1.4)."""
    execution = _inside(_inside(members, "header"), "functionExecutionStatus")
    status = execution.get("status")
    if status in _DONE:
        return
    if status not in ("Failed", "Expired"):
        raise BadAnswer(f"{address} did not say whether it executed {function}: {_shown(status)}")
    data = _inside(execution, "statusCodeData")
    subject, reason = _shown(data.get("subjectCode", "?")), _shown(data.get("reasonCode", "?"))
    said = [_MEANINGS.get((subject, reason), "it gave no reason that SGP.22 explains")]
    said += [_shown(data[name]) for name in ("message", "subjectIdentifier") if data.get(name)]
    verb = "refused" if status == "Failed" else "let expire"
    message = f"{address} {verb} {function} ({subject}/{reason}): {'; '.join(said)}"
    raise ServerRefused(function, subject, reason, message)


def _inside(members: dict[str, Any], name: str) -> dict[str, Any]:
    value = members.get(name)
    return value if isinstance(value, dict) else {}


def _shown(value: object) -> str:
    """A server's text, verbatim but for what could play tricks on a terminal, and not without end."""
    text = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in str(value)[:_SHOWN])
    return text if len(str(value)) <= _SHOWN else f"{text}..."
