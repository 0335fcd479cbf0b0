"""A session that begins with its first request instead of GetEID, and the card after a reset."""

import contextlib

import pytest

from lpa.card.isdr import IsdrSession
from lpa.errors import BadAnswer, CardRemoved
from lpa.rsp.names import Eid
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
