"""The account of a card's wire: pinned times, what the card works on, and no waiting."""

from __future__ import annotations

import timeit
from dataclasses import replace
from pathlib import Path

import pytest

import lpa
from lpa.sim.euicc.behaviour import STANDARD_ISDR, Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from lpa.sim.wire.card_time import CardTime
from lpa.sim.wire.card_work import CardWork
from lpa.sim.wire.wire import BAUD_RATES, Wire
from lpa.testing import packages, simulated

IDLE = CardTime(*(0,) * 9, answer_cycles=0)  # a card that computes and stores in no time
SELECT = bytes.fromhex("00A4040010" + STANDARD_ISDR)
GET_EID = bytes.fromhex("80E2910006BF3E035C015A")
NO_ATR = b"\x3b\x00"


def a_card(protocol: str, wire: Wire) -> SimulatedEuicc:
    behaviour = Behaviour() if protocol == "T=0" else Behaviour(protocol="T=1")
    card = SimulatedEuicc.create(None, behaviour=behaviour)
    card.wire = wire
    return card


def ask_to_disable(card: SimulatedEuicc) -> None:
    """DisableProfile for the enabled profile with the refresh flag: it is carried out at the next reset."""
    card.transmit(SELECT)
    identifier = bytes.fromhex("A00C5A0A") + card.profiles[0].coded_iccid
    _, sw = card.transmit(bytes.fromhex("80E2910014BF3211") + identifier + bytes.fromhex("8101FF"))
    assert sw == 0x6100 | 6


# Hand-computed times


def test_a_selection_over_t0_at_9600_baud() -> None:
    card = a_card("T=0", Wire.at(baud=9600, card_time=IDLE))
    _, sw = card.transmit(SELECT)
    # Header and 16 bytes to the card; INS and 61xx from it: 24 characters of 12 etu. The direction changes
    # four times, each 4 etu more. An etu is 1/9600 s.
    assert card.wire.seconds == pytest.approx((24 * 12 + 4 * 4) / 9600)
    data, _ = card.transmit(bytes.fromhex("00C00000") + bytes([sw & 0xFF]))
    # GET RESPONSE is another TPDU: 5 bytes to the card; INS, data, 9000 from it; two changes of direction.
    second = (5 + 1 + len(data) + 2) * 12 + 2 * 4
    assert card.wire.seconds == pytest.approx((304 + second) / 9600)
    assert (card.wire.commands, card.wire.bytes_to_card) == (2, 21 + 5)
    assert card.wire.bytes_from_card == 3 + 1 + len(data) + 2
    assert card.wire.card_seconds == 0


def test_a_selection_over_t1_at_512_by_32_and_4_mhz() -> None:
    card = a_card("T=1", Wire(card_time=IDLE))
    assert (card.wire.fi, card.wire.di, card.wire.baud) == (512, 32, 250_000)
    data, _ = card.transmit(SELECT + b"\0")
    # A block of 3 + 22 + 1 bytes, one of 3 + n + 2 + 1 bytes, 12 etu for each; two changes of direction, each
    # 10 etu more. An etu is 512/32 = 16 cycles of 0.25 us: 4 us.
    assert card.wire.seconds == pytest.approx(((26 + 6 + len(data)) * 12 + 2 * 10) * 4e-6)


