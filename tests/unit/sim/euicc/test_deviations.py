"""How a card departs from the specification, command by command."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from lpa.errors import WireError
from lpa.rsp.codec.ber import Tlv
from lpa.sim.crypto.pki import Authority
from lpa.sim.euicc.behaviour import STANDARD_ISDR, Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.terminal import Terminal

AUTHORITY = Authority.mint(now=datetime(2026, 1, 1, tzinfo=UTC))
SELECT = f"00A4040010{STANDARD_ISDR}"
GET_EID = "80E2910006BF3E035C015A"
LIST_PROFILES = "80E2910003BF2D00"
FIRST, SECOND = "984499040000000010F7", "989489050000000020F5"
SECOND_AID = "A0000005591010FFFFFFFF8900001100"
DISABLE = f"80E2910014 BF3211 A00C5A0A{FIRST} 810100"
ENABLE_SECOND = f"80E2910014 BF3111 A00C5A0A{SECOND} 810100"


def card(*settings: tuple[str, str], protocol: str = "T=1") -> SimulatedEuicc:
    behaviour = Behaviour().changed([("protocol", protocol), *settings])
    return SimulatedEuicc.create(None, behaviour=behaviour, authority=AUTHORITY)


def sent(card: SimulatedEuicc, *commands: str) -> str:
    """The last answer, in hexadecimal, without data that are left to fetch."""
    data, sw = b"", 0
    for command in commands:
        data, sw = card.transmit(bytes.fromhex(command))
    return f"{data.hex().upper()} {sw:04X}".strip()


# The link


def test_an_unknown_aid_breaks_the_link_until_a_reset() -> None:
    silent = card(("unknown_aid_breaks_link", "yes"))
    for command in ("00A4040005A000000001", SELECT):
        with pytest.raises(WireError, match="does not answer until it is reset"):
            sent(silent, command)
    silent.reset()
    assert sent(silent, SELECT + "00").endswith("9000")


def test_an_unknown_file_breaks_no_link() -> None:
    assert sent(card(("unknown_aid_breaks_link", "yes")), "00A40004022F99") == "6A82"


# Channels


@pytest.mark.parametrize("status", ["6881", "6E00", "6D00", "6A86", "6700"])
def test_a_channel_that_opens_may_refuse_select_or_store_data(status: str) -> None:
    on_channel = f"01{SELECT[2:]}"
    for command, refused in (("SELECT", on_channel), ("STORE DATA", f"81{GET_EID[2:]}")):
        lying = card(("refuses_on_channels", f"{command}, {status}"))
        assert sent(lying, "0070000001") == "01 9000"
        if command == "STORE DATA":
            assert sent(lying, f"{on_channel}00").endswith("9000")
        assert sent(lying, refused) == status
        assert sent(lying, f"{SELECT}00").endswith("9000")
        assert sent(lying, f"{GET_EID}00").startswith("BF3E12")


def test_files_can_be_selected_on_a_channel_that_refuses_the_isdr() -> None:
    assert sent(card(("refuses_on_channels", "SELECT,6E00")), "0070000001", "01A4000C023F00") == "9000"


# STORE DATA


@pytest.mark.parametrize(
    ("le", "without", "with_le"),
    [("optional", "6115", "BF3E12"), ("required", "6700", "BF3E12"), ("refused", "6115", "6700")],
)
def test_store_data_may_need_an_le_or_none(le: str, without: str, with_le: str) -> None:
    fussy = card(("store_data_le", le))
    assert sent(fussy, SELECT, GET_EID) == without
    assert sent(fussy, f"{GET_EID}00").startswith(with_le)


@pytest.mark.parametrize("status", ["6982", "6985", "6A88"])
def test_an_isdr_may_refuse_every_request(status: str) -> None:
    locked = card(("refuses_es10", status))
    assert sent(locked, f"{SELECT}00").endswith("9000")
    assert [sent(locked, request) for request in (GET_EID, LIST_PROFILES)] == [status, status]


@pytest.mark.parametrize("status", ["9110", "9F00", "9200", "6283"])
def test_a_successful_answer_may_end_with_another_status(status: str) -> None:
    assert sent(card(("es10_status", status)), SELECT, f"{GET_EID}00").endswith(f" {status}")


# Switches


def test_a_switch_may_be_answered_with_an_internal_error() -> None:
    odd = card(("switch_answer", "6F00"))
    assert sent(odd, SELECT, DISABLE) == "6F00"
    assert odd.profiles[0].state == "disabled"
    assert sent(odd, SELECT, f"{GET_EID}00").endswith("9000")


def test_the_answer_to_a_switch_may_be_lost() -> None:
    odd = card(("switch_answer", "lost"))
    with pytest.raises(WireError):
        sent(odd, SELECT, DISABLE)
    with pytest.raises(WireError):
        sent(odd, SELECT)
    odd.reset()
    assert odd.profiles[0].state == "disabled"
    assert [notification.event for notification in odd.notifications] == ["disable"]


def test_a_refused_switch_is_answered_as_always() -> None:
    odd = card(("switch_answer", "lost"), ("cat_busy", "yes"))
    assert sent(odd, SELECT, DISABLE, "00C0000000").startswith("BF3203800105")  # catBusy


def test_a_card_may_know_a_profile_to_delete_by_its_aid_only() -> None:
    by_aid = card(("deletes_by", "isdpAid"))
    assert sent(by_aid, SELECT, f"80E291000F BF330C 5A0A {SECOND} 00").startswith("BF3303800101")
    assert sent(by_aid, f"80E2910015 BF3312 4F10 {SECOND_AID} 00").startswith("BF3303800100")


# Notifications

LIST, ALL, BY_EVENT, BY_NUMBER = "BF2800", "BF2B00", "BF2B06A00481020520", "BF2B05A003800101"


def notifications(card: SimulatedEuicc) -> list[str]:
    """What a card answers to each of the four requests, from the tag of its list on."""
    requests = (f"80E29100{len(one) // 2:02X}{one}00" for one in (LIST, ALL, BY_EVENT, BY_NUMBER))
    return [re.sub(r"^BF2[8B](81|82..)?..", "", sent(card, one))[:4] for one in requests]


@pytest.mark.parametrize(
    ("settings", "answers"),
    [
        ([], ["A02B", "A082", "A082", "A082"]),
        ([("refuses_list_notification", "6E00")], ["6E00", "A082", "A082", "A082"]),
        ([("notification_criteria", "refused")], ["A02B", "A082", "8101", "8101"]),
        ([("notification_criteria", "empty")], ["A02B", "A082", "A000", "A000"]),
    ],
)
def test_a_card_may_refuse_to_list_or_to_search(settings: list[tuple[str, str]], answers: list[str]) -> None:
    holding = card(*settings)
    sent(holding, SELECT, DISABLE, SELECT)
    assert notifications(holding) == answers


@pytest.mark.parametrize(
    ("answer", "answers"),
    [
        ("empty", ["A000", "A000", "A000", "A000"]),
        ("noResultAvailable", ["A000", "8101", "8101", "8101"]),
        ("6A88", ["A000", "6A88", "6A88", "6A88"]),
    ],
)
def test_a_card_without_notifications_may_say_so_in_other_ways(answer: str, answers: list[str]) -> None:
    empty = card(("no_notifications", answer))
    sent(empty, SELECT)
    assert notifications(empty) == answers


def test_sequence_numbers_may_have_gaps_and_begin_with_0() -> None:
    gaps = card(("first_sequence_number", "0"), ("sequence_step", "7"))
    sent(gaps, SELECT, ENABLE_SECOND)
    assert [notification.sequence_number for notification in gaps.notifications] == [0, 7]


# What is reported


def test_members_may_be_left_out() -> None:
    terminal = Terminal(card(("omits", "serviceProviderName, profileState, extCardResource")))
    (profiles,) = Tlv.whole(bytes.fromhex(terminal.ask("BF2D00")[:-4])).children
    assert {part.tag for one in profiles.children for part in one.children}.isdisjoint({0x91, 0x9F70})
    info = Tlv.whole(bytes.fromhex(terminal.ask("BF2200")[:-4]))
    assert (info.child(0x84), info.child(0x85) is None) == (None, False)


def test_a_card_of_an_older_version_says_so_everywhere() -> None:
    old = card(("svn", "2.0.0"))
    assert "8203020000" in sent(old, f"{SELECT}00")
    terminal = Terminal(old)
    for request in ("BF2000", "BF2200"):
        version = Tlv.whole(bytes.fromhex(terminal.ask(request)[:-4])).child(0x82)
        assert version
        assert version.value.hex() == "020000"


def test_historical_bytes_may_be_those_of_a_real_card() -> None:
    assert card(("historical_bytes", "AABB"), protocol="T=0").atr.hex() == "3b1296aabb"
    assert card(("historical_bytes", "AABB")).atr.hex() == "3b92968131fe45aabb1e"


def test_the_isdr_may_have_the_standard_aid_as_a_second_name() -> None:
    other = "A0000005591010FFFFFFFF8900050500"
    for named, answer in (("yes", "9000"), ("no", "6A82")):
        named_twice = card(("isdr_aid", other), ("standard_aid_too", named))
        assert sent(named_twice, f"{SELECT}00").endswith(answer)
        assert sent(named_twice, f"00A4040010{other}00").endswith("9000")
