"""Channels that a modem or phone opens: who writes the class byte, what is sent, and what is not."""

import pytest

from lpa.card.files import filesystem
from lpa.card.isdr import IsdrSession
from lpa.errors import BadAnswer, CardRemoved, NotAnEuicc, Refused, TimedOut, WireError
from lpa.rsp.names import Aid
from tests.support.isdr_script import EID, FIVEBER, OTHER_EID, STANDARD
from tests.support.scripted_modem import ScriptedModem

TWO = (STANDARD, FIVEBER)
GET_EID = "E2910006BF3E035C015A00"
EID_ANSWER, OTHER = f"BF3E125A10{EID}9000", f"BF3E125A10{OTHER_EID}9000"
OPEN = f"open {STANDARD}"
LIST, EMPTY = "81E2910003BF280000", "BF2802A0009000"


def isdr(*lines: tuple[str, object], aids: tuple[Aid, ...] = (STANDARD,), in_class: bool = True) -> str:
    modem = ScriptedModem(*lines, channel_in_class=in_class)
    with IsdrSession(modem, aids=aids) as session:
        eid = session.eid
    assert modem.finished()
    return str(eid)


# The class byte


@pytest.mark.parametrize(("channel", "first"), [(0, "80"), (1, "81"), (3, "83"), (4, "C0"), (19, "CF")])
def test_the_number_of_the_channel_is_in_the_class_byte(channel: int, first: str) -> None:
    assert (
        isdr((OPEN, channel), (f"{channel} {first}{GET_EID}", EID_ANSWER), (f"close {channel}", None)) == EID
    )


@pytest.mark.parametrize("channel", [1, 4, 4711])
def test_a_system_that_writes_the_class_byte_gets_that_of_the_basic_channel(channel: int) -> None:
    lines = ((OPEN, channel), (f"{channel} 80{GET_EID}", "6115"), (f"{channel} 00C0000015", EID_ANSWER))
    assert isdr(*lines, (f"close {channel}", None), in_class=False) == EID


def test_a_channel_that_no_class_byte_can_name_is_closed() -> None:
    modem = ScriptedModem((OPEN, 20), ("close 20", None))
    with pytest.raises(BadAnswer, match="20, which no class byte can name") as caught:
        IsdrSession(modem, aids=(STANDARD,))
    assert "channel_in_class = False" in caught.value.advice
    assert modem.finished()


def test_the_rest_of_an_answer_is_fetched_and_a_wrong_le_corrected() -> None:
    lines = ((f"1 81{GET_EID}", "6115"), ("1 01C0000015", "6C15"), ("1 01C0000015", EID_ANSWER))
    assert isdr((OPEN, 1), *lines, ("close 1", None)) == EID


def test_a_modem_that_takes_no_le_gets_none_from_then_on() -> None:
    without = GET_EID.removesuffix("00")
    lines = ((f"1 81{GET_EID}", "6700"), (f"1 81{without}", EID_ANSWER))
    assert isdr((OPEN, 1), *lines, ("close 1", None)) == EID


# The search for the ISD-R


def test_an_application_that_the_card_does_not_have_is_passed_over() -> None:
    lines = ((OPEN, None), (f"open {FIVEBER}", 2), (f"2 82{GET_EID}", EID_ANSWER), ("close 2", None))
    assert isdr(*lines, aids=TWO) == EID


def test_an_application_that_is_no_isdr_has_its_channel_closed_before_the_next_is_opened() -> None:
    lines = ((OPEN, 1), (f"1 81{GET_EID}", "6D00"), ("close 1", None), (f"open {FIVEBER}", 1))
    assert isdr(*lines, (f"1 81{GET_EID}", EID_ANSWER), ("close 1", None), aids=TWO) == EID


def test_a_card_without_an_isdr_is_no_euicc() -> None:
    with pytest.raises(NotAnEuicc):
        IsdrSession(ScriptedModem((OPEN, None), (f"open {FIVEBER}", None)), aids=TWO)


def test_a_system_that_does_not_say_why_it_opens_no_channel_is_asked_for_the_next_aid() -> None:
    lines = ((OPEN, OSError("ERROR")), (f"open {FIVEBER}", 1), (f"1 81{GET_EID}", EID_ANSWER))
    assert isdr(*lines, ("close 1", None), aids=TWO) == EID


