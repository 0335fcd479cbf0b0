"""The session with an ISD-R on cards as they are in the field: channels, silence, refusals, restarts."""

import pytest

from lpa.card import isdr
from lpa.card.isdr import ISDR_AIDS, IsdrSession
from lpa.errors import (
    CardBusy,
    CardRemoved,
    CardUnpowered,
    EuiccRefused,
    LpaError,
    NoReader,
    NotAnEuicc,
    WireError,
)
from lpa.rsp.names import Aid
from tests.support.scripted import ScriptedCard

EID, OTHER_EID = "89049032123451234512345678901235", "89044045930000000000001234567822"
ANNOUNCE = ("80AA00000A A9088100820101830107", "9000")
OPEN, CLOSE = ("0070000001", "019000"), ("00708001", "9000")
STANDARD, FIVEBER = ISDR_AIDS[:2]
TWO = (STANDARD, FIVEBER)
# Refusals of a card that opens a logical channel and serves the ISD-R only on the basic one
UNSERVED = ["6881", "6E00", "6D00", "6700", "6A86"]


def select(aid: Aid, answer: str | LpaError, channel: int = 1) -> tuple[str, str | LpaError]:
    return f"{channel:02X}A4040010 {aid} 00", answer


def get_eid(answer: str = EID, channel: int = 1) -> tuple[str, str]:
    coded = f"BF3E125A10{answer}9000" if len(answer) == 32 else answer
    return f"{0x80 | channel:02X}E2910006 BF3E035C015A 00", coded


# The basic channel


@pytest.mark.parametrize("status", UNSERVED)
def test_an_isdr_that_is_selected_only_on_the_basic_channel_is_opened_there(status: str) -> None:
    card = ScriptedCard(
        ANNOUNCE,
        OPEN,
        select(STANDARD, status),
        CLOSE,
        select(STANDARD, "9000", 0),
        get_eid(channel=0),
    )
    with IsdrSession(card) as session:
        assert (str(session.eid), session.aid) == (EID, STANDARD)
    assert card.finished()


@pytest.mark.parametrize("status", UNSERVED)
def test_an_isdr_that_answers_only_on_the_basic_channel_is_opened_there(status: str) -> None:
    card = ScriptedCard(
        ANNOUNCE,
        OPEN,
        select(STANDARD, "6120"),
        get_eid(status),
        CLOSE,
        select(STANDARD, "6120", 0),
        get_eid(channel=0),
    )
    with IsdrSession(card) as session:
        assert str(session.eid) == EID
    assert card.finished()


@pytest.mark.parametrize("status", UNSERVED)
def test_a_card_that_serves_no_channel_is_no_euicc(status: str) -> None:
    card = ScriptedCard(
        ANNOUNCE,
        OPEN,
        select(STANDARD, status),
        CLOSE,
        select(STANDARD, status, 0),
        select(FIVEBER, status, 0),
    )
    with pytest.raises(NotAnEuicc):
        IsdrSession(card, aids=TWO)
    assert card.finished()


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


# Silence at an absent AID

SILENT: list[WireError] = [
    CardBusy("The card cannot be reached; another program may be using it."),
    WireError("The reader reports a parity error."),
    CardUnpowered("The card does not answer."),
]


@pytest.mark.parametrize("silence", SILENT, ids=lambda error: error.message)
def test_a_card_that_falls_silent_at_an_absent_aid_is_reset_and_the_next_is_tried(silence: WireError) -> None:
    card = ScriptedCard(
        ANNOUNCE,
        OPEN,
        select(STANDARD, silence),
        "reset",
        ANNOUNCE,
        OPEN,
        select(FIVEBER, "6120"),
        get_eid(),
        CLOSE,
    )
    with IsdrSession(card, aids=TWO) as session:
        assert session.aid == FIVEBER
    assert card.finished()


