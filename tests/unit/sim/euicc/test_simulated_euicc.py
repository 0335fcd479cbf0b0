"""The simulated card as a whole: power, ATR and folder."""

from __future__ import annotations

import functools
import json
import operator
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lpa.errors import CardBusy, CardUnpowered, NoCard, StorageFailed
from lpa.sim.crypto.pki import Authority, CurveName
from lpa.sim.euicc.behaviour import Behaviour
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.terminal import GET_EID, T1, Terminal, made, repeatable, send

FIRST, SECOND = "984499040000000010F7", "989489050000000020F5"
DELETE_SECOND = f"BF330C5A0A{SECOND}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an unlocked card."""
    SimulatedEuicc.create(tmp_path / "card").close()
    return tmp_path / "card"


# Power


def test_a_reset_closes_channels_and_clears_the_selection() -> None:
    terminal = Terminal(made())
    terminal.card.reset()
    assert terminal.send(f"81E2910006{GET_EID}") == "6881"
    assert terminal.send("0070000001") == "019000"
    assert terminal.send(f"81E2910006{GET_EID}") == "6D00"


def test_a_card_without_power_does_not_respond_until_it_is_reset() -> None:
    card = made()
    card.power_off()
    with pytest.raises(CardUnpowered):
        card.transmit(b"\0\x70\0\0\1")
    card.reset()
    assert send(card, "0070000001") == "019000"
    assert (card.apdus, card.resets) == (1, 1)


def test_the_atr_names_the_protocol() -> None:
    assert made().atr.hex().upper() == "3B17968031E073FE2113"
    atr = made(T1).atr
    assert atr.hex().upper()[:-2] == "3B97968131FE458031E073FE2113"
    assert functools.reduce(operator.xor, atr[1:]) == 0


def test_the_atr_names_the_number_of_channels() -> None:
    assert made(Behaviour(channels=0)).atr[-1] == 0x00
    assert made(Behaviour(channels=19)).atr[-1] == 0x17


def test_an_impossible_behaviour_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 19 logical channels"):
        Behaviour(channels=20)
    with pytest.raises(ValueError, match="1 to 255 bytes"):
        Behaviour(block_size=256)
    with pytest.raises(ValueError, match="at least one notification"):
        Behaviour(notification_capacity=0)
    with pytest.raises(ValueError, match="accepted is a subset of"):
        Behaviour(accepted=(("name", True),))
    with pytest.raises(ValueError, match="not negative"):
        Behaviour(first_sequence_number=-1)
    with pytest.raises(ValueError, match="is not an AID"):
        Behaviour(isdr_aid="A0")
    with pytest.raises(ValueError, match="is not an ICCID"):
        Behaviour(fallbacks=(("", "12"),))


# The folder


def test_a_card_in_a_folder_is_the_same_when_it_is_loaded(tmp_path: Path) -> None:
    behaviour = Behaviour(
        protocol="T=1",
        accepted=(("isdpAid", True),),
        notification_capacity=3,
        fallbacks=(("", "8949985000000000025"),),
    )
    with closing(SimulatedEuicc.create(tmp_path / "card", behaviour=behaviour)) as card:
        terminal = Terminal(card)
        terminal.ask(DELETE_SECOND)
        terminal.ask(f"BF290F5A0A{FIRST}900178")
        terminal.ask("BF3F058003612E62")
        responses = [terminal.ask(request) for request in ("BF2D00", "BF2B00", "BF2200", "BF3C00", GET_EID)]
    with closing(SimulatedEuicc.load(tmp_path / "card")) as card:
        assert card.behaviour == behaviour
        terminal = Terminal(card)
        assert [
            terminal.ask(request) for request in ("BF2D00", "BF2B00", "BF2200", "BF3C00", GET_EID)
        ] == responses


def test_a_card_without_a_newer_setting_has_its_default() -> None:
    older = Behaviour(channels=0).to_json()
    del older["gives_all_notifications_or_none"], older["fallbacks"]
    assert Behaviour.from_json(older) == Behaviour(channels=0)