def test_a_system_that_opens_nothing_is_the_error() -> None:
    modem = ScriptedModem((OPEN, OSError("ERROR")), (f"open {FIVEBER}", OSError("busy")))
    with pytest.raises(WireError, match="OSError: ERROR") as caught:
        IsdrSession(modem, aids=TWO)
    assert type(caught.value) is WireError
    assert modem.finished()


def test_a_silent_modem_is_waited_for_once() -> None:
    modem = ScriptedModem((OPEN, TimeoutError("no answer for 10 s")))
    with pytest.raises(TimedOut, match="no answer for 10 s"):
        IsdrSession(modem, aids=TWO)
    assert modem.finished()


# The channel in a session


def test_a_closed_channel_is_opened_again_and_the_request_repeated() -> None:
    modem = ScriptedModem(
        (OPEN, 1),
        (f"1 81{GET_EID}", EID_ANSWER),
        (LIST.replace("81E2", "1 81E2"), "6881"),
        ("close 1", None),
        (OPEN, 2),
        (f"2 82{GET_EID}", EID_ANSWER),
        ("2 82E2910003BF280000", EMPTY),
    )
    session = IsdrSession(modem, aids=(STANDARD,))
    assert session.ask("ListNotification") == bytes.fromhex(EMPTY.removesuffix("9000"))
    assert modem.finished()


@pytest.mark.parametrize("status", ["6881", "6882", "6985"])
def test_a_channel_that_stays_closed_is_an_error_after_one_repetition(status: str) -> None:
    modem = ScriptedModem(
        (OPEN, 1),
        (f"1 81{GET_EID}", EID_ANSWER),
        (f"1 {LIST}", status),
        ("close 1", None),
        (OPEN, 1),
        (f"1 81{GET_EID}", EID_ANSWER),
        (f"1 {LIST}", status),
    )
    session = IsdrSession(modem, aids=(STANDARD,))
    with pytest.raises((WireError, BadAnswer), match=status):
        session.ask("ListNotification")
    assert modem.finished()


def test_after_an_error_of_the_transport_the_next_request_opens_the_channel_again() -> None:
    modem = ScriptedModem(
        (OPEN, 1),
        (f"1 81{GET_EID}", EID_ANSWER),
        (f"1 {LIST}", OSError("the modem was reset")),
        ("close 1", OSError("no such channel")),
        (OPEN, 1),
        (f"1 81{GET_EID}", EID_ANSWER),
        (f"1 {LIST}", EMPTY),
    )
    session = IsdrSession(modem, aids=(STANDARD,))
    with pytest.raises(WireError, match="the modem was reset"):
        session.ask("ListNotification")
    session.ask("ListNotification")
    assert modem.finished()


def test_another_card_behind_the_reopened_channel_is_refused_until_it_is_gone() -> None:
    modem = ScriptedModem(
        (OPEN, 1),
        (f"1 81{GET_EID}", EID_ANSWER),
        *[(f"1 {LIST}", "6881"), ("close 1", None), (OPEN, 1), (f"1 81{GET_EID}", OTHER)],
        *[("close 1", None), (OPEN, 1), (f"1 81{GET_EID}", OTHER)],
        *[("close 1", None), (OPEN, 1), (f"1 81{GET_EID}", EID_ANSWER), (f"1 {LIST}", EMPTY)],
    )
    session = IsdrSession(modem, aids=(STANDARD,))
    for _ in range(2):
        with pytest.raises(CardRemoved, match="Another card"):
            session.ask("ListNotification")
    session.ask("ListNotification")
    assert modem.finished()


# What is not there


def test_the_files_of_a_profile_are_refused() -> None:
    modem = ScriptedModem((OPEN, 1), (f"1 81{GET_EID}", EID_ANSWER))
    session = IsdrSession(modem, aids=(STANDARD,))
    with pytest.raises(Refused) as caught:
        filesystem.opened(modem, session)
    assert caught.value.reason == "noBasicChannel"
    assert modem.finished()


class Unfinished(ScriptedModem):
    """What a person has written who has not read to the end."""

    def __init__(self) -> None:
        super().__init__()
        del self.channel_in_class


def test_an_object_that_is_no_transport_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="Unfinished lacks methods or attributes of Transport, or of Log"):
        IsdrSession(Unfinished())
