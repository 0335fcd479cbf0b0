"""Transports of other programs: no error of theirs gets through, and no wrong answer is believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lpa.card import foreign
from lpa.card.isdr import IsdrSession
from lpa.errors import BadAnswer, EuiccRefused, LpaError, OutcomeUnknown, TimedOut, WireError
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.testing import SimulatedModem
from tests.support.isdr_script import STANDARD
from tests.support.passing_card import PassingCard

ERRORS = (
    OSError(5, "Input/output error"),
    RuntimeError("no modem"),
    ValueError(),
    KeyError("x"),
    EuiccRefused("EnableProfile", "disallowedByPolicy", 3, "Only a card answers so."),
)
WRONG = (
    None,
    b"\x90\x00",
    (b"", b"\x90\x00"),
    ("", 0x9000),
    (b"", 0x10000),
    (b"", -1),
    (b"", 0x9000, 1),
    ([1, 2], 0x9000),
)


class ForeignCard(PassingCard):
    """A transport of another program, which does at the chosen command what `disturbance` does."""

    def __init__(self, card: SimulatedEuicc, disturbance: Callable[[], Any]) -> None:
        super().__init__(card)
        self.disturbance = disturbance
        self.at = b"?"
        self.resets = False

    def transmit(self, apdu: bytes) -> tuple[bytes, int]:
        answer: tuple[bytes, int] = self.disturbance() if self.at in apdu else super().transmit(apdu)
        return answer

    def reset(self) -> None:
        if self.resets:
            self.disturbance()
        super().reset()


def raising(error: BaseException) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


@pytest.mark.parametrize("error", ERRORS)
def test_any_error_is_a_wire_error_with_its_cause(error: Exception) -> None:
    with pytest.raises(WireError) as caught:
        foreign.called(raising(error))
    assert type(caught.value) is WireError
    assert caught.value.__cause__ is error
    assert type(error).__name__ in caught.value.message


def test_the_sentence_says_what_the_transport_said() -> None:
    with pytest.raises(WireError) as caught:
        foreign.called(raising(RuntimeError("no modem.")))
    assert caught.value.message == "The connection to the card failed. RuntimeError: no modem."


def test_a_timeout_is_one() -> None:
    with pytest.raises(TimedOut, match="No answer came in time") as caught:
        foreign.called(raising(TimeoutError()))
    assert "service" not in caught.value.advice


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), WireError("ours")])
def test_what_is_ours_and_what_is_no_error_gets_through(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        foreign.called(raising(error))
    assert caught.value is error


@pytest.mark.parametrize("returned", WRONG)
def test_a_wrong_answer_is_a_bad_answer(returned: object) -> None:
    with pytest.raises(BadAnswer, match="The transport returned"):
        foreign.answer(returned)


def test_a_bytearray_is_data() -> None:
    assert foreign.answer((bytearray(b"\x01"), 0x9000)) == (b"\x01", 0x9000)


@pytest.mark.parametrize("returned", ["1", -1, 1.5, b"\x01"])
def test_a_wrong_channel_is_a_bad_answer(returned: object) -> None:
    with pytest.raises(BadAnswer, match="The transport opened"):
        foreign.number(returned)


@pytest.mark.parametrize("error", [*ERRORS, WireError("ours")])
def test_what_close_raises_is_logged(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    foreign.closed(raising(error))
    assert type(error).__name__ in caplog.text


# In a session


@pytest.mark.parametrize("disturbance", [*map(raising, ERRORS), lambda: None, lambda: (b"", "9000")])
def test_during_a_change_the_outcome_is_unknown(
    euicc: SimulatedEuicc, disturbance: Callable[[], Any]
) -> None:
    card = ForeignCard(euicc, disturbance)
    with IsdrSession(card, aids=(STANDARD,)) as session:
        card.at = bytes.fromhex("BF33")
        with pytest.raises(OutcomeUnknown) as caught:
            session.change("DeleteProfile", ("iccid", bytes(10)))
        assert isinstance(caught.value.__cause__, LpaError)
        card.at = b"?"
        session.ask("GetEuiccInfo1")


def test_a_reset_that_fails_once_is_repeated(euicc: SimulatedEuicc) -> None:
    card = ForeignCard(euicc, raising(OSError("busy")))
    with IsdrSession(card, aids=(STANDARD,)) as session:
        card.resets = True
        with pytest.raises(WireError, match="OSError: busy"):
            session.restart()
        card.resets = False
        session.restart()
        assert str(session.ask_eid()) == euicc.eid


@pytest.mark.parametrize("error", ERRORS)
def test_a_modem_that_fails_while_it_opens_and_closes(euicc: SimulatedEuicc, error: Exception) -> None:
    class Failing(SimulatedModem):
        def close_channel(self, channel: int) -> None:
            super().close_channel(channel)
            raise error

    modem = Failing(euicc)
    with IsdrSession(modem, aids=(STANDARD,)) as session:
        modem.restart()
        with pytest.raises(WireError):
            session.ask("GetEuiccInfo1")
        session.ask("GetEuiccInfo1")
    assert not modem.channels