@pytest.mark.parametrize(
    ("protocol", "wire", "seconds", "to_card", "extra"),
    [
        # 400 + 20,000 cycles; an ATR of 10 bytes, 12 etu each. The line keeps 372/1: no PPS.
        ("T=0", Wire.at(9600), 20_400 / 3_571_200 + 10 * 12 / 9600, 0, 0),
        # The same at 4 MHz, where the first etu is 93 us; then PPS: 4 bytes each way, 2 changes of direction.
        ("T=0", Wire(), 20_400 / 4e6 + (10 * 12 + 8 * 12 + 2 * 4) * 93e-6, 4, 4),
        # An ATR of 15 bytes, PPS, then S(IFS): 5 bytes each way at 4 us for an etu, 2 changes of 10 etu.
        (
            "T=1",
            Wire(),
            20_400 / 4e6 + (15 * 12 + 8 * 12 + 2 * 4) * 93e-6 + (10 * 12 + 20) * 4e-6,
            4 + 5,
            4 + 5,
        ),
    ],
)
def test_a_power_up_has_an_atr_and_a_negotiation(
    protocol: str, wire: Wire, seconds: float, to_card: int, extra: int
) -> None:
    card = a_card(protocol, wire)
    card.reset()
    assert wire.seconds == pytest.approx(seconds)
    assert (wire.bytes_to_card, wire.bytes_from_card) == (to_card, len(card.atr) + extra)


def test_a_card_of_t0_sends_null_bytes_while_it_works() -> None:
    wire = Wire.at(9600, card_time=replace(IDLE, command=2.5))
    wire.attach(NO_ATR, CardWork())
    wire.command(bytes.fromhex("00B0000001"), b"\0")
    # The waiting time is 10 * 960 * 372 / 3571200 = 1 s, so it sends two; the line has nothing else to do.
    assert wire.bytes_from_card == 1 + 1 + 2 + 2
    assert wire.seconds == pytest.approx(2.5 + (9 * 12 + 2 * 4) / 9600)


def test_a_card_of_t1_asks_for_more_time_while_it_works() -> None:
    wire = Wire.at(9600, card_time=replace(IDLE, command=3.5))
    wire.attach(bytes.fromhex("3B809181314520"), CardWork())  # IFSC 69, BWI 2, CWI 0
    wire.reset()
    wire.command(bytes(5), b"\0")
    # BWT is 11/9600 + 4 * 960 * 372 / 3571200 = 0.4011 s: eight times, five bytes each way.
    assert (wire.bytes_to_card, wire.bytes_from_card) == (9 + 40, 7 + 40)
    assert wire.seconds == pytest.approx(3.5 + ((49 + 47) * 12 + 9 * 20) / 9600)


# What the card works on


def test_a_deletion_is_a_signature_and_changes_of_the_memory() -> None:
    with simulated() as (assistant, card, _):
        plan = assistant.plan_deletion(card.profiles[1].iccid)
        size = card.profiles[1].size
        card.wire.reset()
        assistant.delete(plan)
        done = card.wire.operations
    assert done["sign"] == 1
    assert done["update"] == 2  # the deletion with its notification; the notification removed
    assert done["erase"] == size + done["write"]  # the profile, and the notification that was written
    assert set(done) == {"sign", "update", "write", "erase"}


def test_a_download_is_what_sgp22_asks_for() -> None:
    with simulated() as (assistant, card, smdp):
        order = smdp.order(packages.sample(size=10_600), "ABC-1")
        card.wire.reset()
        with assistant.download(lpa.ActivationCode.parse(order.activation_code)) as offer:
            offer.install()
        done = card.wire.operations
    # euiccSigned1, euiccSigned2, the result; CERT.DPauth, serverSigned1, CERT.DPpb, smdpSigned2, smdpSign.
    assert (done["sign"], done["verify"]) == (3, 5)
    assert (done["generate_key"], done["agree_key"]) == (1, 1)
    assert 10_600 <= done["decipher"] < 12_000
    assert 10_600 <= done["write"] < 12_000
    assert done["update"] == 4  # the one-time key, kept and used; the profile with its result; removed


def test_a_switch_at_a_reset_is_work_of_the_reset() -> None:
    card = a_card("T=0", Wire(card_time=replace(IDLE, sign=1)))
    ask_to_disable(card)
    assert (card.wire.operations["sign"], card.wire.card_seconds) == (0, 0)
    card.reset()
    assert (card.wire.operations["sign"], card.wire.card_seconds) == (1, 1)


