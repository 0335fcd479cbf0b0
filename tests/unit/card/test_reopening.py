"""A channel that the card closed while an assistant was open: opened again, and nothing done twice."""

from __future__ import annotations

import pytest

from lpa.card.es10 import Euicc
from lpa.card.isdr import IsdrSession
from lpa.errors import BadAnswer, CardRemoved, OutcomeUnknown, WireError
from lpa.rsp.names import Iccid
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.testing import SimulatedModem
from tests.support.isdr_script import ANNOUNCE, CLOSE, OPEN, OTHER_EID, STANDARD, get_eid, select
from tests.support.scripted import ScriptedCard

DISABLED = Iccid.parse("8949985000000000025")
DELETE, DELETED = "81E291000F BF330C 5A0A" + 10 * "00" + "00", "BF3303800100 9000"
READY = (ANNOUNCE, OPEN, select(STANDARD, "9000"), get_eid())
REOPENED = (CLOSE, *READY)


def test_reads_and_changes_go_on_after_the_card_was_reset_by_somebody_else(euicc: SimulatedEuicc) -> None:
    card = Euicc(euicc)
    euicc.restart()
    assert len(card.profiles()) == 3
    euicc.restart()
    card.set_nickname(DISABLED, "Work")
    euicc.restart()
    card.delete_profile(DISABLED)
    euicc.restart()
    assert str(card.ask_eid()) == euicc.eid
    assert len(euicc.profiles) == 2


def test_a_change_that_the_card_rejected_is_sent_once_more_to_the_same_card() -> None:
    card = ScriptedCard(*READY, (DELETE, "6881"), *REOPENED, (DELETE, DELETED))
    IsdrSession(card, aids=(STANDARD,)).change("DeleteProfile", ("iccid", bytes(10)))
    assert card.finished()


def test_a_change_is_not_sent_to_another_card() -> None:
    card = ScriptedCard(*READY, (DELETE, "6881"), CLOSE, *READY[:3], get_eid(OTHER_EID))
    with pytest.raises(CardRemoved, match="Another card"):
        IsdrSession(card, aids=(STANDARD,)).change("DeleteProfile", ("iccid", bytes(10)))
    assert card.finished()


def test_a_change_that_is_rejected_twice_did_not_happen() -> None:
    card = ScriptedCard(*READY, (DELETE, "6881"), *REOPENED, (DELETE, "6881"))
    with pytest.raises(WireError, match="6881") as caught:
        IsdrSession(card, aids=(STANDARD,)).change("DeleteProfile", ("iccid", bytes(10)))
    assert (type(caught.value), caught.value.reason) == (WireError, "channelClosed")
    assert card.finished()


def test_a_change_whose_channel_cannot_be_opened_again_did_not_happen() -> None:
    lost = WireError("the reader is gone")
    card = ScriptedCard(*READY, (DELETE, "6881"), CLOSE, (ANNOUNCE[0], lost))
    with pytest.raises(WireError, match="the reader is gone"):
        IsdrSession(card, aids=(STANDARD,)).change("DeleteProfile", ("iccid", bytes(10)))
    assert card.finished()


def test_a_change_whose_answer_cannot_be_fetched_may_have_happened() -> None:
    card = ScriptedCard(*READY, (DELETE, "6106"), ("01C0000006", "6881"))
    with pytest.raises(OutcomeUnknown, match="6881"):
        IsdrSession(card, aids=(STANDARD,)).change("DeleteProfile", ("iccid", bytes(10)))
    assert card.finished()


@pytest.mark.parametrize("status", ["6985", "6D00", "6F00"])
def test_a_change_that_got_any_other_status_is_not_repeated(status: str) -> None:
    card = ScriptedCard(*READY, (DELETE, status))
    with pytest.raises(OutcomeUnknown, match=status):
        IsdrSession(card, aids=(STANDARD,)).change("DeleteProfile", ("iccid", bytes(10)))
    assert card.finished()


def test_a_segment_of_a_package_is_not_repeated(euicc: SimulatedEuicc) -> None:
    """The reset has ended the session of the download."""
    card = Euicc(euicc)
    euicc.restart()
    before = euicc.apdus
    with pytest.raises(WireError, match="not open any more"):
        card.load_segment(bytes.fromhex("BF3600"))
    assert euicc.apdus == before + 1


def test_a_read_is_repeated_once_if_its_channel_is_gone() -> None:
    read, found = "81E2910003 BF2800 00", "BF2802A000 9000"
    card = ScriptedCard(*READY, (read, "6882"), *REOPENED, (read, found))
    IsdrSession(card, aids=(STANDARD,)).ask("ListNotification")
    assert card.finished()
    card = ScriptedCard(*READY, (read, "6A88"))
    with pytest.raises(BadAnswer, match="6A88"):
        IsdrSession(card, aids=(STANDARD,)).ask("ListNotification")


def test_after_the_channel_could_not_be_opened_again_the_next_request_tries_it() -> None:
    read, found = "81E2910003 BF2800 00", "BF2802A000 9000"
    lost = WireError("the reader is gone")
    card = ScriptedCard(*READY, (read, "6881"), CLOSE, (ANNOUNCE[0], lost), *READY, (read, found))
    session = IsdrSession(card, aids=(STANDARD,))
    with pytest.raises(WireError, match="the reader is gone"):
        session.ask("ListNotification")
    session.ask("ListNotification")
    assert card.finished()


def test_a_modem_that_restarted_is_read_again(euicc: SimulatedEuicc) -> None:
    modem = SimulatedModem(euicc)
    with Euicc(modem) as card:
        modem.restart()
        with pytest.raises(WireError, match="channel 1 is not open"):
            card.profiles()
        assert len(card.profiles()) == 3
        assert len(modem.channels) == 1
