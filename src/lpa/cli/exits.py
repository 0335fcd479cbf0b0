"""Exit codes, and what an error means to a shell.

0   done
1   refused by the card, the server or the person, or a signature that does not verify
2   usage: nothing was tried
3   card or server not reached, or the outcome is unknown
4   done on the card; a server has not acknowledged yet, although it was to be notified
70  a bug in this program
130 interrupted with Ctrl-C
"""

from __future__ import annotations

from lpa.errors import Declined, LpaError, NotVerified, Refused

NO, USAGE, UNKNOWN, UNDELIVERED, BUG, STOPPED = 1, 2, 3, 4, 70, 130

CHANGING = "Interrupted while changing the card; the outcome is unknown."
RESUME = (
    "'lpa resume' finds out what happened, keeps the signed notifications and sends them. It deletes nothing."
)


class Interrupted(Exception):
    """Ctrl-C came while something was being changed. `message`, `advice`: for the person."""

    def __init__(self, message: str = CHANGING, advice: str = RESUME) -> None:
        super().__init__(message)
        self.message, self.advice = message, advice


def exit_code(error: LpaError) -> int:
    """What an error means to a shell."""
    return NO if isinstance(error, Refused | NotVerified | Declined) else UNKNOWN