def test_the_time_of_the_card_is_the_sum_of_its_operations() -> None:
    time = CardTime(
        sign=1, verify=2, generate_key=4, agree_key=8, decipher=16, write=32, erase=64, update=128
    )
    work = CardWork()
    work.count("sign")
    work.count("sign")
    work.count("verify")
    work.count("decipher", 10)
    assert time.of(work.take()) == 2 + 2 + 160
    assert time.of(work.take()) == 0
    assert time.of({"generate_key": 1, "agree_key": 1, "write": 1, "erase": 1, "update": 1}) == 236


# The account


def test_an_account_begins_anew_and_can_be_subtracted() -> None:
    card = a_card("T=0", Wire.at(9600, card_time=IDLE))
    card.transmit(SELECT)
    mark = card.wire.account
    card.transmit(SELECT)
    part = card.wire.since(mark)
    assert (part.commands, part.bytes_to_card, part.bytes_from_card) == (1, 21, 3)
    assert part.seconds == part.line_seconds == pytest.approx(304 / 9600)
    assert part.to_json() == {
        "commands": 1,
        "bytes_to_card": 21,
        "bytes_from_card": 3,
        "line_seconds": 0.031667,
        "card_seconds": 0.0,
        "seconds": 0.031667,
    }
    card.wire.reset()
    assert (card.wire.seconds, card.wire.commands, dict(card.wire.operations)) == (0, 0, {})


def test_the_account_of_a_loaded_card_begins_with_its_first_command(tmp_path: Path) -> None:
    with SimulatedEuicc.create(tmp_path / "card") as card:
        ask_to_disable(card)
    with SimulatedEuicc.load(tmp_path / "card") as card:  # which carries the switch out
        assert len(card.notifications) == 1
        card.transmit(SELECT)
        assert (card.wire.commands, dict(card.wire.operations)) == (1, {})


def test_the_account_is_the_same_however_long_it_really_takes() -> None:
    slept: list[float] = []
    sleeping = a_card("T=0", Wire.at(9600, sleep=slept.append))
    counting = a_card("T=0", Wire.at(9600))
    for card in (sleeping, counting):
        card.reset()
        card.transmit(SELECT)
        card.transmit(GET_EID)
    assert sleeping.wire.account == counting.wire.account
    assert len(slept) == 3
    assert sum(slept) == pytest.approx(counting.wire.seconds)


def test_counting_a_command_takes_microseconds() -> None:
    wire = Wire()
    wire.attach(NO_ATR, CardWork())
    fastest = min(timeit.repeat(lambda: wire.command(SELECT, b""), number=200, repeat=5)) / 200
    assert fastest < 100e-6


@pytest.mark.parametrize(
    ("baud", "di"),
    [
        (9600, 1),
        (19_200, 2),
        (38_400, 4),
        (76_800, 8),
        (115_200, 12),
        (153_600, 16),
        (192_000, 20),
        (307_200, 32),
    ],
)
def test_a_speed_in_baud_is_9600_times_a_factor(baud: int, di: int) -> None:
    wire = Wire.at(baud)
    assert (wire.fi, wire.di, wire.baud) == (372, di, baud)


def test_impossible_speeds_and_times_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^the speed is one of 9600, .*, 614400 baud, not 14400$"):
        Wire.at(14_400)
    assert 14_400 not in BAUD_RATES
    with pytest.raises(ValueError, match=r"Fi is one of 372, 512, .*, not 500"):
        Wire(fi=500)
    with pytest.raises(ValueError, match="Di is one of 1, 2, 4, 8, 12, 16, 20, 32, 64, not 3"):
        Wire(di=3)
    with pytest.raises(ValueError, match="1 to 20 MHz, not 4 Hz"):
        Wire(clock_hz=4)
    with pytest.raises(ValueError, match="sign is a time, and not negative"):
        CardTime(sign=-1)


def test_a_wire_belongs_to_one_card() -> None:
    first = a_card("T=0", Wire())
    first.wire = first.wire
    with pytest.raises(ValueError, match="belongs to one card"):
        a_card("T=0", first.wire)
