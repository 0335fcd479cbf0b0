"""Exit codes, and what an error means to a shell.

0   done
1   refused by the card, the server or the person, or a signature that does not verify
2   usage: nothing was tried
3   could not ask, or the outcome is unknown
4   done on the card; a server is not notified yet
70  a bug in this program
130 stopped with Ctrl-C
"""

from __future__ import annotations

from lpa.errors import Declined, LpaError, NotVerified, Refused

NO, USAGE, UNKNOWN, UNDELIVERED, BUG, STOPPED = 1, 2, 3, 4, 70, 130

_CHANGING = "Stopped while the card was being changed: it may or may not have been."
_RESUME = (
    "'lpa resume' finds out what is true, keeps what the card signed and tells the servers. "
    "It deletes nothing."
)


class Interrupted(Exception):
    """Ctrl-C came while the card was being changed. `message`, `advice`: what is known of it."""

    def __init__(self, message: str = _CHANGING, advice: str = _RESUME) -> None:
        super().__init__(message)
        self.message, self.advice = message, advice


def exit_code(error: LpaError) -> int:
    """What an error means to a shell."""
    return NO if isinstance(error, Refused | NotVerified | Declined) else UNKNOWN
