"""Finding the ISD-R on cards as they are in the field: refused channels, silence, refusals, absence."""

import pytest

from lpa.card.isdr import IsdrSession
from lpa.errors import (
    BadAnswer,
    CardBusy,
    CardRemoved,
    CardUnpowered,
    EuiccRefused,
    LpaError,
    NoReader,
    NotAnEuicc,
    WireError,
)
from tests.support.isdr_script import (
    ANNOUNCE,
    CLOSE,
    EID,
    FIVEBER,
    OPEN,
    SECOND,
    STANDARD,
    get_eid,
    select,
)
from tests.support.scripted import ScriptedCard

TWO = (STANDARD, FIVEBER)

# The basic channel

# Refusals of a card that opens a logical channel and serves the ISD-R only on the basic one
UNSERVED = ["6881", "6800", "6E00", "6D00", "6700", "6A86", "6B00"]


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


@pytest.mark.parametrize("status", ["6F00", "6400", "6581"])
def test_an_isdr_that_fails_is_not_called_absent(status: str) -> None:
    card = ScriptedCard(
        ANNOUNCE, OPEN, select(STANDARD, "6120"), get_eid(status), select(FIVEBER, "6A82"), CLOSE
    )
    with pytest.raises(BadAnswer, match=f"answered with status {status}") as caught:
        IsdrSession(card, aids=TWO)
    assert caught.value.advice.startswith("Try again.")
    assert card.finished()


# Absence


def test_a_card_that_lacks_the_only_aid_that_was_asked_for_may_be_an_euicc() -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, select(FIVEBER, "6A82"), CLOSE)
    with pytest.raises(NotAnEuicc, match=f"no ISD-R with the AID {FIVEBER}") as caught:
        IsdrSession(card, aids=[FIVEBER])
    assert "consumer eUICC" not in caught.value.message


def test_a_card_that_lacks_every_known_aid_may_be_an_euicc_with_another() -> None:
    card = ScriptedCard(ANNOUNCE, OPEN, select(STANDARD, "6A82"), select(FIVEBER, "6A82"), CLOSE)
    with pytest.raises(NotAnEuicc, match="no known AID leads to a consumer eUICC") as caught:
        IsdrSession(card, aids=TWO)
    assert "--aid" in caught.value.advice


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
