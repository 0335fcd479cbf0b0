"""The files of the enabled profile, on scripted cards and on the simulated one."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpa.card.apdu import TRAFFIC
from lpa.card.files.filesystem import UiccFiles
from lpa.errors import BadAnswer, Refused
from lpa.rsp.names import Aid, Iccid
from lpa.sim import samples
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.scripted import ScriptedCard
from tests.support.usim_answers import DIR, SELECT_USIM, USIM

ADF = f"6221 8202 7821 8410 {USIM} 8A0105 C606 900180 830101 9000"
SELECT_IMSI = ("00A40004026F0700", "6111")
ASK_TRIES = "00200001"
SHOW_PIN = "0020000108 31323334FFFFFFFF"
READ_IMSI = "00B0000009"
SELECTED = (*DIR, (SELECT_USIM, "6123"))
LOCKED = (*SELECTED, ("00C0000023", ADF), SELECT_IMSI, (READ_IMSI, "6982"))


def simulated(protocol: str = "T=0", *, pin: str | None = None, tries: int = 3) -> SimulatedEuicc:
    profile = samples.profiles(1)[0]
    locked = replace(profile, contents=replace(profile.contents, pin=pin, pin_tries=tries))
    behaviour = Behaviour(protocol="T=1") if protocol == "T=1" else Behaviour()
    return SimulatedEuicc.create(None, profiles=[locked], behaviour=behaviour)


# Identity


def test_the_iccid_is_read_without_a_pin() -> None:
    card = ScriptedCard(("00A40804022FE200", "6111"), ("00B000000A", "984499040000000010F7 9000"))
    assert UiccFiles(card).iccid() == Iccid.parse("8944994000000000017")
    assert card.finished()


def test_a_card_without_an_enabled_profile_has_no_iccid() -> None:
    assert UiccFiles(ScriptedCard(("00A40804022FE200", "6A82"))).iccid() is None


def test_the_usims_files_are_selected_inside_it_and_everything_is_read_once() -> None:
    card = ScriptedCard(
        *DIR,
        (SELECT_USIM, "6123"),
        SELECT_IMSI,
        ("00B0000009", "082943990000000010 9000"),
        ("00A40004026F4600", "6111"),
        ("00B0000011", "01 416C62696F6E FFFFFFFFFFFFFFFFFFFF 9000"),
    )
    files = UiccFiles(card)
    assert files.usim() == Aid.parse(USIM)
    assert [files.imsi() for _ in range(2)] == ["234990000000001"] * 2
    assert files.service_provider_name() == "Albion"
    assert card.finished()
    assert files.raw[f"{USIM}/6F07"] == {0: bytes.fromhex("082943990000000010")}
    assert list(files.raw["2F00"]) == [1]


def test_a_card_without_a_usim_has_its_files_in_df_gsm() -> None:
    card = ScriptedCard(
        ("00A40804022F0000", "6A82"),
        ("00A40804047F206F0700", "6111"),
        ("00B0000009", "082943990000000010 9000"),
    )
    assert UiccFiles(card).imsi() == "234990000000001"


def test_a_file_without_a_record_count_is_read_to_its_end() -> None:
    card = ScriptedCard(
        ("00A40804047F106F3A00", "6206 8202 4221 8A00 9000"),
        ("00B2010400", "6C02"),
        ("00B2010402", "AABB 9000"),
        ("00B2020400", "6A83"),
    )
    assert UiccFiles(card).records((b"\x7f\x10", b"\x6f\x3a")) == (b"\xaa\xbb",)


@pytest.mark.parametrize(("sw", "error"), [("6982", Refused), ("9804", Refused), ("6F00", BadAnswer)])
def test_an_unreadable_file_is_an_error_that_names_it(sw: str, error: type[Exception]) -> None:
    card = ScriptedCard(("00A40804047F106F3A00", "9000"), ("00B0000001", sw))
    with pytest.raises(error, match="7F10/6F3A"):
        UiccFiles(card).binary((b"\x7f\x10", b"\x6f\x3a"), 1)


def test_a_file_in_two_folders_is_recognised_by_its_first_used_record() -> None:
    fcp = "6207 8205 4221 0002 02 9000"
    known, other = (b"\x6f\x01",), (b"\x6f\x02",)
    for answer, alike in (("AABB 9000", True), ("AACC 9000", False), ("6A83", False), ("6C03", False)):
        again = [("00B2020403", "AABBCC 9000")] if answer == "6C03" else []
        card = ScriptedCard(
            ("00A40804026F0100", fcp),
            ("00B2010402", "FFFF 9000"),
            ("00B2020402", "AABB 9000"),
            ("00A40804026F0200", "9000"),
            ("00B2020402", answer),
            *again,
        )
        files = UiccFiles(card)
        files.records(known)
        assert files.alike(other, known) is alike
        assert card.finished()


def test_a_missing_file_is_selected_once() -> None:
    known, missing = (b"\x6f\x01",), (b"\x6f\x02",)
    card = ScriptedCard(
        ("00A40804026F0100", "6207 8205 4221 0002 01 9000"),
        ("00B2010402", "AABB 9000"),
        ("00A40804026F0200", "6A82"),
    )
    files = UiccFiles(card)
    files.records(known)
    assert not files.alike(missing, known)
    assert files.records(missing) == ()


# The PIN


def test_a_pin_is_sent_only_to_a_locked_card() -> None:
    read = (READ_IMSI, "082943990000000010 9000")
    card = ScriptedCard(*SELECTED, ("00C0000023", ADF), SELECT_IMSI, read)
    UiccFiles(card).unlock("1234")
    assert card.finished()


def test_the_remaining_tries_are_read_before_the_pin_is_sent() -> None:
    card = ScriptedCard(*LOCKED, (ASK_TRIES, "63C3"), (SHOW_PIN, "9000"))
    UiccFiles(card).unlock("1234")
    assert card.finished()


def test_a_locked_card_needs_a_pin() -> None:
    with pytest.raises(Refused) as caught:
        UiccFiles(ScriptedCard(*SELECTED, SELECT_IMSI, (READ_IMSI, "6982"))).unlock(None)
    assert (caught.value.function, caught.value.reason) == ("VerifyPin", "pinNeeded")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ([(ASK_TRIES, "63C1")], "lastTry"),
        ([(ASK_TRIES, "63C0")], "pinBlocked"),
        ([(ASK_TRIES, "6983")], "pinBlocked"),
        ([(ASK_TRIES, "63C3"), (SHOW_PIN, "63C2")], "pinWrong"),
        ([(ASK_TRIES, "63C2"), (SHOW_PIN, "63C0")], "pinBlocked"),
        ([(ASK_TRIES, "63C2"), (SHOW_PIN, "6983")], "pinBlocked"),
    ],
)
def test_a_failed_pin_is_refused_with_the_reason(script: list[tuple[str, str]], reason: str) -> None:
    card = ScriptedCard(*LOCKED, *script)
    with pytest.raises(Refused) as caught:
        UiccFiles(card).unlock("1234")
    assert caught.value.reason == reason
    assert card.finished()


@pytest.mark.parametrize("sw", ["6700", "6A88", "9000", "6D00"])
def test_a_pin_is_not_sent_if_the_remaining_tries_are_unknown(sw: str) -> None:
    card = ScriptedCard(*LOCKED, (ASK_TRIES, sw))
    with pytest.raises(BadAnswer, match="tries left"):
        UiccFiles(card).unlock("1234")
    assert card.finished()


def test_an_unknown_answer_to_a_pin_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="6F00 to the PIN"):
        UiccFiles(ScriptedCard(*LOCKED, (ASK_TRIES, "63C2"), (SHOW_PIN, "6F00"))).unlock("1234")


def test_the_universal_pin_is_used_where_it_is_enabled() -> None:
    adf = ADF.replace("900180 830101", "900180 830111")
    card = ScriptedCard(
        *SELECTED,
        ("00C0000023", adf),
        *LOCKED[-2:],
        ("00200011", "63C3"),
        ("0020001108 31323334FFFFFFFF", "9000"),
    )
    UiccFiles(card).unlock("1234")
    assert card.finished()


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "１２３４"])
def test_an_invalid_pin_is_never_sent(pin: str) -> None:
    with pytest.raises(Refused, match="4 to 8 digits") as caught:
        UiccFiles(ScriptedCard()).verify_pin(pin)
    assert (caught.value.function, caught.value.reason) == ("VerifyPin", "notAPin")


def test_a_pin_is_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(TRAFFIC):
        UiccFiles(simulated(pin="24681357")).unlock("24681357")
    assert "0020000" in caplog.text
    assert b"24681357".hex() not in caplog.text.lower()
    assert "24681357" not in caplog.text


# Against the simulated card


@pytest.mark.parametrize("protocol", ["T=0", "T=1"])
def test_a_locked_profile_is_unlocked_with_its_pin(protocol: str) -> None:
    files = UiccFiles(simulated(protocol, pin="1234", tries=2))
    assert files.pin_tries_left() == 2
    files.unlock("1234")
    assert files.imsi() == "234990000000001"
    assert files.pin_tries_left() == 3


def test_a_wrong_pin_costs_a_try_and_the_last_try_is_not_used() -> None:
    files = UiccFiles(simulated(pin="1234"))
    for reason, left in (("pinWrong", 2), ("pinWrong", 1), ("lastTry", 1), ("lastTry", 1)):
        with pytest.raises(Refused) as caught:
            files.unlock("9999")
        assert (caught.value.reason, files.pin_tries_left()) == (reason, left)


def test_a_blocked_pin_stays_blocked() -> None:
    files = UiccFiles(simulated(pin="1234", tries=0))
    assert files.pin_tries_left() == 0
    with pytest.raises(Refused, match="blocked"):
        files.unlock("1234")


@given(st.lists(st.tuples(st.binary(max_size=60), st.integers(0, 0xFFFF)), max_size=30))
def test_any_answers_give_values_or_an_lpa_error(answers: list[tuple[bytes, int]]) -> None:
    class Wild:
        def transmit(self, _apdu: bytes) -> tuple[bytes, int]:
            return answers.pop() if answers else (b"", 0x6A82)

        def reset(self) -> None: ...

        def close(self) -> None: ...

    files = UiccFiles(Wild())
    for read in (files.iccid, files.imsi, files.service_provider_name):
        with contextlib.suppress(BadAnswer, Refused):
            read()
    with contextlib.suppress(BadAnswer, Refused):
        files.unlock("1234")
