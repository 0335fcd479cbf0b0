"""The states of an operation: procedures follow the table, and the architecture page shows it."""

from __future__ import annotations

import pytest

from lpa import Assistant, EuiccRefused
from lpa.journal import states
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.disturbed import DisturbedCard
from tests.support.paths import DOCS
from tests.support.states import diagram

pytestmark = pytest.mark.usefixtures("states_by_the_table")

DELETE = 0xBF33


def test_every_state_leads_to_the_last_one() -> None:
    every = {value for name, value in vars(states).items() if name.isupper() and isinstance(value, str)}
    assert {*states.NEXT} == every - {states.CLOSED}
    reached = {states.CLOSED}
    for _ in states.NEXT:
        reached |= {state for state, following in states.NEXT.items() if reached.intersection(following)}
    assert reached == every


def test_every_procedure_follows_the_table(assistant: Assistant, euicc: SimulatedEuicc) -> None:
    first, second, third = assistant.profiles()
    assistant.enable(second)
    assistant.disable(second)
    assistant.enable(first)
    assistant.delete(assistant.plan_deletion(third))
    assistant.delete(assistant.plan_deletion(first, disable_first=True))
    assistant.reset(["deleteOperationalProfiles"])
    assert not assistant.profiles()
    assert assistant.journal.unfinished() == ()


def test_a_refused_deletion_after_the_disabling_follows_the_table(
    assistant: Assistant, card: DisturbedCard
) -> None:
    card.instead(DELETE, *["BF3303800101 9000"] * 4)
    first = assistant.profiles()[0]
    with pytest.raises(EuiccRefused):
        assistant.delete(assistant.plan_deletion(first, disable_first=True))
    assert assistant.journal.unfinished() == ()


def test_the_architecture_page_shows_the_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in (DOCS / "architecture.md").read_text(encoding="utf-8")
