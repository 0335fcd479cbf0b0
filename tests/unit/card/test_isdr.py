"""The session with an ISD-R: which channel and which secure element it stays with."""

from pathlib import Path

import pytest

from lpa import Assistant
from lpa.card import isdr
from lpa.card.isdr import IsdrSession
from lpa.errors import CardBusy, NotAnEuicc
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.isdr_script import (
    ANNOUNCE,
    CLOSE,
    EID,
    FIRST,
    OPEN,
    OTHER_EID,
    SECOND,
    STANDARD,
    get_eid,
    select,
)
from tests.support.scripted import ScriptedCard

# The basic channel


def test_a_restart_and_a_reopening_stay_on_the_basic_channel() -> None:
    """Terminal capability is sent once after each reset, and no channel is tried again."""
    card = ScriptedCard(
        ANNOUNCE,
        OPEN,
        select(STANDARD, "6881"),
        CLOSE,
        select(STANDARD, "9000", 0),
        get_eid(channel=0),
        select(STANDARD, "9000", 0),
        "reset",
        ANNOUNCE,
        select(STANDARD, "9000", 0),
        get_eid(channel=0),
        select(STANDARD, "9000", 0),
    )
    with IsdrSession(card) as session:
        session.reopen()
        session.restart()
        session.reopen()
    assert card.finished()


def test_a_card_whose_channels_were_all_in_use_gets_one_after_a_restart() -> None:
    card = ScriptedCard(
        ANNOUNCE,
        ("0070000001", "6881"),
        select(STANDARD, "9000", 0),
        get_eid(channel=0),
        "reset",
        ANNOUNCE,
        OPEN,
        select(STANDARD, "9000"),
        get_eid(),
        CLOSE,
    )
    with IsdrSession(card) as session:
        session.restart()
    assert card.finished()


class BasicOnly(SimulatedEuicc):
    """A card that opens logical channels and serves no application on them."""

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        return (b"", 0x6881) if apdu[0] & 0x0F and apdu[1] == 0xA4 else super().transmit(apdu)


def test_a_card_with_only_the_basic_channel_is_read_backed_up_and_restarted(tmp_path: Path) -> None:
    with Assistant(BasicOnly.create(None), state_dir=tmp_path / "state") as assistant:
        assert len(assistant.profiles()) == 3
        assert assistant.back_up(tmp_path / "backup").problems == ()
        assert len(assistant.profiles()) == 3
        assistant.euicc.restart()
        assert len(assistant.profiles()) == 3


def test_a_card_that_is_gated_by_terminal_capability_is_opened_after_each_reset() -> None:
    card = SimulatedEuicc.create(None, behaviour=Behaviour(announces_terminal_capability=True))
    with IsdrSession(card) as session:
        session.restart()
        assert str(session.ask_eid()) == card.eid


def test_an_eid_with_wrong_check_digits_is_read_again_before_it_is_taken_for_the_cards() -> None:
    card = SimulatedEuicc.create(None)
    card.faults.add("GetEID: alter byte 10")
    with IsdrSession(card) as session:
        assert str(session.eid) == card.eid


def test_an_isdr_on_a_channel_of_its_own_needs_no_reopening() -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, select(STANDARD, "9000"), get_eid(), CLOSE)
    with IsdrSession(card) as session:
        session.reopen()
    assert card.finished()


def test_an_isdr_that_cannot_be_selected_again_is_an_error() -> None:
    card = ScriptedCard(
        ANNOUNCE,
        ("0070000001", "6881"),
        select(STANDARD, "9000", 0),
        get_eid(channel=0),
        select(STANDARD, "6A82", 0),
    )
    with IsdrSession(card) as session, pytest.raises(NotAnEuicc, match=f"{STANDARD} any more"):
        session.reopen()


@pytest.mark.parametrize("status", ["6982", "6985"])
def test_a_card_that_refuses_while_it_restarts_is_waited_for(
    status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isdr, "_RESTART_PAUSE", 0)
    opening = (ANNOUNCE, OPEN, select(STANDARD, "6120"))
    card = ScriptedCard(
        *opening, get_eid(), "reset", *opening, get_eid(status), CLOSE, "reset", *opening, get_eid(), CLOSE
    )
    with IsdrSession(card) as session:
        session.restart()
    assert card.finished()


