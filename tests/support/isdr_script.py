"""Lines of a script for opening the session with an ISD-R, over T=1."""

from __future__ import annotations

from lpa.errors import LpaError
from lpa.rsp.names import Aid

EID, OTHER_EID = "89049032123451234512345678901235", "89044045930000000000001234567853"
STANDARD, FIVEBER, FIRST, SECOND = (
    Aid.parse(text)
    for text in (
        "A0000005591010FFFFFFFF8900000100",
        "A0000005591010FFFFFFFF8900050500",
        "A06573746B6D65FFFF4953442D522030",  # eSTK.me
        "A06573746B6D65FFFF4953442D522031",
    )
)
ANNOUNCE = ("80AA00000A A9088100820101830107", "9000")  # TERMINAL CAPABILITY
OPEN, CLOSE = ("0070000001", "019000"), ("00708001", "9000")


def select(aid: Aid, answer: str | LpaError, channel: int = 1) -> tuple[str, str | LpaError]:
    """SELECT of an application, and its answer."""
    return f"{channel:02X}A4040010 {aid} 00", answer


def get_eid(answer: str = EID, channel: int = 1) -> tuple[str, str]:
    """GetEID. `answer`: an EID, or other data with status word."""
    coded = f"BF3E125A10{answer}9000" if len(answer) == 32 else answer
    return f"{0x80 | channel:02X}E2910006 BF3E035C015A 00", coded
