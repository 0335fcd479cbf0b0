"""Servers that answer as a trace says they did."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from lpa.errors import OutcomeUnknown
from lpa.rsp.masked import Masked
from lpa.rsp.names import ServerAddress
from lpa.rsp.trace import HttpExchange, HttpMessage, Trace
from lpa.server.es9 import Server
from lpa.server.http_answer import BodyReceiver
from lpa.server.https import HttpAnswer, Https
from lpa.server.trust import CARD, CiPkIds, Trust, TrustAnchor
from lpa.sim.euicc.replay import ReplayFailed

_PLACEHOLDER = re.compile(r"<(?:([0-9]{1,9}) characters|hidden)>")


class ReplayedServers:
    """The servers of a trace, for `Assistant(card, servers=ReplayedServers.load("server.trace"))`.

    Strict, a request is the next one in the trace, or `ReplayFailed` is raised; lenient, it is answered like
    the next recorded one with the same URL and a body that matches, and `ReplayFailed` is raised if there is
    none. What is hidden in a recorded request stands for anything of its length. What is hidden in an answer
    is missing: an LPA can read redacted answers to notifications, but not those of a download.
    """

    def __init__(self, trace: Trace, *, lenient: bool = False) -> None:
        """Raises ValueError if nothing was exchanged with a server in the trace."""
        exchanges = [event for event in trace.events if isinstance(event, HttpExchange)]
        if not exchanges:
            raise ValueError("the trace has no exchange with a server")
        self._https = _ReplayedHttps(exchanges, lenient=lenient)

    @classmethod
    def load(cls, path: Path | str, *, lenient: bool = False) -> Self:
        """Replay the trace in the file `path`. Raises OSError, and ValueError if it is no trace."""
        return cls(Trace.parse(Path(path).read_bytes().decode(errors="replace")), lenient=lenient)

    def __call__(self, address: ServerAddress, /, *, ci_pkids: CiPkIds = ()) -> Server:
        """The server at an address."""
        return Server(address, self._https, ci_pkids=ci_pkids)

    @property
    def remaining(self) -> int:
        """How many recorded requests follow the last one that was answered."""
        return self._https.remaining


class _ReplayedHttps(Https):
    """Answers from a trace; connects to nothing."""

    def __init__(self, exchanges: list[HttpExchange], *, lenient: bool) -> None:
        super().__init__(Trust(None))
        self._exchanges = exchanges
        self._lenient = lenient
        self._next = 0

    @property
    def remaining(self) -> int:
        return len(self._exchanges) - self._next

    def post(
        self,
        address: ServerAddress,
        path: str,
        body: bytes,
        headers: Mapping[str, str],  # noqa: ARG002  (the signature is that of the base class)
        receiver: BodyReceiver | None = None,  # noqa: ARG002 (of the protocol)
        *,
        ci_pkids: CiPkIds = (),  # noqa: ARG002 (of the protocol)
    ) -> HttpAnswer:
        url = f"{address}{path}"
        places = range(self._next, len(self._exchanges))
        candidates = [*places, *range(self._next)] if self._lenient else places[:1]
        for place in candidates:
            exchange = self._exchanges[place]
            if exchange.url == url and _matches(exchange.request.body, body):
                self._next = place + 1
                return _answer(exchange)
        raise ReplayFailed(self._unexpected(url))

    def handshake(self, address: ServerAddress, *, ci_pkids: CiPkIds = ()) -> TrustAnchor:  # noqa: ARG002 (of the protocol)
        return TrustAnchor(CARD, "replayed from a trace")

    def _unexpected(self, url: str) -> str:
        if self._lenient:
            return f"The trace has no request like the one that was sent to {url}."
        if not self.remaining:
            last = self._exchanges[-1]
            return f"The trace ends with the request in line {last.line}, and one was sent to {url}."
        exchange = self._exchanges[self._next]
        if exchange.url == url:
            return (
                f"Line {exchange.line} of the trace has another body than the request that was sent to {url}."
            )
        return (
            f"Line {exchange.line} of the trace has a request to {exchange.url}, and one was sent to {url}."
        )


def _answer(exchange: HttpExchange) -> HttpAnswer:
    if exchange.status is None:
        raise OutcomeUnknown(f"The request in line {exchange.line} of the trace was not answered.")
    types = [value for name, value in exchange.answer.headers if name.lower() == "content-type"]
    return HttpAnswer(exchange.status, _content(exchange.answer), content_type=types[0] if types else "")


def _content(message: HttpMessage) -> bytes:
    return message.body.encode() if message.body.startswith("{") else Masked.parse(message.body).filled()


def _matches(recorded: str, body: bytes) -> bool:
    if not recorded.startswith("{"):
        return Masked.parse(recorded).matches(body)
    try:
        return _same(json.loads(recorded), json.loads(body))
    except ValueError:
        return False


def _same(recorded: object, sent: object) -> bool:
    if isinstance(recorded, dict) and isinstance(sent, dict):
        return recorded.keys() == sent.keys() and all(_same(recorded[name], sent[name]) for name in sent)
    if isinstance(recorded, str) and (hidden := _PLACEHOLDER.fullmatch(recorded)):
        return hidden[1] is None or (isinstance(sent, str) and len(sent) == int(hidden[1]))
    return recorded == sent
