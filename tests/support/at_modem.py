"""A modem that takes AT commands on a pseudo-terminal, with a simulated card (3GPP TS 27.007, TS V.250)."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import tty
from collections.abc import Callable
from types import TracebackType
from typing import Self

from lpa.testing import SimulatedModem

Answer = Callable[[str], str | None]  # from the true answer


_ENDS = ("OK\r\n", "ERROR\r\n", "NO CARRIER\r\n", *(f"+CME ERROR: {code}\r\n" for code in range(30)))


class AtSimulator:
    """Answers AT commands as modems do, while it is used in a `with` block. `path`: of its serial port.

    It echoes until ATE0, reports what nobody asked for, and gives a long answer in several lines. `instead`
    answers the next commands that begin with a text: with another text, not at all (None), or as a function
    of the true answer says.
    """

    def __init__(self, modem: SimulatedModem) -> None:
        self.modem = modem
        self.commands: list[str] = []
        self._echo = True
        self._instead: dict[str, list[str | Answer | None]] = {}
        self._fault: tuple[str, str | None, bool] | None = None
        self._own, self._other = os.openpty()
        tty.setraw(self._other)
        self.path = os.ttyname(self._other)
        self.on_silence: Callable[[], object] = lambda: None
        """Called when a command gets no complete answer: a test need not wait for a time limit then."""
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def instead(self, command: str, *answers: str | Answer | None) -> None:
        """Answer the next commands that begin with `command` so."""
        self._instead[command] = list(answers)

    def fails_at(self, tag: str, answer: str | None, *, carried_out: bool) -> None:
        """Answer the next request with this ES10 tag so, before or after the card has carried it out."""
        self._fault = (tag, answer, carried_out)

    def late(self, answer: str) -> None:
        """Write an answer that nobody waits for any more."""
        os.write(self._own, answer.encode("latin-1"))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.close(self._other)
        self._thread.join(timeout=10)
        os.close(self._own)

    def _serve(self) -> None:
        received = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while arrived := os.read(self._own, 4096):
                received += arrived
                while b"\r" in received:
                    line, _, received = received.partition(b"\r")
                    text = self._line(line.decode("ascii").strip())
                    os.write(self._own, text.encode("latin-1"))
                    if not text.endswith(_ENDS):
                        self.on_silence()

    def _line(self, command: str) -> str:
        """What is written for a command: the echo, what nobody asked for, and the answer."""
        echo = f"{command}\r" if self._echo else ""
        self.commands.append(command)
        if self._fault and command.startswith("AT+CGLA") and f"E291000F{self._fault[0]}" in command:
            (_, fault, carried_out), self._fault = self._fault, None
            if carried_out:
                self._answer(command)
            return fault or ""
        for begin, answers in self._instead.items():
            if command.startswith(begin) and answers:
                answer = answers.pop(0)
                text = answer(self._answer(command)) if callable(answer) else answer
                return f"{echo}{text}" if text is not None else ""
        return f"{echo}\r\n+CREG: 2,1\r\n{self._answer(command)}"

    def _answer(self, command: str) -> str:
        if command in ("ATE0", "ATE1"):
            self._echo = command == "ATE1"
            return "\r\nOK\r\n"
        if found := re.fullmatch(r'AT\+CCHO="([0-9A-F]+)"', command):
            aid = bytes.fromhex(found[1])
            channel = self._tried(lambda: self.modem.open(aid))
            if channel == "":
                return "\r\n+CME ERROR: 22\r\n"
            return f"\r\n+CCHO: {channel}\r\n\r\nOK\r\n" if channel else "\r\n+CME ERROR: 14\r\n"
        if found := re.fullmatch(r'AT\+CGLA=(\d+),(\d+),"([0-9A-F]+)"', command):
            return self._transmitted(int(found[1]), int(found[2]), found[3])
        if found := re.fullmatch(r"AT\+CCHC=(\d+)", command):
            number = int(found[1])
            closed = self._tried(lambda: self.modem.close_channel(number))
            return "\r\nOK\r\n" if closed is not None else "\r\n+CME ERROR: 21\r\n"
        return "\r\nERROR\r\n"

    def _transmitted(self, channel: int, length: int, sent: str) -> str:
        if length != len(sent):
            return "\r\n+CME ERROR: 24\r\n"
        try:
            data, sw = self.modem.transmit(channel, bytes.fromhex(sent))
        except OSError:
            return "\r\n+CME ERROR: 20\r\n"
        text = f"{data.hex()}{sw:04x}"
        pieces = "\r\n".join(text[start : start + 128] for start in range(0, len(text), 128))
        return f'\r\n+CGLA: {len(text)},"{pieces}"\r\n\r\nOK\r\n'

    def _tried(self, call: Callable[[], int | None]) -> str | None:
        """What it returns, as text (empty for None); None if it fails."""
        try:
            returned = call()
        except OSError:
            return None
        return "" if returned is None else str(returned)
