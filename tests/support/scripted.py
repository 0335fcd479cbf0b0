"""A card that knows one conversation by heart: what it must be told, and what it answers."""

from __future__ import annotations

from lpa.errors import LpaError


class ScriptedCard:
    """A `Transport` that plays a script of (command, answer with status word), both in hex.

    An answer may be an error, which is raised. "reset" is a line of its own, without an answer. A command
    that the script does not have in this place fails the test.
    """

    def __init__(self, *lines: tuple[str, str | LpaError] | str) -> None:
        self._lines = list(lines)

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        """Answer the next line."""
        assert self._lines, f"nothing more was expected, and there came {apdu.hex().upper()}"
        line = self._lines.pop(0)
        assert not isinstance(line, str), f"a reset was expected, and there came {apdu.hex().upper()}"
        expected, answer = line
        assert apdu.hex(" ").upper() == bytes.fromhex(expected).hex(" ").upper()
        if isinstance(answer, LpaError):
            raise answer
        data = bytes.fromhex(answer)
        return data[:-2], int.from_bytes(data[-2:], "big")

    def reset(self) -> None:
        """The line must say so."""
        assert self._lines, "nothing more was expected, and there came a reset"
        assert self._lines.pop(0) == "reset"

    def close(self) -> None:
        """Nothing is left to be said."""

    def finished(self) -> bool:
        """Whether everything in the script was said."""
        return not self._lines
