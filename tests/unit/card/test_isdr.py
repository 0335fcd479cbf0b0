"""The session with an ISD-R: which channel and which secure element it stays with."""

import contextlib
from pathlib import Path

import pytest

from lpa import Assistant
from lpa.card import isdr
from lpa.card.isdr import IsdrSession
from lpa.errors import BadAnswer, CardBusy, CardRemoved, NotAnEuicc
from lpa.rsp.names import Eid
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


# A session that begins with the first request

FIRST_REQUEST = bytes.fromhex("BF2800")
ASKED, LISTED = "81E2910003 BF2800 00", "BF2802A000"


def test_an_answer_to_the_first_request_is_proof_and_is_used_when_it_is_made() -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, select(STANDARD, "6124"), (ASKED, f"{LISTED} 9000"), CLOSE)
    with IsdrSession(card, first=FIRST_REQUEST) as session:
        assert session.exchange(FIRST_REQUEST) == bytes.fromhex(LISTED)
    assert card.finished()


def test_the_first_answer_is_used_once_and_never_after_another_request() -> None:
    asked = (ASKED, f"{LISTED} 9000")
    other = ("81E2910003 BF2E00 00", "BF2E00 9000")
    opening = (ANNOUNCE, OPEN, select(STANDARD, "6124"), asked)
    card = ScriptedCard(*opening, asked, CLOSE, *opening, other, asked, CLOSE)
    with IsdrSession(card, first=FIRST_REQUEST) as session:
        session.exchange(FIRST_REQUEST)
        session.exchange(FIRST_REQUEST)
    with IsdrSession(card, first=FIRST_REQUEST) as session:
        session.exchange(bytes.fromhex("BF2E00"))
        session.exchange(FIRST_REQUEST)
    assert card.finished()


def test_the_eid_is_then_read_when_it_is_asked_for_and_once() -> None:
    asked = (ASKED, f"{LISTED} 9000")
    card = ScriptedCard(ANNOUNCE, OPEN, select(STANDARD, "6124"), asked, get_eid(), CLOSE)
    with IsdrSession(card, first=FIRST_REQUEST) as session:
        assert str(session.eid) == str(session.eid) == EID
    assert card.finished()


@pytest.mark.parametrize("answer", ["6A88", "6A80", "9000", "BF2D00 9000", "00"])
def test_a_card_that_does_not_answer_the_first_request_is_asked_for_its_eid(answer: str) -> None:
    """Another application may answer anything, and an ISD-R may not know a tag of the request."""
    asked = (ASKED, answer if len(answer) > 2 else "00 9000")
    card = ScriptedCard(ANNOUNCE, OPEN, select(STANDARD, "6124"), asked, get_eid(), asked, CLOSE)
    with IsdrSession(card, first=FIRST_REQUEST) as session:
        assert str(session.eid) == EID
        with contextlib.suppress(BadAnswer):
            session.exchange(FIRST_REQUEST)
    assert card.finished()


def test_an_application_without_either_answer_is_passed_over() -> None:
    refused = (ASKED, "6A88")
    card = ScriptedCard(
        *(ANNOUNCE, OPEN, select(FIRST, "6124"), refused, get_eid("6A88")),
        *(select(SECOND, "6124"), (ASKED, f"{LISTED} 9000"), CLOSE),
    )
    with IsdrSession(card, aids=[FIRST, SECOND], first=FIRST_REQUEST) as session:
        assert session.aid == SECOND
    assert card.finished()


# Whether it is the same card after a reset

REOPENED = ("reset", ANNOUNCE, OPEN, select(STANDARD, "6124"), (ASKED, f"{LISTED} 9000"))


def test_a_card_is_confirmed_by_its_eid_before_it_is_changed() -> None:
    card = ScriptedCard(
        *(ANNOUNCE, OPEN, select(STANDARD, "6124"), get_eid(), *REOPENED, get_eid()),
        *(("81E2910006 BF3003800101 00", "BF3003800100 9000"),) * 2,
        CLOSE,
    )
    with IsdrSession(card) as session:
        session.restart(FIRST_REQUEST)
        session.change("NotificationSent", {"seqNumber": 1})
        session.change("NotificationSent", {"seqNumber": 1})
    assert card.finished()


def test_another_card_is_never_changed() -> None:
    card = ScriptedCard(
        ANNOUNCE, OPEN, select(STANDARD, "6124"), get_eid(), *REOPENED, get_eid(OTHER_EID), CLOSE
    )
    with IsdrSession(card) as session:
        session.restart(FIRST_REQUEST)
        with pytest.raises(CardRemoved, match="Another card"):
            session.change("NotificationSent", {"seqNumber": 1})
    assert card.finished()


def test_a_certificate_of_the_card_confirms_it() -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, select(STANDARD, "6124"), get_eid(), *REOPENED, CLOSE)
    with IsdrSession(card) as session:
        session.restart(FIRST_REQUEST)
        session.confirm(session.eid)
        session.confirm()
    assert card.finished()


@pytest.mark.parametrize("answer", [EID, OTHER_EID])
def test_a_certificate_of_another_card_has_the_card_asked(answer: str) -> None:
    card = ScriptedCard(
        ANNOUNCE, OPEN, select(STANDARD, "6124"), get_eid(), *REOPENED, get_eid(answer), CLOSE
    )
    same = contextlib.nullcontext() if answer == EID else pytest.raises(CardRemoved)
    with IsdrSession(card) as session, same:
        session.restart(FIRST_REQUEST)
        session.confirm(Eid.parse(OTHER_EID))
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