# Two secure elements

# The answer to reset of eSTK.me cards
ESTK_ATR = bytes.fromhex("3B9F96801FC78031E073FE2115576573746B2E6D65C1")


class Estk(ScriptedCard):
    atr = ESTK_ATR


def test_a_second_secure_element_is_found_and_the_session_stays_with_the_first() -> None:
    card = ScriptedCard(
        ANNOUNCE,
        OPEN,
        select(FIRST, "6120"),
        get_eid(),
        select(SECOND, "6120"),
        get_eid(OTHER_EID),
        select(FIRST, "6120"),
        get_eid(),
        CLOSE,
    )
    with IsdrSession(card, aids=[FIRST]) as session:
        ((number, eid),) = [(other.number, str(other.eid)) for other in session.other_elements()]
        assert (number, eid) == (2, OTHER_EID)
        assert str(session.ask_eid()) == EID
    assert card.finished()


def test_the_standard_aid_may_be_another_name_of_an_element() -> None:
    card = Estk(
        ANNOUNCE,
        OPEN,
        select(STANDARD, "6120"),
        get_eid(),
        select(FIRST, "6120"),
        get_eid(),
        select(STANDARD, "6120"),
        select(SECOND, "6120"),
        get_eid(OTHER_EID),
        select(STANDARD, "6120"),
        CLOSE,
    )
    with IsdrSession(card) as session:
        assert [(other.number, str(other.eid)) for other in session.other_elements()] == [(2, OTHER_EID)]
    assert card.finished()


def test_a_card_that_cannot_have_two_elements_is_not_asked() -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, select(STANDARD, "6120"), get_eid(), CLOSE)
    with IsdrSession(card) as session:
        assert session.other_elements() == ()
    assert card.finished()


@pytest.mark.parametrize("answer", ["6A82", "6F00"])
def test_a_card_of_that_maker_may_have_one_element(answer: str) -> None:
    card = ScriptedCard(
        ANNOUNCE, OPEN, select(FIRST, "9000"), get_eid(), select(SECOND, answer), select(FIRST, "9000"), CLOSE
    )
    with IsdrSession(card, aids=[FIRST]) as session:
        assert session.other_elements() == ()
    assert card.finished()


def test_an_element_that_is_no_isdr_is_none() -> None:
    card = ScriptedCard(
        ANNOUNCE,
        OPEN,
        select(FIRST, "9000"),
        get_eid(),
        select(SECOND, "9000"),
        get_eid("6A88"),
        select(FIRST, "9000"),
        CLOSE,
    )
    with IsdrSession(card, aids=[FIRST]) as session:
        assert session.other_elements() == ()
    assert card.finished()


def test_a_card_that_falls_silent_at_the_absent_element_is_restarted() -> None:
    card = ScriptedCard(
        ANNOUNCE,
        OPEN,
        select(FIRST, "9000"),
        get_eid(),
        select(SECOND, CardBusy("no answer")),
        "reset",
        ANNOUNCE,
        OPEN,
        select(FIRST, "9000"),
        get_eid(),
        CLOSE,
    )
    with IsdrSession(card, aids=[FIRST]) as session:
        assert session.other_elements() == ()
    assert card.finished()


@pytest.mark.parametrize("ready", ["6A82", "6985"])
def test_a_restart_stays_with_its_secure_element(ready: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the second is not ready the first may be: it would seem to be another card."""
    monkeypatch.setattr(isdr, "_RESTART_PAUSE", 0)
    opening = (ANNOUNCE, OPEN)
    card = ScriptedCard(
        *opening,
        select(FIRST, "6A82"),
        select(SECOND, "9000"),
        get_eid(OTHER_EID),
        "reset",
        *opening,
        select(SECOND, ready),
        CLOSE,
        "reset",
        *opening,
        select(SECOND, "9000"),
        get_eid(OTHER_EID),
        CLOSE,
    )
    with IsdrSession(card, aids=[FIRST, SECOND]) as session:
        session.restart()
        assert session.aid == SECOND
    assert card.finished()
