"""What lpac prints: JSON in lines, each with a type and a payload, and the exit codes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from lpa.rsp.display import safe_json

if TYPE_CHECKING:
    from lpa.cli.screen import Screen

SUCCEEDED, FAILED = 0, 255  # exit codes


class Failed(Exception):
    """A command of lpac fails: `function` is what failed, `reason` why, as lpac names both."""

    def __init__(self, function: str, reason: str = "") -> None:
        super().__init__(f"{function}: {reason}")
        self.function, self.reason = function, reason


class Usage(Exception):
    """A command is incomplete or wrong. `lines` explain it."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Answers:
    """Prints the lines of one command. `function`: what runs now, and fails if an error comes."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.function = "euicc_init"

    def begin(self, function: str, data: Any = None) -> None:
        """Report that a function begins."""
        self.function = function
        self.progress(function, data)

    def progress(self, message: str, data: Any = None) -> None:
        """Report a step that is no function, or does not fail."""
        self._payload("progress", 0, message, data)

    def success(self, data: Any = None) -> int:
        """Print the result. Returns the exit code."""
        self._payload("lpa", 0, "success", data)
        return SUCCEEDED

    def failure(self, function: str, reason: str) -> int:
        """Print what failed, and why. Returns the exit code."""
        self._payload("lpa", -1, function, reason)
        return FAILED

    def line(self, members: dict[str, Any]) -> None:
        """A line of JSON."""
        encoding = (sys.stdout.encoding or "").lower()
        text = json.dumps(members, ensure_ascii=not encoding.startswith("utf"), separators=(",", ":"))
        self.text(safe_json(text))

    def text(self, line: str) -> None:
        """A line that is no JSON."""
        self._screen.write(sys.stdout, line)

    def _payload(self, kind: str, code: int, message: str, data: Any) -> None:
        self.line({"type": kind, "payload": {"code": code, "message": message, "data": data}})
