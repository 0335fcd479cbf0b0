"""The fixture that adds a fault where its function is."""

from __future__ import annotations

import pytest

from lpa.testing import Faults, SimulatedEuicc, SimulatedSmdp, storm


def test_a_fault_is_added_to_whoever_has_the_function(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, faults: Faults
) -> None:
    faults("before EnableProfile: reset", "2nd AuthenticateClient: status 503", "CancelSession: sw 6F00")
    faults("CancelSession: close")
    assert [fault.point.name for fault in euicc.faults.planned] == ["EnableProfile", "CancelSession"]
    assert [fault.point.name for fault in smdp.faults.planned] == ["AuthenticateClient", "CancelSession"]


def test_a_fault_that_both_can_have_is_not_added(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, faults: Faults
) -> None:
    with pytest.raises(ValueError, match="can happen to a card and to a server"):
        faults("EnableProfile: unplug", "CancelSession: lose answer")
    assert (euicc.faults.planned, smdp.faults.planned) == ((), ())


@pytest.mark.parametrize(
    ("line", "possible"),
    [
        ("DeleteProfile: status 503", "at DeleteProfile a card has no action"),
        ("HandleNotification: unplug", "at HandleNotification a server has no action"),
        ("Nothing: unplug", "a card has no point 'Nothing'"),
    ],
)
def test_a_fault_of_neither_is_answered_with_what_is_possible(
    faults: Faults, line: str, possible: str
) -> None:
    with pytest.raises(ValueError, match=possible):
        faults(line)


def test_a_storm_is_added_to_both_and_cleared(
    euicc: SimulatedEuicc, smdp: SimulatedSmdp, faults: Faults
) -> None:
    faults.storm(42)
    assert (euicc.faults.planned, smdp.faults.planned) == (storm(42).card, storm(42).server)
    euicc.remove()
    faults.clear()
    assert (euicc.faults.planned, smdp.faults.planned, euicc.inserted) == ((), (), True)
