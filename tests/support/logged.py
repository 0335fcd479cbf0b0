"""Record all that the tests log, also in child processes, and search it for secrets.

A test that uses a secret of a new kind adds it to `SECRETS`.
"""

from __future__ import annotations

import base64
import logging
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from lpa.card.apdu import TRAFFIC

# PINs, codes and matching ids that tests use.
SECRETS = (
    *("24681357", "M4TCH1NG", "M4TCH-1D", "C0NFIRM-C0DE", "Geheim-77", "04386-AGYFT-A74Y8-3F815"),
    *("ABC-", "EVENT-", "CASCADE-", "SECRET-", "4Y8TBX"),  # with any number
)
SHORT_SECRETS = ("1234", "4321", "Päß 1")  # searched as whole words only: they occur in longer ones by chance

_FOLDER = "LPA_TESTS_LOGGED"  # in the environment: where the processes of one run write
_TRACE = re.compile(r"(?:# )?[0-9-]{10} [0-9:,]{12} ")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Cards, profiles, subscribers, telephones: ten digits in any groups, or an ICCID as on the card.
_FULL_NUMBER = re.compile(
    r"(?:[0-9][ ()-]{0,2}){10}|\+[0-9]{7}|(?<![0-9A-Za-z])[0-9A-Fa-f]{20}(?![0-9A-Za-z])"
)
_SHOWN = {
    "a PIN": re.compile(r"apdu: [0-9a-f]{2}2[0468c][0-9a-f]{4}(?:08|10)[0-9a-f]"),
    "what a profile's file holds": re.compile(r"apdu: [0-9a-f]{2}b[02][0-9a-f]{4,6} -> [0-9a-f]{2}"),
    "a message of a download": re.compile(
        r"apdu: [89a-f][0-9a-f]e2[0-9a-f]{2}00[0-9a-f]{2}(?:bf38|bf21|bf36|bf23|8[678]|a[0-3])"
    ),
    "an activation code": re.compile(r"\b1\$[\w.-]+\$(?!<hidden>)\w"),
}


# The same in the lines of a trace, where an answer is in a line of its own.
_SHOWN_IN_TRACE = {
    "a PIN": re.compile(r"> [0-9A-F]{2}2[0468C][0-9A-F]{4}(?:08|10) ?[0-9A-F]"),
    "what a profile's file holds": re.compile(r"> [0-9A-F]{2}B[02][0-9A-F]{4,6}\n< [0-9A-F]+ [0-9A-F]{4}\b"),
    "a message of a download": re.compile(
        r"> [89A-F][0-9A-F]E2[0-9A-F]{2}00[0-9A-F]{2} ?(?:BF38|BF21|BF36|BF23|8[678]|A[0-3])"
    ),
}
_OF_A_CARD = ("> ", "< ", "! ")  # what begins the lines of a trace that are below DEBUG


class Capture:
    """Files for the log and the traces of this process, in a folder for the whole test run."""

    def __init__(self) -> None:
        self.folder = Path(os.environ.setdefault(_FOLDER, "") or tempfile.mkdtemp(prefix="lpa-logged-"))
        os.environ[_FOLDER] = str(self.folder)
        os.environ["LPA_TRACE"] = str(self.folder / f"{os.getpid()}.trace")
        self._handler = logging.FileHandler(self.folder / f"{os.getpid()}.log", encoding="utf-8")
        self._handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        logger = logging.getLogger("lpa")
        logger.setLevel(TRAFFIC)
        logger.addHandler(self._handler)

    def close(self) -> None:
        logging.getLogger("lpa").removeHandler(self._handler)
        self._handler.close()

    def lines(self) -> Iterator[str]:
        for path in sorted(self.folder.iterdir()):
            with path.open(encoding="utf-8") as file:
                yield from file


def violations(lines: Iterable[str]) -> Iterator[str]:
    """Each line that shows a secret, after the kind of secret."""
    secrets = re.compile("|".join(_forms()), re.IGNORECASE)
    command = ""
    for line in lines:
        text = _TRACE.sub("", line, count=1)
        command = text if text.startswith("> ") else command
        if secrets.search(text):
            yield f"a secret: {line}"
        if not text.startswith(("TRAFFIC ", "DEBUG ", *_OF_A_CARD)) and _FULL_NUMBER.search(
            _DATE.sub("", text)
        ):
            yield f"a whole number above DEBUG: {line}"
        yield from (f"{what}: {line}" for what, shown in _SHOWN.items() if shown.search(text))
        exchange = f"{command.rstrip()}\n{text}" if text.startswith("< ") else text
        yield from (f"{what}: {line}" for what, shown in _SHOWN_IN_TRACE.items() if shown.match(exchange))


def _forms() -> Iterator[str]:
    for secret in SECRETS:
        yield re.escape(secret)
        yield secret.encode().hex()
        # Only whole groups of base64 are the same in any text, and a single one occurs by chance.
        whole = len(secret) // 3 * 3
        if whole > 3:
            yield re.escape(base64.b64encode(secret[:whole].encode()).decode())
    for secret in SHORT_SECRETS:
        yield rf"(?<![0-9A-Za-z.]){secret}(?![0-9A-Za-z])"
