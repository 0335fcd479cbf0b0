"""What no log may show. Every logger of `lpa` is made here, so that this holds for whoever listens to it.

At every level: no matching id or other part of an activation code, no confirmation code, no token, no
package, as far as a text shows them by a name; what has none must never be given to a log. Above DEBUG also:
of EIDs, ICCIDs, IMSIs and telephone numbers the last four digits only. PINs and the secrets in the traffic
with a card are hidden where it is logged (`lpa.card.traffic`).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

# Ten digits (dates and sizes are shorter), or nine bytes in hexadecimal: an ICCID may be as on the card.
_LONG_NUMBER = re.compile(r"(?<![0-9A-Za-z])\+?(?:[0-9]{10,}|[0-9A-Fa-f]{18,})(?![0-9A-Za-z])")
# Also as a link has it: %24 is $.
_ACTIVATION_CODE = re.compile(
    r"((?:LPA(?::|%3A)|(?<![\w$]))1(\$|%24)[^$%\s'\"]*)\2[^\s'\",;)]*", re.IGNORECASE
)
_NAMED = re.compile(
    r"""(\b(?:matchingId|confirmationCode|hashCc|hashedConfirmationCode|eventId|transactionId|pin|puk|token
    |authorization|boundProfilePackage|prepareDownloadResponse|authenticateServerResponse|smdpSigned2)\b
    ["']?\s*[:=]\s*)("[^"]*"?|'[^']*'?|[^\s,;}&]+)""",
    re.IGNORECASE | re.VERBOSE,
)
_HIDDEN = "<hidden>"


def logger(name: str) -> logging.Logger:
    """The logger of a module, which hides before anybody can listen."""
    found = logging.getLogger(name)
    if not any(isinstance(known, Hiding) for known in found.filters):
        found.addFilter(Hiding())
    return found


class Hiding(logging.Filter):
    """Lets every record pass, without what it may not show."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the harmless text in place of the message, and of the traceback if there is one."""
        hide = without_secrets if record.levelno <= logging.DEBUG else without_names
        record.msg, record.args = hide(record.getMessage()), None
        _hide_traceback(record, hide)
        return True


def without_secrets(text: str) -> str:
    """`text` without codes and tokens."""
    text = _ACTIVATION_CODE.sub(lambda code: f"{code[1]}{code[2]}{_HIDDEN}", text)
    return _NAMED.sub(lambda named: f"{named[1]}{_HIDDEN}", text)


def without_names(text: str) -> str:
    """`text` without secrets, and with the last four digits of long numbers: "...0017"."""
    return _LONG_NUMBER.sub(lambda number: f"...{number[0][-4:]}", without_secrets(text))


def _hide_traceback(record: logging.LogRecord, hide: Callable[[str], str]) -> None:
    if record.exc_info and record.exc_info[0]:
        record.exc_text = hide(logging.Formatter().formatException(record.exc_info))
        record.exc_info = None
