"""The ES10 functions that report the simulated card and its profiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.simulated_profile import SimulatedProfile
from tests.support.terminal import EID_ANSWER, GET_EID, Terminal, made, spaced

ICCID = "8944994000000000017"
FIRST, SECOND, THIRD = "984499040000000010F7", "989489050000000020F5", "98688907000000000033"


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(made())


def holding(*profiles: SimulatedProfile) -> Terminal:
    return Terminal(SimulatedEuicc.create(None, profiles=profiles))


# The card


def test_get_eid(terminal: Terminal) -> None:
    assert terminal.ask(GET_EID) == EID_ANSWER + "9000"


@pytest.mark.parametrize("request_", ["BF3E035C0190", "BF3E045C025A90", "BF3E00", "BF3E025C00"])
def test_get_eid_refuses_other_tags(terminal: Terminal, request_: str) -> None:
    assert terminal.ask(request_) == "6A80"


def test_get_euicc_info1(terminal: Terminal) -> None:
    ci = "0414" + terminal.card.authority.key_identifier.hex()
    assert terminal.ask("BF2000") == spaced("BF20 35 8203 020202 A916", ci, "AA16", ci, "9000")


def test_get_euicc_info2_has_no_member_that_is_newer_than_its_version(terminal: Terminal) -> None:
    ci = "0414" + terminal.card.authority.key_identifier.hex()
    parts = (
        "8103 020301 8203 020202 8303 010000",
        "840E 81020003 820400061A80 83022000",
        "8504 016A82D2 8603 0F0000 8703 020300 8802 0398",
        f"A916 {ci} AA16 {ci} 8B01 02 0403 010000",
        "0C0D 53492D4D552D55502D30313236",
        "AC2E 8011 322E3939392E352F73696D756C61746564",
        "8119 68747470733A2F2F646973636F766572792E6578616D706C65",
    )
    assert terminal.ask("BF2200") == spaced("BF22 81AA", *parts, "9000")


def test_deleting_a_profile_frees_memory(terminal: Terminal) -> None:
    assert terminal.ask(f"BF330C5A0A{SECOND}") == "BF33038001009000"
    assert spaced("840E 81020002 8204 0006D600 83022000") in terminal.ask("BF2200")


def test_get_euicc_configured_addresses(terminal: Terminal) -> None:
    addresses = spaced("BF3C1C 800C 736D64702E6578616D706C65 810C 736D64732E6578616D706C65 9000")
    assert terminal.ask("BF3C00") == addresses


def test_set_default_dp_address(terminal: Terminal) -> None:
    assert terminal.ask("BF3F05 8003 612E62") == "BF3F038001009000"
    assert terminal.ask("BF3C00") == spaced("BF3C13 8003 612E62 810C 736D64732E6578616D706C65 9000")


def test_an_empty_default_dp_address_removes_it(terminal: Terminal) -> None:
    assert terminal.ask("BF3F028000") == "BF3F038001009000"
    assert terminal.ask("BF3C00") == spaced("BF3C0E 810C 736D64732E6578616D706C65 9000")


def test_a_default_dp_address_has_255_bytes_at_most(terminal: Terminal) -> None:
    assert terminal.ask("BF3F820102 8081FF" + "61" * 255) == "BF3F038001009000"
    assert terminal.ask("BF3F820104 80820100" + "61" * 256) == "BF3F0380017F9000"


def test_every_challenge_is_different(terminal: Terminal) -> None:
    first, second = terminal.ask("BF2E00"), terminal.ask("BF2E00")
    assert first[:10] == second[:10] == "BF2E128010"
    assert len(first) == 46
    assert first != second


def test_get_rat(terminal: Terminal) -> None:
    rule = "3015 80020560 A10B 3009 8003EEEEEE 8100 8200 82020780"
    assert terminal.ask("BF4300") == spaced("BF4319 A017", rule, "9000")


# Its profiles


def test_a_profile_has_the_default_members_without_a_tag_list() -> None:
    profile = SimulatedProfile(
        ICCID,
        state="enabled",
        nickname="n",
        service_provider="Sp",
        name="Pn",
        icon=b"\x89P",
        policy_rules=("ppr1", "ppr2"),
        owner="234-99",
        notifications=((("enable", "delete"), "a.b"),),
    )
    aid = "4F10 A0000005591010FFFFFFFF8900001000"
    usual = ("5A0A", FIRST, aid, "9F700101 90016E 91025370 9202506E 930101 94028950 950102")
    assert holding(profile).ask("BF2D00") == spaced("BF2D3B A039 E337", *usual, "9000")


def test_a_profile_has_the_members_of_the_tag_list() -> None:
    profile = SimulatedProfile(
        ICCID,
        policy_rules=("ppr1", "ppr2"),
        owner="234-99",
        notifications=((("enable", "delete"), "a.b"), (("install",), "c")),
    )
    more = "B614 3009 80020450 8103612E62 3007 80020780 810163"
    members = ("5A0A", FIRST, more, "B705 800332F499 99020560")
    answer = holding(profile).ask("BF2D0C 5C0A 5A 90 B6 B7 B8 99 BF22 BF76")
    assert answer == spaced("BF2D31 A02F E32D", *members, "9000")


@pytest.mark.parametrize(
    ("owner", "coded"), [("262-01", "62F210"), ("310-410", "130014"), ("001-01", "00F110")]
)
def test_an_owner_is_coded_as_in_ts_24008(owner: str, coded: str) -> None:
    answer = holding(SimulatedProfile(ICCID, owner=owner)).ask("BF2D035C01B7")
    assert answer == spaced("BF2D0B A009 E307 B705 8003", coded, "9000")


@pytest.mark.parametrize(
    ("rules", "coded"),
    [(("ppr1",), "0640"), (("ppr2",), "0520"), (("ppr1", "ppr2"), "0560"), (("pprUpdateControl",), "0780")],
)
def test_policy_rules_are_bits(rules: tuple[str, ...], coded: str) -> None:
    answer = holding(SimulatedProfile(ICCID, policy_rules=rules)).ask("BF2D035C0199")
    assert answer == spaced("BF2D08 A006 E304 9902", coded, "9000")


@pytest.mark.parametrize(
    ("criterion", "found"),
    [
        ("", [FIRST, SECOND, THIRD]),
        (f"A00C 5A0A {SECOND}", [SECOND]),
        ("A012 4F10 A0000005591010FFFFFFFF8900001200", [THIRD]),
        ("A003 950102", [FIRST, SECOND, THIRD]),
        ("A003 950100", []),
        ("A00C 5A0A 98000000000000000000", []),
        ("A012 4F10 A0000005591010FFFFFFFF8900001300", []),
    ],
)
def test_profiles_are_searched_for(terminal: Terminal, criterion: str, found: list[str]) -> None:
    body = bytes.fromhex(criterion + "5C015A").hex()
    items = "".join(f"E30C5A0A{iccid}" for iccid in found)
    expected = f"BF2D{len(items) // 2 + 2:02X}A0{len(items) // 2:02X}{items}9000"
    assert terminal.ask(f"BF2D{len(body) // 2:02X}{body}") == expected


def test_a_disabled_profile_and_its_state(terminal: Terminal) -> None:
    answer = terminal.ask(f"BF2D13 A00C5A0A{SECOND} 5C035A9F70")
    assert answer == spaced("BF2D14 A012 E310 5A0A", SECOND, "9F700100 9000")


@pytest.mark.parametrize("request_", ["BF2D035C019F", "BF2D045C02BF80"])
def test_an_incomplete_tag_list_is_an_incorrect_input_value(terminal: Terminal, request_: str) -> None:
    assert terminal.ask(request_) == "BF2D038101019000"


@pytest.mark.parametrize("request_", ["BF2D02A000", "BF2D05A003840102", "BF2D05A0035A0198"])
def test_an_invalid_search_criterion_is_wrong_data(terminal: Terminal, request_: str) -> None:
    assert terminal.ask(request_) == "6A80"


def test_unknown_tags_are_ignored(terminal: Terminal) -> None:
    request = "BF2D 17 A00C5A0A" + FIRST + "5C07 C1 DF01 95 BF55 81"
    assert terminal.ask(request) == spaced("BF2D07 A005 E303 950102 9000")


def test_an_empty_card_has_an_empty_list() -> None:
    assert holding().ask("BF2D00") == "BF2D02A0009000"


def test_iccids_have_18_to_20_digits() -> None:
    card = Terminal(made(profiles=5))
    assert [len(profile.iccid) for profile in card.card.profiles] == [19, 19, 20, 20, 18]
    assert "E30C5A0A981869000000000005FF" in card.ask("BF2D035C015A")


# Nicknames


def test_set_nickname(terminal: Terminal) -> None:
    assert terminal.ask(f"BF2911 5A0A{SECOND} 9003 E7A4BA") == "BF29038001009000"
    answer = terminal.ask(f"BF2D11 A00C5A0A{SECOND} 5C0190")
    assert answer == spaced("BF2D09 A007 E305 9003E7A4BA 9000")
    assert terminal.card.notifications == ()


def test_an_empty_nickname_removes_it(terminal: Terminal) -> None:
    assert terminal.ask(f"BF290F 5A0A{SECOND} 900178") == "BF29038001009000"
    assert terminal.ask(f"BF290E 5A0A{SECOND} 9000") == "BF29038001009000"
    assert terminal.ask(f"BF2D11 A00C5A0A{SECOND} 5C0190") == "BF2D04A002E3009000"


def test_a_nickname_for_an_unknown_profile_is_refused(terminal: Terminal) -> None:
    assert terminal.ask("BF290F 5A0A98000000000000000000 900178") == "BF29038001019000"


def test_a_nickname_has_64_bytes_not_64_characters(terminal: Terminal) -> None:
    assert terminal.ask(f"BF294E 5A0A{SECOND} 9040" + "C3A9" * 32) == "BF29038001009000"
    assert terminal.ask(f"BF294F 5A0A{SECOND} 9041" + "C3A9" * 32 + "61") == "BF290380017F9000"
    assert terminal.card.profiles[1].nickname == "é" * 32


@pytest.mark.parametrize("request_", ["BF2900", f"BF290C5A0A{SECOND}", f"BF290F5A0A{SECOND}9001FF"])
def test_an_invalid_nickname_is_wrong_data(terminal: Terminal, request_: str) -> None:
    assert terminal.ask(request_) == "6A80"


# Invalid profiles


@pytest.mark.parametrize(
    "make",
    [
        lambda: SimulatedProfile("123"),
        lambda: SimulatedProfile(ICCID, state="asleep"),
        lambda: SimulatedProfile(ICCID, profile_class="special"),
        lambda: SimulatedProfile(ICCID, policy_rules=("ppr4",)),
        lambda: SimulatedProfile(ICCID, notifications=((("leave",), "a.b"),)),
        lambda: SimulatedProfile(ICCID, owner="26201"),
        lambda: SimulatedProfile(ICCID, owner="2-1"),
        lambda: SimulatedProfile(ICCID, service_provider="é" * 17),
        lambda: SimulatedProfile(ICCID, name="n" * 65),
        lambda: SimulatedProfile(ICCID, nickname="n" * 65),
        lambda: SimulatedProfile(ICCID, icon=bytes(1025)),
        lambda: SimulatedProfile(ICCID, aid="A0"),
    ],
)
def test_an_invalid_profile_is_refused(make: Callable[[], SimulatedProfile]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        make()


def test_profiles_that_contradict_each_other_are_refused() -> None:
    one, other = SimulatedProfile(ICCID, aid="A0000000871002"), SimulatedProfile("8944994000000000025")
    with pytest.raises(ValueError, match="same ICCID"):
        holding(one, replace(other, iccid=ICCID))
    with pytest.raises(ValueError, match="same ISD-P AID"):
        holding(one, replace(other, aid=one.aid))
    with pytest.raises(ValueError, match="only one"):
        holding(replace(one, state="enabled"), replace(other, state="enabled"))


def test_a_card_needs_a_valid_eid() -> None:
    with pytest.raises(ValueError, match="32 digits"):
        SimulatedEuicc.create(None, eid="8904")
