"""Redact the traffic with a server, for traces.

Law: shown is what the specification names, and nothing that a peer can fill with a text of its own. Of every
value only the length is shown, except the status of an answer and its codes (SGP.22 §6.5.1.4): matching ids,
hashes of codes, tokens, packages and what a server repeats of them can be in any other member.
"""

from __future__ import annotations

import json
import re
from typing import Any

from lpa.rsp.masked import Masked
from lpa.rsp.trace import HttpExchange, HttpMessage
from lpa.server import strict_json

_HOST = re.compile(r"[A-Za-z0-9.-]{1,255}(?::[0-9]{1,5})?")
_PATH = re.compile(r"/gsma/rsp2/es(?:9plus|11)/[A-Za-z]{1,40}")
_HEADERS = {
    "content-type": re.compile(r"(?:application/(?:json|xml)|text/(?:html|plain|xml))\b"),
    "x-admin-protocol": re.compile(r"gsma/rsp/v[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,2}"),
}
_STATUS = ("Executed-Success", "Executed-WithWarning", "Failed", "Expired")
_CODE = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,2}){1,4}")
_CODES = ("subjectCode", "reasonCode")
_NAMES = {  # §5.6, §6.5
    *(
        "header",
        "functionExecutionStatus",
        "status",
        "statusCodeData",
        "subjectIdentifier",
        "message",
        *_CODES,
    ),
    *("functionRequesterIdentifier", "functionCallIdentifier", "smdpAddress", "euiccChallenge", "euiccInfo1"),
    *("transactionId", "serverSigned1", "serverSignature1", "euiccCiPKIdToBeUsed", "serverCertificate"),
    *("authenticateServerResponse", "profileMetadata", "smdpSigned2", "smdpSignature2", "smdpCertificate"),
    *("prepareDownloadResponse", "boundProfilePackage", "pendingNotification", "cancelSessionResponse"),
    *("eventEntries", "eventId", "rspServerAddress"),
}


def redacted(
    host: str,
    path: str,
    request: tuple[dict[str, str], bytes],
    answer: tuple[int, dict[str, str], bytes] | None,
) -> HttpExchange:
    """An exchange without secrets. `request`: headers, body; `answer`: status, headers, body."""
    place = host if _HOST.fullmatch(host) else f"<{len(host)}-characters>"
    where = path if _PATH.fullmatch(path) else f"/<{len(path)}-characters>"
    asked = _message(*request)
    if answer is None:
        return HttpExchange(place + where, asked)
    status, headers, body = answer
    return HttpExchange(place + where, asked, status, _message(headers, body))


def _message(headers: dict[str, str], body: bytes) -> HttpMessage:
    shown = [
        (name, found[0])
        for name, value in headers.items()
        if (allowed := _HEADERS.get(name.lower())) and (found := allowed.match(value))
    ]
    return HttpMessage(tuple(shown), _body(body))


def _body(body: bytes) -> str:
    try:
        members = strict_json.loads(body)
    except ValueError:
        members = None
    if isinstance(members, dict):
        return json.dumps(_members(members), separators=(",", ":"))
    return str(Masked.of(len(body)))


def _members(members: dict[str, Any]) -> dict[str, Any]:
    """The members with names of the specification; names of a peer's own are left out."""
    return {name: _value(name, value) for name, value in members.items() if name in _NAMES}


def _value(name: str, value: object) -> Any:
    if isinstance(value, dict):
        return _members(value)
    if not isinstance(value, str):
        return "<hidden>"
    if (name == "status" and value in _STATUS) or (name in _CODES and _CODE.fullmatch(value)):
        return value
    return f"<{len(value)} characters>"
