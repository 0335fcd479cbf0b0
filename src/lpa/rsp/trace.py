"""Traces: what was exchanged with a card and with servers, one line per thing. docs/simulator/traces.md.

```text
lpa-trace 1 redacted
# a comment, or a line of a log
! reset 3B9F96801FC7
> 81E2910006BF3E035C015A00
< BF3E125A1089049032123451234512345678901235 9000
>> POST smdp.example/gsma/rsp2/es9plus/handleNotification
>> X-Admin-Protocol: gsma/rsp/v2.2.2
>> {"pendingNotification":"<1034 characters>"}
<< 204
```
Law: what is hidden is a placeholder with its length, and a whole trace says so in its first line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field, replace
from typing import NoReturn, Self

from lpa.rsp.facts import fact
from lpa.rsp.masked import Masked

TRACE_LINES = "trace_lines"  # in a log record: the lines that a trace has for it, without secrets
_NAME, _VERSION = "lpa-trace", 1
_WHOLE, _REDACTED = "whole", "redacted"
_TIME = re.compile(r"\+[0-9]{1,9}(?:\.[0-9]{1,9})? +")
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*): ?(.*)")
_POST = re.compile(r"POST +([^\s/]+/\S*)")
_MOST_HEADERS = 100
_STATUS = re.compile(r"[1-5][0-9]{2}")


@fact
class CardReset:
    """The card was powered or reset. `atr`: its answer to reset; empty if it was not recorded."""

    atr: bytes = b""
    line: int = field(default=0, compare=False)

    def lines(self) -> list[str]:
        """As a trace has it."""
        return [f"! reset {self.atr.hex().upper()}".rstrip()]


@fact
class CardExchange:
    """A command, and the data and status word that answered it; `data` is None if no answer came."""

    command: Masked
    data: Masked | None
    sw: int = 0
    line: int = field(default=0, compare=False)  # of the command

    def lines(self) -> list[str]:
        """As a trace has it."""
        asked = [f"> {self.command}"]
        return asked if self.data is None else [*asked, f"< {f'{self.data} {self.sw:04X}'.lstrip()}"]

    def in_log(self) -> str:
        """As one line of a log."""
        command = str(self.command).lower()
        if self.data is None:
            return f"{command} -> no answer"
        return f"{command} -> {str(self.data).lower()} {self.sw:04X}"


@fact
class HttpMessage:
    """Headers, and the body on one line: a JSON object, or bytes as `Masked` writes them; or empty."""

    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    def lines(self) -> list[str]:
        """As a trace has it, without what marks the direction."""
        return [*(f"{name}: {value}" for name, value in self.headers), *filter(None, [self.body])]


@fact
class HttpExchange:
    """A POST to `url` (host, path) and its answer; `status` is None if no answer came."""

    url: str
    request: HttpMessage
    status: int | None = None
    answer: HttpMessage = HttpMessage()
    line: int = field(default=0, compare=False)  # of the request

    def lines(self) -> list[str]:
        """As a trace has it."""
        asked = [f">> {line}" for line in (f"POST {self.url}", *self.request.lines())]
        if self.status is None:
            return asked
        return [*asked, *(f"<< {line}" for line in (str(self.status), *self.answer.lines()))]


Event = CardReset | CardExchange | HttpExchange


@fact
class Trace:
    """What a trace contains, in its order. `whole`: nothing of it was hidden, which no real card's is."""

    events: tuple[Event, ...]
    whole: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """The trace in `text`. Raises ValueError with the number of the line that is none."""
        return cls(*_Reader().read(text))

    def lines(self) -> Iterator[str]:
        """As a file has it, without comments."""
        yield first_line(whole=self.whole)
        for event in self.events:
            yield from event.lines()


def first_line(*, whole: bool) -> str:
    """The first line of a trace."""
    return f"{_NAME} {_VERSION} {_WHOLE if whole else _REDACTED}"


