"""Carries out the faults of a server: around its functions, before it reads a request, and at its TLS."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from cryptography import x509

from lpa.sim.crypto.certificate_parts import der
from lpa.sim.faults.impostor import resigned
from lpa.sim.faults.language import Fault
from lpa.sim.faults.schedule import FaultSchedule
from lpa.sim.faults.vocabulary import CONNECTION, WITH_CERTIFICATE, seconds, server_words

Reply = tuple[HTTPStatus | int, dict[str, str], bytes]  # status, headers and body
_EARLY = "early answer"


@dataclass
class BrokenExchange(Exception):
    """An answer that is not sent as HTTP asks for: `reply` is, `times` times, but only `limit` bytes of it.

    `closes`: the connection is closed then.
    """

    reply: Reply | None = None
    times: int = 1
    limit: int | None = None
    closes: bool = True


class ServerFaults(FaultSchedule):
    """The faults of a simulated server. `headers`: those of its answers with a body."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(server_words())
        self._headers = dict(headers)

    def connect(self) -> bool:
        """Reach a TLS handshake. Whether the server shall use a wrong certificate.

        Raises `BrokenExchange` if the connection is to be closed instead.
        """
        wrong = False
        due = self._due(lambda fault: fault.point.name == CONNECTION)
        for fault in self._happening(due, "before", "after"):
            wrong |= fault.action == "wrong certificate"
            self._interrupt(fault)
        return wrong

    def arrive(self, function: str) -> None:
        """Reach the request for `function` before its body is read. Raises `BrokenExchange`."""
        due = self._due(lambda fault: _is_of(fault, function) and fault.action == _EARLY)
        for _ in self._happening(due, "instead of"):
            raise BrokenExchange((HTTPStatus.REQUEST_TIMEOUT, {"Connection": "close"}, b""))

    def serve(self, function: str, perform: Callable[[], Reply]) -> Reply:
        """The reply to a request for `function`, which `perform` gives unless a fault does.

        Raises `BrokenExchange` if it is to be sent in another way, or not at all.
        """
        due = self._due(lambda fault: _is_of(fault, function) and fault.action != _EARLY)
        for fault in self._happening(due, "before"):
            self._interrupt(fault)
        for fault in self._happening(due, "instead of"):
            return self._reply(fault)
        return self._after(due, function, perform())

    def _after(self, due: Iterable[Fault], function: str, reply: Reply) -> Reply:
        for fault in self._happening(due, "after"):
            if fault.action in ("status", "body"):
                reply = self._reply(fault)
            elif fault.action == "close after":
                raise BrokenExchange(reply, limit=int(fault.argument))
            elif fault.action == "duplicate answer":
                raise BrokenExchange(reply, times=2, closes=False)
            elif fault.action in ("slow", "close", "lose answer"):
                self._interrupt(fault)
            else:
                reply = _changed(fault, function, reply)
        return reply

    def _reply(self, fault: Fault) -> Reply:
        if fault.action == "status":
            return int(fault.argument), {}, b""
        return HTTPStatus.OK, dict(self._headers), fault.argument.encode()

    def _interrupt(self, fault: Fault) -> None:
        """Wait, or close the connection."""
        if fault.action == "slow":
            self.sleep(seconds(fault.argument))
        elif fault.action in ("close", "lose answer"):
            raise BrokenExchange


def _is_of(fault: Fault, function: str) -> bool:
    return fault.point.name.lower() == function.lower()


def _changed(fault: Fault, function: str, reply: Reply) -> Reply:
    status, headers, body = reply
    if fault.action == "altered":
        place = len(body) // 2
        other = b"B" if body[place : place + 1] == b"A" else b"A"
        return status, headers, body[:place] + other + body[place + 1 :]
    members = json.loads(body)
    if fault.action == "wrong answer":
        other_session = bytes(byte ^ 0xFF for byte in bytes.fromhex(members.get("transactionId", "")))
        members |= {"transactionId": other_session.hex().upper()}
    elif certificate := members.get(WITH_CERTIFICATE[function.lower()]):
        wrong = der(resigned(x509.load_der_x509_certificate(base64.b64decode(certificate))))
        members |= {WITH_CERTIFICATE[function.lower()]: base64.b64encode(wrong).decode()}
    return status, headers, json.dumps(members).encode()