def test_sequence_numbers_continue_after_loading(folder: Path) -> None:
    for _ in range(2):
        with closing(SimulatedEuicc.load(folder)) as card:
            terminal = Terminal(card)
            terminal.ask(f"BF3211A00C5A0A{FIRST}810100")
            terminal.ask(f"BF3111A00C5A0A{FIRST}810100")
            terminal.ask("BF3003800101")
            terminal.ask("BF3003800102")
    assert [note.sequence_number for note in card.notifications] == [3, 4]


def test_a_pending_refresh_is_carried_out_when_the_card_is_loaded(folder: Path) -> None:
    with closing(SimulatedEuicc.load(folder)) as card:
        Terminal(card).ask(f"BF3211A00C5A0A{FIRST}8101FF")
        assert card.profiles[0].enabled
    with closing(SimulatedEuicc.load(folder)) as card:
        assert not card.profiles[0].enabled
        assert [note.event for note in card.notifications] == ["disable"]
    with closing(SimulatedEuicc.load(folder)) as card:
        assert [note.sequence_number for note in card.notifications] == [1]


def test_one_program_at_a_time_uses_a_card(folder: Path) -> None:
    with closing(SimulatedEuicc.load(folder)):
        with pytest.raises(CardBusy, match="Another program is using the simulated card"):
            SimulatedEuicc.load(folder)
        assert in_another_process(folder, "") == "CardBusy"
    assert in_another_process(folder, "") == "done"


def test_a_killed_program_leaves_no_lock(folder: Path) -> None:
    assert in_another_process(folder, "os.kill(os.getpid(), signal.SIGKILL)") == ""
    SimulatedEuicc.load(folder).close()


@pytest.mark.parametrize("step", range(1, 5))
def test_a_power_cut_keeps_a_delete_and_its_notification_together(folder: Path, step: int) -> None:
    """The process kills itself at each file operation on the way to the new state."""
    printed = in_another_process(folder, f"die_at({step}); terminal.ask({DELETE_SECOND!r})")
    with closing(SimulatedEuicc.load(folder)) as card:
        there = any(profile.coded_iccid.hex().upper() == SECOND for profile in card.profiles)
        assert [note.event for note in card.notifications] == ([] if there else ["delete"])
        assert there == (step < 3)
        assert (printed == "done") == (step > 3)