class _Reader:
    """Reads the lines of one trace. An exchange is complete when something else begins."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._whole: bool | None = None
        self._number = 0
        self._card: CardExchange | None = None
        self._http: HttpExchange | None = None

    def read(self, text: str) -> tuple[tuple[Event, ...], bool]:
        for number, line in enumerate(text.split("\n"), 1):
            self._number = number
            try:
                self._line(_TIME.sub("", line.strip(), count=1))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
        if self._whole is None:
            raise ValueError(f"line 1: it does not begin with '{first_line(whole=False)}'")
        self._end()
        return tuple(self._events), self._whole

    def _line(self, line: str) -> None:
        if not line or line.startswith("#"):
            return
        if self._whole is None or line.startswith(_NAME):
            self._begin(line)
            return
        mark, _, rest = line.partition(" ")
        kinds = {
            "!": self._reset,
            ">": self._command,
            "<": self._answer,
            ">>": self._post,
            "<<": self._posted,
        }
        if mark not in kinds:
            _refuse("it begins with none of # ! > < >> <<")
        kinds[mark](rest.strip())

    def _begin(self, line: str) -> None:
        """The first line; or that of another program that appended to the file."""
        name, version, kind, *_ = [*line.split(), "", "", ""]
        if name != _NAME:
            _refuse(f"it does not begin with '{first_line(whole=False)}'")
        if version != str(_VERSION) or kind not in (_WHOLE, _REDACTED):
            _refuse(f"only '{_NAME} {_VERSION}' can be read, {_WHOLE} or {_REDACTED}")
        self._end()
        self._whole = kind == _WHOLE and self._whole is not False

    def _reset(self, rest: str) -> None:
        word, _, atr = rest.partition(" ")
        if word != "reset":
            _refuse("after ! it says only reset, and perhaps the ATR")
        self._end()
        self._events.append(CardReset(_plain(atr), self._number))

    def _command(self, rest: str) -> None:
        self._end()
        command = Masked.parse(rest)
        if not command.parts:
            _refuse("there is no command")
        self._card = CardExchange(command, None, line=self._number)

    def _answer(self, rest: str) -> None:
        if not self._card:
            _refuse("an answer without a command before it")
        *before, last = Masked.parse(rest).parts or (b"",)
        if not isinstance(last, bytes) or len(last) < 2:
            _refuse("an answer ends with a status word of four digits")
        data, sw = Masked.of(*before, last[:-2]), int.from_bytes(last[-2:], "big")
        self._card = replace(self._card, data=data, sw=sw)
        self._end()

    def _post(self, rest: str) -> None:
        if found := _POST.fullmatch(rest):
            self._end()
            self._http = HttpExchange(found[1], HttpMessage(), line=self._number)
        elif self._http and self._http.status is None:
            self._http = replace(self._http, request=_with(self._http.request, rest))
        else:
            _refuse("a request begins with POST and its host and path")

    def _posted(self, rest: str) -> None:
        if not self._http:
            _refuse("an answer without a request before it")
        if self._http.status is not None:
            self._http = replace(self._http, answer=_with(self._http.answer, rest))
        elif _STATUS.fullmatch(rest):
            self._http = replace(self._http, status=int(rest))
        else:
            _refuse("an answer begins with its status, a number of three digits")

    def _end(self) -> None:
        """What was begun is complete."""
        for begun in (self._card, self._http):
            if begun:
                self._events.append(begun)
        self._card = self._http = None


def _with(message: HttpMessage, line: str) -> HttpMessage:
    """The message with one more header, or its body."""
    if message.body:
        _refuse("there is more after the body")
    if header := _HEADER.fullmatch(line):
        if len(message.headers) == _MOST_HEADERS:
            _refuse(f"there are more than {_MOST_HEADERS} headers")
        return replace(message, headers=(*message.headers, (header[1], header[2])))
    if not line.startswith("{"):
        Masked.parse(line)
    return replace(message, body=line)


def _plain(text: str) -> bytes:
    found = Masked.parse(text)
    if any(not isinstance(part, bytes) for part in found.parts):
        _refuse("an ATR is never hidden")
    return found.filled()


def _refuse(why: str) -> NoReturn:
    raise ValueError(why)