@pytest.mark.parametrize("silence", SILENT, ids=lambda error: error.message)
def test_a_card_that_is_silent_at_every_aid_is_reported_as_the_reader_does(silence: WireError) -> None:
    once = (ANNOUNCE, OPEN, select(STANDARD, silence), "reset", ANNOUNCE, OPEN, select(FIVEBER, silence))
    card = ScriptedCard(*once, "reset", ANNOUNCE, OPEN, CLOSE)
    with pytest.raises(type(silence)) as caught:
        IsdrSession(card, aids=TWO)
    assert caught.value.message == silence.message
    assert card.finished()


def test_after_a_reset_that_does_not_help_no_other_aid_is_tried() -> None:
    gone = CardBusy("busy")
    card = ScriptedCard(
        ANNOUNCE, OPEN, select(STANDARD, CardBusy("first")), "reset", (ANNOUNCE[0], gone), (CLOSE[0], gone)
    )
    with pytest.raises(CardBusy, match="first"):
        IsdrSession(card, aids=TWO)
    assert card.finished()


@pytest.mark.parametrize("error", [CardRemoved("pulled"), NoReader("unplugged")])
def test_a_card_that_was_pulled_is_not_reset(error: LpaError) -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, select(STANDARD, error), (CLOSE[0], error))
    with pytest.raises(type(error)):
        IsdrSession(card, aids=TWO)
    assert card.finished()


def test_an_aid_that_could_not_be_tried_is_not_called_absent() -> None:
    card = ScriptedCard(
        ANNOUNCE,
        OPEN,
        select(STANDARD, WireError("No answer in time.")),
        "reset",
        ANNOUNCE,
        OPEN,
        select(FIVEBER, "6A82"),
        CLOSE,
    )
    with pytest.raises(NotAnEuicc, match=r"not every AID could be tried\. No answer in time\."):
        IsdrSession(card, aids=TWO)


# Refusals

REFUSALS = [("6982", "securityStatusNotSatisfied"), ("6985", "conditionsNotSatisfied")]


@pytest.mark.parametrize(("status", "reason"), REFUSALS)
def test_an_isdr_that_refuses_every_command_is_an_euicc_that_refuses(status: str, reason: str) -> None:
    card = ScriptedCard(
        ANNOUNCE, OPEN, select(STANDARD, "6120"), get_eid(status), select(FIVEBER, "6A82"), CLOSE
    )
    with pytest.raises(EuiccRefused, match=f"is an eUICC, but .*{status}") as caught:
        IsdrSession(card, aids=TWO)
    assert (caught.value.function, caught.value.reason) == ("GetEID", reason)
    assert caught.value.code == int(status, 16)
    assert "app of its maker" in caught.value.advice
    assert card.finished()


@pytest.mark.parametrize("status", ["6982", "6985"])
def test_an_isdr_that_refuses_does_not_hide_one_that_answers(status: str) -> None:
    card = ScriptedCard(
        ANNOUNCE, OPEN, select(STANDARD, "6120"), get_eid(status), select(FIVEBER, "6120"), get_eid(), CLOSE
    )
    with IsdrSession(card, aids=TWO) as session:
        assert session.aid == FIVEBER
    assert card.finished()


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


def test_a_card_that_lacks_the_only_aid_that_was_asked_for_may_be_an_euicc() -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, select(FIVEBER, "6A82"), CLOSE)
    with pytest.raises(NotAnEuicc, match=f"no ISD-R with the AID {FIVEBER}") as caught:
        IsdrSession(card, aids=[FIVEBER])
    assert "consumer eUICC" not in caught.value.message


# Two secure elements

FIRST, SECOND = (Aid.parse(f"A06573746B6D65FFFF4953442D52203{number}") for number in (0, 1))
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


def test_a_card_without_a_second_secure_element_says_so() -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, select(SECOND, "6A82"), CLOSE)
    with pytest.raises(NotAnEuicc, match="No second secure element") as caught:
        IsdrSession(card, aids=[SECOND])
    assert "'#2'" in caught.value.advice
    assert card.finished()


@pytest.mark.parametrize("answer", ["BF3E00 9000", "9000", "BF3E125A10 9000"])
def test_an_application_without_a_readable_eid_is_no_isdr(answer: str) -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, select(STANDARD, "9000"), get_eid(answer), CLOSE)
    with pytest.raises(NotAnEuicc):
        IsdrSession(card, aids=[STANDARD])