def in_another_process(folder: Path, then: str) -> str:
    """The output of a program that loads the card: "done", the kind of an error, or "" if it was killed."""
    program = f"""
import os, signal, sys
from pathlib import Path
from lpa.errors import LpaError
from lpa.sim.euicc.simulated_euicc import SimulatedEuicc
from tests.support.terminal import Terminal

steps = 0

def die_at(number):
    def hook(event, arguments):
        global steps
        if event in ("open", "os.rename") and "{folder}" in str(arguments[0]):
            steps += 1
            if steps == number:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)

try:
    card = SimulatedEuicc.load(Path("{folder}"))
    terminal = Terminal(card)
    {then or "pass"}
    card.close()
    print("done", end="")
except LpaError as error:
    print(error.kind, end="")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.stdout


def test_a_change_that_cannot_be_stored_has_no_effect(folder: Path) -> None:
    with closing(SimulatedEuicc.load(folder)) as card:
        (folder / "card.json.new").mkdir()
        terminal = Terminal(card)
        assert terminal.ask(DELETE_SECOND) == "6581"
        assert terminal.ask(f"BF3211A00C5A0A{FIRST}8101FF") == "6581"
        assert len(card.profiles) == 3
        assert card.notifications == ()
        (folder / "card.json.new").rmdir()
        assert terminal.ask(DELETE_SECOND) == "BF33038001009000"


def test_a_refresh_that_cannot_be_stored_stops_the_card(folder: Path) -> None:
    with closing(SimulatedEuicc.load(folder)) as card:
        terminal = Terminal(card)
        terminal.ask(f"BF3211A00C5A0A{FIRST}8101FF")
        (folder / "card.json.new").mkdir()
        assert terminal.send("801400000C810301010482028281830100") == "6581"
        with pytest.raises(StorageFailed, match="Cannot write"):
            card.reset()


def test_the_folder_is_private(folder: Path) -> None:
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {modes[name] for name in ("card.json", "euicc-key.pem", "ci-key.pem")} == {0o600}


def test_a_folder_takes_only_one_card(folder: Path) -> None:
    before = (folder / "card.json").read_bytes()
    with pytest.raises(StorageFailed, match="already contains a simulated card"):
        SimulatedEuicc.create(folder)
    assert (folder / "card.json").read_bytes() == before
    SimulatedEuicc.load(folder).close()


def test_a_card_needs_a_writable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed, match="Cannot store a simulated card"):
        SimulatedEuicc.create(tmp_path / "file")
    with pytest.raises(StorageFailed, match="Cannot store a simulated card"):
        SimulatedEuicc.create(tmp_path / "file" / "card")


def test_loading_from_a_folder_without_a_card_fails(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NoCard, match="contains no simulated card"):
            SimulatedEuicc.load(path)
    assert list(tmp_path.iterdir()) == []


DAMAGES = [
    *(("card.json", content) for content in (b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b'{"eid": 1}')),
    *((name, b"garbage" * 100) for name in ("euicc.pem", "euicc-key.pem", "ci.pem", "ci-key.pem", "lock")),
]


@pytest.mark.parametrize(("name", "content"), DAMAGES)
def test_a_damaged_card_is_refused_and_not_locked(folder: Path, name: str, content: bytes) -> None:
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(content)
    with pytest.raises(StorageFailed, match=r"damaged|no certificate authority|Cannot lock") as caught:
        SimulatedEuicc.load(folder)
    assert "disk space" not in caught.value.advice
    (folder / name).write_bytes(whole)
    SimulatedEuicc.load(folder).close()


ADDED_LATER = ("contents", "fallback", "fallback_allowed", "emergency")


def test_a_state_with_a_missing_or_wrong_member_is_refused(folder: Path) -> None:
    state = json.loads((folder / "card.json").read_bytes())
    behaviour = state["behaviour"]
    for place in (state, behaviour, state["profiles"][0]):
        for name in list(place):
            kept = place.pop(name)
            if name not in ADDED_LATER and place is not behaviour:  # which then has its default
                refused(folder, state)
            place[name] = {"of": "another kind"}
            refused(folder, state)
            place[name] = kept


def refused(folder: Path, state: object) -> None:
    (folder / "card.json").write_text(json.dumps(state))
    with pytest.raises(StorageFailed, match="damaged"):
        SimulatedEuicc.load(folder)


def test_an_authority_may_certify_several_cards(tmp_path: Path) -> None:
    authority = Authority.mint(now=datetime(2026, 11, 22, tzinfo=UTC))
    with closing(SimulatedEuicc.create(tmp_path / "one", authority=authority)) as one:
        two = SimulatedEuicc.create(None, authority=authority)
        assert one.authority.key_identifier == two.authority.key_identifier == authority.key_identifier
        assert one.eid != two.eid
    assert Authority.load(tmp_path / "one").certificate == authority.certificate


# Reproducible cards


@pytest.mark.parametrize("curve", ["P-256", "brainpoolP256r1"])
def test_with_the_same_clock_and_randomness_a_conversation_is_the_same(curve: CurveName) -> None:
    def conversation() -> list[str]:
        card = SimulatedEuicc.create(
            None, curve=curve, clock=lambda: datetime(2026, 11, 22, tzinfo=UTC), randomness=repeatable(7)
        )
        terminal = Terminal(card)
        return [terminal.ask(request) for request in ("BF2E00", GET_EID, "BF2200", DELETE_SECOND, "BF2B00")]

    first = conversation()
    assert len(first[-1]) > 1900
    assert conversation() == first


def test_eids_have_valid_check_digits_and_an_unassigned_prefix() -> None:
    eids = {SimulatedEuicc.create(None).eid for _ in range(5)}
    assert len(eids) == 5
    assert all(int(eid) % 97 == 1 and eid.startswith("89999999") and len(eid) == 32 for eid in eids)
