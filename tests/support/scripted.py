"""A card that follows a script: the commands that it expects, and its answers."""

from __future__ import annotations

import pytest

from lpa.errors import LpaError


class ScriptedCard:
    """A `Transport` with a script of (command, answer with status word), both in hexadecimal.

    An answer may be an error, which is raised. "reset" is a line of its own, without an answer. Any other
    command than the next one of the script fails the test, with no `Exception`: that would be an error of
    the transport, which `lpa` turns into one of its own.
    """

    def __init__(self, *lines: tuple[str, str | LpaError] | str) -> None:
        self._lines = list(lines)

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Answer the next line."""
        line = self._lines.pop(0) if self._lines else ("", "")
        if isinstance(line, str):
            pytest.fail(f"a reset was expected, got {apdu.hex().upper()}")
        expected, answer = line
        if apdu != bytes.fromhex(expected):
            pytest.fail(f"expected {expected or 'no command'}, got {apdu.hex().upper()}")
        if isinstance(answer, LpaError):
            raise answer
        data = bytes.fromhex(answer)
        return data[:-2], int.from_bytes(data[-2:], "big")

    def reset(self) -> None:
        """The next line must be a reset."""
        if not self._lines or self._lines.pop(0) != "reset":
            pytest.fail("no reset was expected")

    def close(self) -> None:
        """Nothing to do."""

    def finished(self) -> bool:
        """Whether the whole script was played."""
        return not self._lines
