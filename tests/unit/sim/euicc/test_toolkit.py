"""TERMINAL CAPABILITY and REFRESH of the simulated card."""

from __future__ import annotations

import pytest

from lpa.sim.euicc.behaviour import Behaviour
from tests.support.terminal import EID_ANSWER, GET_EID, Terminal, made, send, spaced


def test_a_card_that_announces_terminal_capability_refuses_es10_until_it_is_sent() -> None:
    terminal = Terminal(made(Behaviour(announces_terminal_capability=True)))
    assert terminal.ask(GET_EID) == "6982"
    assert terminal.send("80AA000007A9058100830100") == "9000"
    assert terminal.ask(GET_EID) == "6982"
    assert terminal.send("80AA00000AA9088100820101830107") == "9000"
    assert terminal.ask(GET_EID) == EID_ANSWER + "9000"


@pytest.mark.parametrize("nothing_said", ["80AA000002A900", "80AA000004A9028300", "80AA000004A9028100"])
def test_after_a_terminal_capability_without_an_lpa_es10_is_still_refused(nothing_said: str) -> None:
    terminal = Terminal(made(Behaviour(announces_terminal_capability=True)))
    assert terminal.send(nothing_said) == "9000"
    assert terminal.ask(GET_EID) == "6982"


def test_terminal_capability_is_valid_for_one_card_session() -> None:
    card = made(Behaviour(announces_terminal_capability=True))
    assert send(card, "80AA000005A903830107") == "9000"
    card.reset()
    assert Terminal(card).ask(GET_EID) == "6982"


@pytest.mark.parametrize(
    ("apdu", "sw"),
    [
        ("80AA000005A903830101", "6A80"),
        ("80AA000005A803830107", "6A80"),
        ("80AA000005A903830207", "6A80"),
        ("80AA000003A90383", "6A80"),
        ("80AA000000", "6700"),
        ("80AA010005A903830107", "6A86"),
        ("00AA000005A903830107", "6E00"),
    ],
)
def test_a_wrong_terminal_capability_is_refused(apdu: str, sw: str) -> None:
    assert send(made(Behaviour(announces_terminal_capability=True)), apdu) == sw


def test_any_card_accepts_terminal_capability() -> None:
    """Some terminals always send it, and some stop if it is refused."""
    assert send(made(), "80AA000005A903830107") == "9000"


def test_a_refresh_can_be_fetched_and_its_result_reported() -> None:
    terminal = Terminal(made())
    assert terminal.send("8010000003FFFFFF") == "9000"
    assert terminal.send("801200000B") == "6985"
    assert terminal.ask("BF3211A00C5A0A984499040000000010F78101FF") == "BF3203800100910B"
    assert terminal.send("8012000000") == "6C0B"
    assert terminal.send("801201000B") == terminal.send("801200010B") == "6A86"
    assert terminal.send("801200000B") == spaced("D009 8103010104 82028182 9000")
    assert [profile.state for profile in terminal.card.profiles] == ["enabled", "disabled", "disabled"]
    assert terminal.send("801400000C810301010482028281830100") == "9000"
    assert [profile.state for profile in terminal.card.profiles] == ["disabled"] * 3
    assert terminal.send("801400000C810301010482028281830100") == "6985"


def test_a_failed_refresh_changes_nothing() -> None:
    terminal = Terminal(made())
    terminal.ask("BF3211A00C5A0A984499040000000010F78101FF")
    assert terminal.send("801400000C810301010482028281830120") == "9000"
    terminal.card.reset()
    assert [profile.state for profile in terminal.card.profiles] == ["enabled", "disabled", "disabled"]
    assert terminal.card.notifications == ()


@pytest.mark.parametrize(
    ("body", "sw"), [("03830001", "6A80"), ("028300", "6A80"), ("0C8103010104820282818300", "6700")]
)
def test_a_terminal_response_needs_a_result(body: str, sw: str) -> None:
    terminal = Terminal(made())
    terminal.ask("BF3211A00C5A0A984499040000000010F78101FF")
    assert terminal.send(f"80140000{body}") == sw
