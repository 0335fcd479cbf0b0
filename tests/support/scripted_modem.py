"""A `LogicalTransport` that follows a script."""

from __future__ import annotations

from typing import Any

import pytest


class ScriptedModem:
    """Answers from a script of (call, answer); any other call fails the test.

    Calls are "open AID", "1 COMMAND" (on channel 1) and "close 1", in hexadecimal. An answer is an error to
    raise, a text of data and status word, or else what the method returns, right or wrong.
    """

    can_reset = False

    def __init__(self, *lines: tuple[str, object], channel_in_class: bool = True) -> None:
        self.channel_in_class = channel_in_class
        self._lines = list(lines)

    def open(self, aid: bytes) -> Any:
        """The next line must be this."""
        return self._next(f"open {aid.hex().upper()}")

    def transmit(self, channel: int, apdu: bytes) -> Any:
        """The next line must be this."""
        answer = self._next(f"{channel} {apdu.hex().upper()}")
        if not isinstance(answer, str):
            return answer
        coded = bytes.fromhex(answer)
        return coded[:-2], int.from_bytes(coded[-2:], "big")

    def close_channel(self, channel: int) -> None:
        """The next line must be this."""
        self._next(f"close {channel}")

    def close(self) -> None:
        """Nothing to do."""

    def finished(self) -> bool:
        """Whether the whole script was played."""
        return not self._lines

    def _next(self, call: str) -> object:
        expected, answer = self._lines.pop(0) if self._lines else ("no call", None)
        if call != expected:
            pytest.fail(f"expected {expected}, got {call}")
        if isinstance(answer, BaseException):
            raise answer
        return answer
