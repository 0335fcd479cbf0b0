"""An HTTPS client in which a test can change the answers of a server, or cut the connection."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from lpa.rsp.codec import schema
from lpa.rsp.names import ServerAddress
from lpa.server.connect_to import ConnectTo
from lpa.server.http_answer import BodyReceiver
from lpa.server.https import HttpAnswer, Https
from lpa.server.trust import CiPkIds, Trust

Change = Callable[[dict[str, Any]], None]


class InterferedHttps(Https):
    """An `Https` that records which functions were called, by their names in the path.

    `change`: functions whose next answer is changed before it is read. `dies_before`, `dies_after`: functions
    whose next request does not reach the server, or whose answer is lost, each with the error. `reasons`: the
    signed reasons of the CancelSession requests. `transactions`: the sessions that the server began. `sent`:
    the last request of each function.
    """

    def __init__(self, trust: Trust, connect_to: ConnectTo) -> None:
        super().__init__(trust, connect_to=[connect_to])
        self.called: list[str] = []
        self.change: dict[str, Change] = {}
        self.dies_before: dict[str, BaseException] = {}
        self.dies_after: dict[str, BaseException] = {}
        self.reasons: list[str] = []
        self.transactions: list[bytes] = []
        self.sent: dict[str, dict[str, Any]] = {}

    def post(
        self,
        address: ServerAddress,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        receiver: BodyReceiver | None = None,
        *,
        ci_pkids: CiPkIds = (),
    ) -> HttpAnswer:
        """As the real one, with the disturbances that the test asked for."""
        function = path.rpartition("/")[2]
        self.called.append(function)
        self.sent[function] = json.loads(body)
        if function in self.dies_before:
            raise self.dies_before.pop(function)
        if function == "cancelSession":
            self.reasons.append(_reason(body))
        receiver = None if function in self.change else receiver  # What is to be changed comes whole.
        answer = super().post(address, path, body, headers, receiver, ci_pkids=ci_pkids)
        if function == "initiateAuthentication" and answer.status == HTTPStatus.OK:
            self.transactions.append(bytes.fromhex(json.loads(answer.body).get("transactionId", "")))
        if function in self.dies_after:
            raise self.dies_after.pop(function)
        if function in self.change:
            members = json.loads(answer.body)
            self.change.pop(function)(members)
            answer = HttpAnswer(answer.status, json.dumps(members).encode(), answer.certificate)
        return answer


def _reason(body: bytes) -> str:
    """The reason in a CancelSessionResponse."""
    answer = base64.b64decode(json.loads(body)["cancelSessionResponse"])
    _, cancelled = schema.decode("CancelSessionResponse", answer)
    signed = schema.decode("EuiccCancelSessionSigned", cancelled["euiccCancelSessionSigned"])
    return schema.named("CancelSessionReason", signed["reason"])
