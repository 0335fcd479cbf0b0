"""What is true if Ctrl-C ends a command: nothing was changed, something may be, or this was done.

Law: `running` says what the screen holds (`Screen.interruption`). A command enters `changing` before it
changes anything, on the card or on this computer, and calls `Screen.did` as soon as that is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lpa.cli.exits import CHANGING, RESUME, Interrupted

if TYPE_CHECKING:
    from lpa.cli.screen import Screen

# Messages and advice for `changing`.
WRITING_PAGE = "Interrupted while a page was written.", "The file is as before, or has the whole page."

PENDING = "'lpa notifications list' lists pending notifications."


@contextmanager
def changing(screen: Screen, message: str = CHANGING, advice: str = RESUME) -> Iterator[None]:
    """Raise `Interrupted` if Ctrl-C ends the `with` block; after it, too, no message denies the change.

    `message`, `advice`: for the person, until `screen.did` says what was done. By default those for a change
    of the card that `lpa resume` recovers.
    """
    screen.may_change(message, advice)
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(*screen.interruption) from error
