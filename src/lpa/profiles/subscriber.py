"""Who the network knows a profile as: IMSI and telephone numbers, from the files of the profile in use."""

from __future__ import annotations

from dataclasses import dataclass

from lpa.card.files.filesystem import UiccFiles
from lpa.card.files.numbers import read_own_numbers
from lpa.card.files.problems import Problems
from lpa.errors import BadAnswer, Refused
from lpa.profiles.backup import refuse_unless_in_use
from lpa.rsp.names import Iccid


@dataclass(frozen=True)
class Subscriber:
    """What was read. `imsi` and `numbers` are None where `problem` says why, else empty if there is none.

    `problem`: "notEnabled" (another profile is in use, or none), "pinNeeded" (it is locked with a PIN),
    "unreadable" (the card does not let us read it, or answers nonsense); empty if everything was read.
    """

    imsi: str | None = None
    numbers: tuple[str, ...] | None = None
    service_provider: str = ""
    problem: str = ""


def read(files: UiccFiles, iccid: Iccid, *, pin: str | None = None) -> Subscriber:
    """What the files of the profile `iccid` say, as far as they let themselves be read.

    `pin`: its PIN, shown to the card only if it asks for one. Raises `Refused` if that does not open it, as
    `UiccFiles.verify_pin` does, and a `WireError` if the card cannot be asked.
    """
    problems = Problems()
    try:
        refuse_unless_in_use(files, iccid)
        files.unlock(pin)
    except Refused as refused:
        if pin is not None and refused.function == "VerifyPin":
            raise
        return Subscriber(problem=refused.reason)
    except BadAnswer:
        return Subscriber(problem="unreadable")
    imsi = problems.attempt("IMSI", files.imsi)
    provider = problems.attempt("Service provider name", files.service_provider_name)
    unread = Problems()
    numbers = read_own_numbers(files, unread)
    shown = None if unread and not numbers else numbers
    return Subscriber(imsi, shown, provider or "", "unreadable" if problems or unread else "")
