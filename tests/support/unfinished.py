"""Operations that are interrupted, and what recovery reports and the server receives afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lpa import Assistant
from lpa.journal import PLANNED, Journal
from lpa.rsp.names import Iccid
from lpa.rsp.records import CHANGE_TAGS
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.servers.smdp import SimulatedSmdp

ENABLE, DISABLE, DELETE, RESET = 0xBF31, 0xBF32, 0xBF33, 0xBF34
EID, RETRIEVE, PROFILES, SENT = 0xBF3E, 0xBF2B, 0xBF2D, 0xBF30


class Interrupted(BaseException):
    """The process ends here."""


def interrupt(
    assistant: Assistant, function: str, state: str, act: Callable[[], object] = lambda: None
) -> None:
    """Begin an operation as a command does, `act` on the card, and end the process in that state."""

    def begin() -> None:
        before = assistant.euicc.profiles(CHANGE_TAGS)
        with assistant.journal.operation(assistant.eid, function, before) as operation:
            if state != PLANNED:
                operation.set_state(state)
            act()
            raise Interrupted

    with pytest.raises(Interrupted):
        begin()


def iccid(euicc: SimulatedEuicc, number: int) -> Iccid:
    return Iccid.parse(euicc.profiles[number].iccid)


def reported(assistant: Assistant) -> list[tuple[str, str, str]]:
    return [
        (recovered.function, change.event, str(change.profile.iccid))
        for recovered in assistant.recovered
        for change in recovered.changes
    ]


def received(smdp: SimulatedSmdp) -> list[tuple[str, str]]:
    return [(one.event, str(one.iccid)) for one in smdp.received]


def outcomes(journal: Journal) -> list[tuple[str, str]]:
    return [(state, outcome) for state, outcome in journal._read("SELECT state, outcome FROM operation", ())]
